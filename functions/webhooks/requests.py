"""A carrier's request before anybody has vouched for it: bounded, and with what a signature is computed over."""

import logging
import re
import traceback
from dataclasses import dataclass

from fastapi import Request

log = logging.getLogger(__name__)

IDENTIFIER = re.compile(r"[A-Za-z0-9-]{1,64}")
NOBODY = "none"
MAX_QUERY_BYTES = 2048


@dataclass(frozen=True, slots=True)
class CarrierRequest:
    """`url` is the public address as the carrier was given it, query included; `body` is raw."""

    url: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]

    def identifier(self, name: str) -> str | None:
        """An id out of the address; None if there is none of the right form."""
        value = self.query.get(name, "")
        return value if IDENTIFIER.fullmatch(value) else None


async def read(request: Request, base_url: str, limit: int) -> CarrierRequest | None:
    """The whole request; None if it is larger than `limit`. What is too large is not gathered."""
    query = bytes(request.scope["query_string"])
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    if len(query) > MAX_QUERY_BYTES:
        return None
    url = f"{base_url.rstrip('/')}{request.scope['path']}"
    if query:
        url += f"?{query.decode('latin-1')}"
    return CarrierRequest(url, dict(request.query_params), bytes(body), dict(request.headers))


def log_failure(what: str, error: BaseException) -> None:
    """Log what failed and where; the error's own words may hold numbers or contents and are not logged."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f"{frame.name}:{frame.lineno}" for frame in last)
    log.error("webhook failed", extra={"what": what, "kind": type(error).__name__, "at": place})
