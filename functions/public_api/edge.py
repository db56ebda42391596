"""What every request of the public API passes: a bounded body, cross-origin rules, one form of error.

Data is readable only from pages the route allowed (`allow`). A preflight may come from anywhere, since it names no
chatbot and gives nothing away, and why a page gets no configuration may be read by that page. Credentials are never
allowed, so a foreign page gains nothing from a visitor's cookies.
"""

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions import bodies

PREFLIGHT_SECONDS = "600"
API = "/api/"
"""Files that a platform serves beside the API are not its business."""


def allow(request: Request, origin: str) -> None:
    """Let pages of this origin read the answer, if the request comes from one."""
    request.state.readable_from = origin if origin and request.headers.get("origin") == origin else None


def allow_refusal(request: Request) -> None:
    """Let any page read why it is refused, so that the widget can tell its developer; nothing else is in the answer."""
    request.state.readable_from = "*"


class Edge:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        if scope["method"] == "OPTIONS":
            await _preflight(scope, receive, send)
            return
        await bodies.answer(self._app, scope, receive, _Answer(scope, send).send)


class _Answer:
    """Adds what every answer carries."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Vary"] = "Origin"
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
            origin = self._scope["state"].get("readable_from")
            if origin is not None:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = "content-disposition, retry-after"
        await self._send(message)


async def _preflight(scope: Scope, receive: Receive, send: Send) -> None:
    origin = Headers(scope=scope).get("origin", "")
    response = Response(status_code=204)
    if origin.startswith(("https://", "http://")):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "authorization, content-type"
        response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    response.headers["Vary"] = "Origin"
    await response(scope, receive, send)
