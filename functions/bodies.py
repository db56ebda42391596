"""What every HTTP function does with a request's body and with a failure nobody expected."""

import logging
import traceback
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.error_form import error_response

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024


async def answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Let `app` answer a request whose body is bounded; whatever it raises becomes an error of our form."""
    started = False

    async def noting(message: Message) -> None:
        nonlocal started
        started = started or message["type"] == "http.response.start"
        await send(message)

    body = await bounded_body(scope, receive)
    if body is None:
        await error_response(413, "too_large", "The request is larger than 256 KiB.")(scope, receive, send)
        return
    try:
        await app(scope, replay(body, receive), noting)
    except Exception as error:  # the last resort: the caller gets our form of error, the log no contents
        log.error("request failed", extra={"kind": type(error).__name__, "at": place(error)})
        if not started:
            failed = error_response(500, "internal_error", "Something went wrong. Please try again.")
            await failed(scope, receive, send)


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
