"""Calls over Meta's Graph API, asynchronously, for media processes: `POST /{phone-number-id}/calls`.

A request whose answer is lost is sent once more; what Meta then calls done already counts as done, since pre_accept,
accept, reject and terminate of one call are each asked for by one process only.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from shared.adapters.whatsapp_graph import (
    BASE_URL,
    TIMEOUT_SECONDS,
    VERSION,
    addressed,
    answer_of,
    bearer,
    unreachable,
)
from shared.contracts.settings.integration import WhatsAppAccount
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused

TokenReader = Callable[[WhatsAppAccount], Awaitable[str | None]]
ATTEMPTS = 2
NO_TOKEN = "Invalid credentials"


class GraphWhatsAppCalls:
    """See shared.ports.whatsapp_calls. `token` reads an account's access token; `base_url` has no version in it."""

    def __init__(
        self, client: httpx.AsyncClient, token: TokenReader, *, base_url: str = BASE_URL, version: str = VERSION
    ) -> None:
        self._client, self._token = client, token
        self._root = f"{base_url.rstrip('/')}/{version}"

    async def pre_accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None:
        """Send our answer, so that the connection is made before the call is taken."""
        await self._act(account, "pre_accept", call_id=carrier_call_id, session=_session("answer", sdp))

    async def accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None:
        """Take the call. Media may be sent once this has returned, not before."""
        await self._act(account, "accept", call_id=carrier_call_id, session=_session("answer", sdp))

    async def reject(self, account: WhatsAppAccount, carrier_call_id: str) -> None:
        """Refuse a call that was not taken."""
        await self._act(account, "reject", call_id=carrier_call_id)

    async def terminate(self, account: WhatsAppAccount, carrier_call_id: str) -> None:
        """Hang up. A call that is over already is hung up."""
        await self._act(account, "terminate", call_id=carrier_call_id)

    async def connect(self, account: WhatsAppAccount, to: str, sdp: str, opaque: str) -> str:
        """Call a user; never sent twice, since a lost answer may mean that their phone is ringing."""
        body = {**addressed(to), "session": _session("offer", sdp), "biz_opaque_callback_data": opaque}
        answer = await self._post(account, "connect", body)
        try:
            return str(answer["calls"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise unreachable() from error

    async def _act(self, account: WhatsAppAccount, action: str, **body: Any) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._post(account, action, body)
            except WhatsAppRefused as refused:
                if refused.reaction is Reaction.ALREADY_DONE:
                    return
                if refused.reaction is not Reaction.RETRY or attempt == ATTEMPTS:
                    raise
            else:
                return

    async def _post(self, account: WhatsAppAccount, action: str, body: dict[str, Any]) -> dict[str, Any]:
        token = await self._token(account)
        if token is None:
            raise WhatsAppRefused(0, Reaction.ADMIN, NO_TOKEN)
        url = f"{self._root}/{account.phone_number_id}/calls"
        content = {"messaging_product": "whatsapp", "action": action, **body}
        try:
            answer = await self._client.post(url, json=content, headers=bearer(token), timeout=TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise unreachable() from error
        return answer_of(answer.status_code, answer.content)


def _session(kind: str, sdp: str) -> dict[str, str]:
    return {"sdp_type": kind, "sdp": sdp}
