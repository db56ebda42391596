"""The door of a media process: widget sockets, and health for whoever runs it.

`GET /health` answers 200 while the process lives, `GET /ready` 503 when it takes no more calls; load balancers
must use the former only, since failing it would end calls.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from picows import WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener, ws_create_server

from media_tier.engine.roster import Turned
from media_tier.legs.web import DoorLimits, Listener, WebLeg
from media_tier.ports import Clock, Leg
from shared.contracts.messages.widget_socket import MAX_MESSAGE_BYTES, CloseCode

log = logging.getLogger(__name__)

SOCKET_PATH = re.compile(r"^/api/widget/call/([A-Za-z0-9-]{8,64})/ws$")
SUBPROTOCOL = "call.v1"


class Doorkeeper(Protocol):
    """Decides who may join which call; raises Turned."""

    async def admit(self, session_id: str, token: str, origin: str, leg: Leg) -> Listener: ...


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a socket's handshake says."""

    session_id: str
    token: str
    origin: str


class Door:
    """The listening server of one process."""

    def __init__(
        self, doorkeeper: Doorkeeper, ready: Callable[[], bool], clock: Clock, limits: DoorLimits | None = None
    ) -> None:
        self._doorkeeper, self._ready, self._clock = doorkeeper, ready, clock
        self._limits = limits or DoorLimits()
        self._legs: set[WebLeg] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Listen."""
        self._server = await ws_create_server(
            self._enter,
            host,
            port,
            websocket_handshake_timeout=self._limits.handshake_seconds,
            max_frame_size=4 * MAX_MESSAGE_BYTES,
            disconnect_on_exception=True,
            enable_auto_pong=True,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._watch_idle()

    async def close(self) -> None:
        """Stop listening; sockets that are still open are told that this process goes away."""
        if self._server is not None:
            self._server.close()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        for leg in tuple(self._legs):
            leg.close(CloseCode.GOING_AWAY, "going away")
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.sleep(0)

    def _enter(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener | None:
        path = request.path.decode("latin-1").split("?", 1)[0]
        if path == "/health":
            return _plain(200, b"ok\n")
        if path == "/ready":
            return _plain(200, b"ready\n") if self._ready() else _plain(503, b"full\n")
        match = SOCKET_PATH.match(path)
        if match is None:
            return None
        ticket = _ticket(match[1], {str(k).lower(): str(v) for k, v in request.headers.items()})
        leg = WebLeg(lambda leg: self._admit(leg, ticket), self._limits, self._clock)
        headers = {} if ticket is None else {"Sec-WebSocket-Protocol": SUBPROTOCOL}
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(headers), leg)

    def _admit(self, leg: WebLeg, ticket: Ticket | None) -> None:
        self._legs.add(leg)
        task = asyncio.get_running_loop().create_task(self._decide(leg, ticket))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _decide(self, leg: WebLeg, ticket: Ticket | None) -> None:
        if ticket is None:
            leg.refuse(CloseCode.UNAUTHORIZED, "The connection carries no valid token.")
            return
        try:
            async with asyncio.timeout(self._limits.admit_seconds):
                listener = await self._doorkeeper.admit(ticket.session_id, ticket.token, ticket.origin, leg)
        except Turned as turned:
            leg.refuse(turned.code, turned.message)
        except TimeoutError:
            leg.refuse(CloseCode.TIMED_OUT, "The call could not be started in time.")
        except Exception:  # a failed admission is this socket's end, not the process's
            log.exception("admission failed")
            leg.refuse(CloseCode.FULL, "The call could not be started. Please try again.")
        else:
            leg.attach(listener)

    def _watch_idle(self) -> None:
        now = self._clock()
        for leg in tuple(self._legs):
            if leg.closed:
                self._legs.discard(leg)
            elif now - leg.last_heard > self._limits.idle_seconds:
                leg.refuse(CloseCode.TIMED_OUT, "Nothing was heard from you for too long.")
        self._idle_timer = asyncio.get_running_loop().call_later(1.0, self._watch_idle)


def _ticket(session_id: str, headers: Mapping[str, str]) -> Ticket | None:
    offered = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
    token = next((part[6:] for part in offered if part.startswith("token.")), "")
    if SUBPROTOCOL not in offered or not 16 <= len(token) <= 256:
        return None
    return Ticket(session_id, token, headers.get("origin", ""))


def _plain(status: int, body: bytes) -> WSUpgradeResponseWithListener:
    if status == 200:
        response = WSUpgradeResponse.create_ok_response(body, {"Content-Type": "text/plain"})
    else:
        response = WSUpgradeResponse.create_error_response(status, body, {"Content-Type": "text/plain"})
    return WSUpgradeResponseWithListener(response, None)
