"""What every request of the administration passes: a bounded body, security headers, a last resort.

There are no cross-origin rules: the dashboard is served from the same origin, and no other page may read an answer.
"""

import logging

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.bodies import bounded_body, place, replay
from functions.error_form import error_response

log = logging.getLogger(__name__)

API = "/api/admin/"
"""Files that a platform serves beside the API are not its business."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Edge:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        body = await bounded_body(scope, receive)
        if body is None:
            await error_response(413, "too_large", "The request is larger than 256 KiB.")(scope, receive, answer.send)
            return
        try:
            await self._app(scope, replay(body, receive), answer.send)
        except Exception as error:  # the last resort: the caller gets our form of error, the log no contents
            log.error("request failed", extra={"kind": type(error).__name__, "at": place(error)})
            if not answer.started:
                failed = error_response(500, "internal_error", "Something went wrong. Please try again.")
                await failed(scope, receive, answer.send)


class _Answer:
    """Adds what every answer carries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await self._send(message)
