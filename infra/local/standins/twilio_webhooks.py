"""What the Twilio stand-in asks of the app under test: signed requests, as twilio.com/docs/usage/security has them."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

TIMEOUT_SECONDS = 15.0


def signature(auth_token: str, url: str, params: Mapping[str, str]) -> str:
    """X-Twilio-Signature of a request; a WebSocket's upgrade has no parameters."""
    signed = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class WebhookFailed(Exception):
    """The app gave no usable answer; `code` is Twilio's error code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


@dataclass
class Webhooks:
    """Asks, and keeps what it asked: (address, parameters, status of the answer or 0)."""

    asked: list[tuple[str, dict[str, str], int]] = field(default_factory=list)
    duplicate_callbacks: bool = False
    """Every status callback comes twice, as it may."""

    async def fetch(self, auth_token: str, url: str, method: str, params: Mapping[str, str]) -> bytes:
        """The body of a 2xx answer. Raises WebhookFailed."""
        url = url.partition("#")[0]
        try:
            answer = await self._send(auth_token, url, method, params)
        except httpx.TimeoutException as error:
            self.asked.append((url, dict(params), 0))
            raise WebhookFailed(11205, "no answer in time") from error
        except httpx.HTTPError as error:
            self.asked.append((url, dict(params), 0))
            raise WebhookFailed(11200, "no connection") from error
        self.asked.append((url, dict(params), answer.status_code))
        if answer.status_code // 100 != 2:
            raise WebhookFailed(11200, f"status {answer.status_code}")
        return answer.content

    async def tell(self, auth_token: str, url: str | None, params: Mapping[str, str]) -> None:
        """A callback whose answer nobody reads."""
        if url:
            for _ in range(2 if self.duplicate_callbacks else 1):
                try:
                    await self.fetch(auth_token, url, "POST", params)
                except WebhookFailed:
                    return

    def of(self, path: str) -> list[dict[str, str]]:
        """The parameters of every request whose address holds this."""
        return [params for url, params, _ in self.asked if path in url]

    async def _send(self, auth_token: str, url: str, method: str, params: Mapping[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            if method.upper() == "GET":
                url = str(httpx.URL(url, params={**dict(httpx.URL(url).params), **params}))
                return await client.get(url, headers={"X-Twilio-Signature": signature(auth_token, url, {})})
            headers = {"X-Twilio-Signature": signature(auth_token, url, params)}
            return await client.post(url, data=dict(params), headers=headers)
