"""What every HTTP function does with a request's body and with a failure nobody expected."""

import traceback
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

MAX_BODY_BYTES = 256 * 1024


async def bounded_body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, None if it is too large; what is too large is never gathered."""
    declared = Headers(scope=scope).get("content-length", "0")
    if declared.isascii() and declared.isdigit() and len(declared) < 16 and int(declared) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Gives the gathered body, then whatever comes (a disconnect)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def place(error: BaseException) -> str:
    """Where an error came from, without its contents."""
    frames: Iterable[Any] = traceback.extract_tb(error.__traceback__)[-1:]
    return "".join(f"{frame.name}:{frame.lineno}" for frame in frames)
