"""The door: the one port widgets and Twilio's streams connect to and load balancers probe.

Invariant: whatever one connection does costs at most that connection. A refused widget is upgraded first, because a
browser shows scripts neither status nor body of a failed upgrade, only a close code. A stream is upgraded only if
its account signed it and its ticket is good, and says by its `start` which call it carries before that is set up.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from picows import (
    WSAutoPingStrategy,
    WSListener,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # missing in its stubs, used by its own factory

from media_tier.legs.handshake import Handshake, Verdict
from media_tier.legs.relay import HEADER, Relay
from media_tier.legs.twilio import TwilioLeg
from media_tier.legs.twilio_gate import StreamGate, StreamRequest, stream_request
from media_tier.legs.twilio_wire import StartMetadata
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
_WIDGET_REQUEST = re.compile(rb"GET /api/widget/call/([A-Za-z0-9_-]{1,80})/ws(?:\?[^ ]*)? HTTP/1\.1\r\n")
_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}
# Frames of up to four times the cap are read, so that the error message and 1009 arrive before the socket closes.
_MAX_FRAME = 4 * MAX_MESSAGE_BYTES

_Caller = WebLeg | TwilioLeg
_Route = WSListener | WSUpgradeResponseWithListener | None


class Doorkeeper(Protocol):
    """Decides who comes in."""

    async def admit(
        self, session_id: str, token: str, origin: str, leg: _Caller, carrier_call_id: str | None = None
    ) -> WebLegListener:
        """Check the token, send `connected` through `leg.tell`, and answer who listens; raises Refused.

        `origin` is the web site, or `twilio:<account id>`. `carrier_call_id`, if there is one, must be the call's.
        It is never cancelled while the door is open: when the client gave up meanwhile, `on_gone` follows at once.
        """


class Server:
    """A listening door."""

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        ready: Callable[[], bool],
        limits: DoorLimits,
        clock: Clock,
        gate: StreamGate | None,
        relay: Relay | None = None,
    ) -> None:
        self._relay = relay
        self._doorkeeper, self._ready, self._limits, self._clock = doorkeeper, ready, limits, clock
        self._gate = gate
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
        seconds = self._limits.handshake_seconds
        self._listening = await loop.create_server(lambda: Handshake(self, seconds), host, port, backlog=1024)
        self.port = self._listening.sockets[0].getsockname()[1]
        self._keep(self._sweep())

    async def close(self) -> None:
        """Stop listening, say GOING_AWAY to whoever is still here, and return when every socket is gone."""
        if self._listening is not None:
            self._listening.close()
        if self._relay is not None:
            self._relay.close()
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

    def examine(self, head: bytes) -> Awaitable[Verdict] | None:
        """Streams are checked before they are answered: 200, 403, or 503 when that could not be done. Whatever is a
        call's may belong to another process."""
        request = stream_request(head)
        session = request.session_id if request is not None else _widget_session(head)
        if self._relay is not None and session is not None and self._relay.may(head):
            return self._elsewhere_or_here(self._relay, head, session, request)
        return None if request is None or self._gate is None else self._check(self._gate, request)

    async def _elsewhere_or_here(
        self, relay: Relay, head: bytes, session_id: str, request: StreamRequest | None
    ) -> Verdict:
        relayed = await relay.elsewhere(head, session_id)
        if relayed is not None:
            return Verdict(elsewhere=relayed)
        return Verdict() if request is None or self._gate is None else await self._check(self._gate, request)

    async def _check(self, gate: StreamGate, request: StreamRequest) -> Verdict:
        try:
            account_sid = await gate.admits(request)
        except Exception:  # whatever the account store failed on, Twilio must get an answer
            _log.exception("A stream could not be checked")
            return Verdict(503)
        return Verdict(403) if account_sid is None else Verdict(200, account_sid)

    def protocol(self, verdict: Verdict) -> asyncio.BufferedProtocol:
        """picows for one connection whose request was found good (200) or not; or who passes it on."""
        if verdict.elsewhere is not None:
            return verdict.elsewhere
        # Positional, as picows' own factory does: host, path, client side, factory, logger, disconnect on exception,
        # handshake timeout (ours, before it comes to this: picows' leaves a future nobody awaits), auto ping, its idle
        # and reply timeouts and strategy, auto pong, frame cap, extra headers, first buffer.
        made: asyncio.BufferedProtocol = WSProtocol(
            None, None, False, lambda request: self._route(request, verdict), _wire_log, True, None, False, 20, 20,
            WSAutoPingStrategy.PING_WHEN_IDLE, False, _MAX_FRAME, None, 8 * 1024,
        )  # fmt: skip
        return made

    def _route(self, request: WSUpgradeRequest, verdict: Verdict) -> _Route:
        path = request.path.decode("ascii", "replace").partition("?")[0]
        if path == "/health":
            return _answer(200, b'{"status":"ok"}')
        if path == "/ready":
            return _answer(200, b'{"status":"ready"}') if self._ready() else _answer(503, b'{"status":"not ready"}')
        if verdict.status != 200:
            return _answer(verdict.status, b'{"error":{"code":"refused","message":"This stream may not connect."}}')
        # Firefox sends "keep-alive, Upgrade"; picows compares the whole value.
        if "upgrade" in _words(request.headers.get("Connection", "").lower()):
            request.headers["Connection"] = "Upgrade"
        match = _PATH.fullmatch(path)
        stream = stream_request(b"GET " + request.path + b" HTTP/1.1\r\n")
        session_id = match[1] if match is not None else stream.session_id if stream is not None else ""
        if self._relay is not None and HEADER in request.headers and not self._relay.takes(session_id):
            return _answer(503, b'{"error":{"code":"not_here","message":"This process does not take the call."}}')
        if match is not None:
            return self._widget(match[1], request)
        if stream is not None and self._gate is not None:
            return self._stream(stream, verdict.subject)
        return _answer(404, b'{"error":{"code":"not_found","message":"There is nothing here."}}')

    def _widget(self, session_id: str, request: WSUpgradeRequest) -> _Route:
        offered = _words(",".join(request.headers.getall("Sec-WebSocket-Protocol", [])))
        origin = request.headers.get("Origin", "")

        def opened(connection: WebSocket) -> None:
            self._opened(connection)
            token, leg = _token(offered), connection.leg
            assert isinstance(leg, WebLeg)
            if token is None:
                leg.refuse(CloseCode.UNAUTHORIZED, SENTENCES[CloseCode.UNAUTHORIZED])
            else:
                self._keep(self._admit(leg, self._doorkeeper.admit(session_id, token, origin, leg)))

        agreed = {"Sec-WebSocket-Protocol": SUBPROTOCOL} if SUBPROTOCOL in offered else None
        connection = WebSocket(self._limits, lambda wire: WebLeg(wire, self._limits, self._clock), opened, self._closed)
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(agreed), connection)

    def _stream(self, request: StreamRequest, account_sid: str) -> _Route:
        def started(leg: TwilioLeg, start: StartMetadata) -> None:
            named = start.parameters.get("sessionId", request.session_id)
            if start.account_sid != account_sid or named != request.session_id:
                leg.refuse(CloseCode.UNAUTHORIZED, SENTENCES[CloseCode.UNAUTHORIZED])
                return
            whose = (request.session_id, request.token, request.origin)
            admitting = self._doorkeeper.admit(*whose, leg, start.call_sid)
            self._keep(self._admit(leg, admitting))

        return WebSocket(
            self._limits,
            lambda wire: TwilioLeg(wire, self._limits, self._clock, started),
            self._opened,
            self._closed,
        )

    def _opened(self, connection: WebSocket) -> None:
        self._sockets.add(connection)
        self._empty.clear()

    def _closed(self, connection: WebSocket) -> None:
        self._sockets.discard(connection)
        if not self._sockets:
            self._empty.set()

    async def _admit(self, leg: _Caller, admitting: Coroutine[Any, Any, WebLegListener]) -> None:
        task = asyncio.ensure_future(admitting)
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
    doorkeeper: Doorkeeper,
    host: str,
    port: int,
    *,
    clock: Clock,
    ready: Callable[[], bool],
    limits: DoorLimits,
    gate: StreamGate | None = None,
    relay: Relay | None = None,
) -> Server:
    """Open the door. `ready` is asked by `GET /ready`; `GET /health` answers as long as the loop turns.

    Without a `gate` there are no streams, without a `relay` every socket is served here.
    """
    server = Server(doorkeeper, ready, limits, clock, gate, relay)
    await server.open(host, port)
    return server


def _widget_session(head: bytes) -> str | None:
    match = _WIDGET_REQUEST.match(head)
    return None if match is None else match[1].decode()


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
