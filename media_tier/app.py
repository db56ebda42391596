"""The door: the one port widgets connect to and load balancers probe.

Invariant: whatever one connection does costs at most that connection. A refused caller is upgraded first, because a
browser shows scripts neither status nor body of a failed upgrade, only a close code.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, Protocol

from picows import (
    WSAutoPingStrategy,
    WSListener,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # missing in its stubs, used by its own factory

from media_tier.legs.web import INTERNAL_ERROR, WebLeg, WebLegListener
from media_tier.legs.web_limits import SENTENCES, DoorLimits
from media_tier.legs.web_socket import WebSocket
from media_tier.ports import Clock, Refused
from shared.contracts.messages.widget_socket import MAX_MESSAGE_BYTES, CloseCode

_log = logging.getLogger(__name__)

SUBPROTOCOL = "call.v1"
_TOKEN_PREFIX = "token."
_MAX_TOKEN = 2048
_PATH = re.compile(r"/api/widget/call/([A-Za-z0-9_-]{1,80})/ws")
_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}
# Frames of up to four times the cap are read, so that the error message and 1009 arrive before the socket closes.
_MAX_FRAME = 4 * MAX_MESSAGE_BYTES


class Doorkeeper(Protocol):
    """Decides who comes in."""

    async def admit(self, session_id: str, token: str, origin: str, leg: WebLeg) -> WebLegListener:
        """Check the token, send `connected` through `leg.tell`, and answer who listens; raises Refused.

        It is never cancelled while the door is open: when the client gave up meanwhile, `on_gone` follows at once.
        """


class Server:
    """A listening door."""

    def __init__(self, doorkeeper: Doorkeeper, ready: Callable[[], bool], limits: DoorLimits, clock: Clock) -> None:
        self._doorkeeper, self._ready, self._limits, self._clock = doorkeeper, ready, limits, clock
        self._sockets: set[WebSocket] = set()
        self._half_open: dict[asyncio.Transport, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self.port = 0

    @property
    def connections(self) -> int:
        """Upgraded connections, admitted or not."""
        return len(self._sockets)

    async def open(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._protocol, host, port, backlog=1024)
        self.port = self._listening.sockets[0].getsockname()[1]
        self._keep(self._sweep())

    async def close(self) -> None:
        """Stop listening, say GOING_AWAY to whoever is still here, and return when every socket is gone."""
        if self._listening is not None:
            self._listening.close()
        for transport in list(self._half_open):
            transport.abort()
        for connection in list(self._sockets):
            connection.leg.refuse(CloseCode.GOING_AWAY, SENTENCES[CloseCode.GOING_AWAY])
        try:
            async with asyncio.timeout(2 * self._limits.close_seconds):
                await self._empty.wait()
        except TimeoutError:
            for connection in list(self._sockets):
                connection.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def began(self, transport: asyncio.Transport) -> None:
        """A TCP connection came. Beyond the limit the oldest silent one makes room: it is the least likely caller."""
        self._half_open[transport] = None
        if len(self._half_open) > self._limits.half_open:
            oldest = next(iter(self._half_open))
            del self._half_open[oldest]
            oldest.abort()

    def ended(self, transport: asyncio.Transport) -> None:
        """A TCP connection is upgraded, or gone."""
        self._half_open.pop(transport, None)

    def _protocol(self) -> "_Connection":
        return _Connection(self, self._route, self._limits.handshake_seconds)

    def _route(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener | None:
        path = request.path.decode("ascii", "replace").partition("?")[0]
        if path == "/health":
            return _answer(200, b'{"status":"ok"}')
        if path == "/ready":
            return _answer(200, b'{"status":"ready"}') if self._ready() else _answer(503, b'{"status":"not ready"}')
        match = _PATH.fullmatch(path)
        if match is None:
            return _answer(404, b'{"error":{"code":"not_found","message":"There is nothing here."}}')
        # Firefox sends "keep-alive, Upgrade"; picows compares the whole value.
        if "upgrade" in _words(request.headers.get("Connection", "").lower()):
            request.headers["Connection"] = "Upgrade"
        offered = _words(",".join(request.headers.getall("Sec-WebSocket-Protocol", [])))
        session_id, origin = match[1], request.headers.get("Origin", "")

        def opened(connection: WebSocket) -> None:
            self._sockets.add(connection)
            self._empty.clear()
            token = _token(offered)
            if token is None:
                connection.leg.refuse(CloseCode.UNAUTHORIZED, SENTENCES[CloseCode.UNAUTHORIZED])
            else:
                self._keep(self._admit(connection.leg, session_id, token, origin))

        agreed = {"Sec-WebSocket-Protocol": SUBPROTOCOL} if SUBPROTOCOL in offered else None
        connection = WebSocket(self._limits, self._clock, opened, self._closed)
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(agreed), connection)

    def _closed(self, connection: WebSocket) -> None:
        self._sockets.discard(connection)
        if not self._sockets:
            self._empty.set()

    async def _admit(self, leg: WebLeg, session_id: str, token: str, origin: str) -> None:
        task = asyncio.ensure_future(self._doorkeeper.admit(session_id, token, origin, leg))
        try:
            done, _ = await asyncio.wait({task}, timeout=self._limits.admit_seconds)
            if not done:
                leg.refuse(CloseCode.TIMED_OUT, "The call could not be set up in time.")
            leg.attach(await task)
        except Refused as refused:
            leg.refuse(refused.code, refused.message)
        except Exception:  # whatever the engine failed on, this caller must not hang
            _log.exception("A caller could not be admitted")
            leg.refuse(INTERNAL_ERROR, "Something went wrong on our side.")
        finally:
            task.cancel()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._limits.sweep_seconds)
            now = self._clock()
            for connection in list(self._sockets):
                connection.leg.sweep(now)

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def serve(
    doorkeeper: Doorkeeper, host: str, port: int, *, clock: Clock, ready: Callable[[], bool], limits: DoorLimits
) -> Server:
    """Open the door. `ready` is asked by `GET /ready`; `GET /health` answers as long as the loop turns."""
    server = Server(doorkeeper, ready, limits, clock)
    await server.open(host, port)
    return server


class _Connection(WSProtocol):  # type: ignore[misc]  # see the import
    """picows' protocol plus what it has no hook for: sockets that connect and never finish their request."""

    def __init__(
        self,
        server: Server,
        route: Callable[[WSUpgradeRequest], WSListener | WSUpgradeResponseWithListener | None],
        handshake_seconds: float,
    ) -> None:
        # Positional, as picows' own factory does: host, path, client side, factory, logger, disconnect on exception,
        # handshake timeout (ours, below: picows' leaves a future nobody awaits), auto ping, its idle and reply
        # timeouts and strategy, auto pong, frame cap, extra headers, first buffer.
        super().__init__(
            None, None, False, self._upgrade, _wire_log, True, None, False, 20, 20,
            WSAutoPingStrategy.PING_WHEN_IDLE, False, _MAX_FRAME, None, 8 * 1024,
        )  # fmt: skip
        self._server, self._route, self._seconds = server, route, handshake_seconds
        self._raw: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A TCP connection came."""
        self._raw = transport
        self._deadline = asyncio.get_running_loop().call_later(self._seconds, transport.abort)
        self._server.began(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone."""
        self._settled()
        super().connection_lost(error)

    def _upgrade(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener | None:
        self._settled()
        return self._route(request)

    def _settled(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._raw is not None:
            self._server.ended(self._raw)


def _answer(status: int, body: bytes) -> WSUpgradeResponseWithListener:
    response = (
        WSUpgradeResponse.create_ok_response(body, _JSON)
        if status == 200
        else WSUpgradeResponse.create_error_response(status, body, _JSON)
    )
    return WSUpgradeResponseWithListener(response, None)


def _words(header: str) -> list[str]:
    return [word.strip() for word in header.split(",")]


def _token(offered: list[str]) -> str | None:
    if SUBPROTOCOL not in offered:
        return None
    tokens = [word.removeprefix(_TOKEN_PREFIX) for word in offered if word.startswith(_TOKEN_PREFIX)]
    return tokens[0] if len(tokens) == 1 and 0 < len(tokens[0]) <= _MAX_TOKEN else None


class _FaultsOnly(logging.LoggerAdapter[logging.Logger]):
    """picows logs every client's mistake as an error; only what carries an exception is ours."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Let exceptions through."""
        if kwargs.get("exc_info"):
            super().log(level, msg, *args, **kwargs)


_wire_log = _FaultsOnly(_log)
