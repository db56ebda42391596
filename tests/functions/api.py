"""The public API in this process, spoken to over ASGI."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import Request

from functions.public_api.app import PublicApi, create_app
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.call_keys import DynamoCallKeys
from shared.contracts.records.call import CallRecord, CallStatus, EndReason, Role, TranscriptSegment
from tests.services.world import OWN_ORIGIN, SITE, World


def address_of(request: Request) -> str:
    """The peer's address: headers a visitor could write are not looked at."""
    return request.client.host if request.client else "unknown"


@dataclass
class Widget:
    """Speaks as a page of `origin` does."""

    world: World
    origin: str | None = SITE
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        after, sessions = self.world.after_ports(), self.world.session_ports()
        self.app = create_app(PublicApi(sessions, after, OWN_ORIGIN, address_of, DynamoCallKeys(self.world.core)))

    async def request(self, method: str, path: str, *, address: str = "192.0.2.1", **more: Any) -> httpx.Response:
        """One request."""
        headers = {} if self.origin is None else {"origin": self.origin}
        headers |= more.pop("headers", {})
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=OWN_ORIGIN) as client:
            return await client.request(method, path, headers=headers, **more)

    async def start(self, *, address: str = "192.0.2.1", **body: Any) -> httpx.Response:
        """Ask for a call."""
        return await self.request(
            "POST", "/api/widget/call/session", address=address, json={"chatbotId": "bot-a"} | body
        )

    async def started(self, **body: Any) -> dict[str, Any]:
        """A call that was granted."""
        response = await self.start(**body)
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def read(self, call_id: str, what: str, token: str | None, **more: Any) -> httpx.Response:
        """Ask for what belongs to a call."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return await self.request("GET", f"/api/widget/call/{call_id}/{what}", headers=headers, **more)

    def call(self, call_id: str) -> CallRecord:
        """The call as it is stored."""
        call = self.world.calls.get("company-a", call_id)
        assert call is not None
        return call

    def change(self, call_id: str, **changes: Any) -> None:
        """What the media tier or a worker would write."""
        assert self.world.calls.replace(self.call(call_id), changes) is not None

    def end(self, call_id: str, **changes: Any) -> None:
        """End a call after 45 seconds."""
        ended = {
            "status": CallStatus.COMPLETED,
            "ended_at": self.world.now,
            "end_reason": EndReason.USER_ENDED,
            "duration_ms": 45_000,
        }
        self.change(call_id, **(ended | changes))

    def say(self, call_id: str, role: Role, text: str, start_ms: int, end_ms: int) -> None:
        """Something that was said."""
        segment = TranscriptSegment(segment_id=f"s-{start_ms}", role=role, text=text, start_ms=start_ms, end_ms=end_ms)
        self.world.calls_table.put(keys.segment("company-a", call_id, segment.segment_id), segment)


def error(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which has the one documented form."""
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) <= {"code", "message", "fields"}
    assert body["error"]["message"]
    return response.status_code, body["error"]["code"]
