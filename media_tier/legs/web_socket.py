"""picows under a leg: frames become messages, and closing is done so that a browser sees why.

Invariant: after our close frame nothing but the client's is read; the socket is gone `close_seconds` later at the
latest. Reading goes on until then because closing a socket with unread bytes resets it, which loses the close frame;
but not for ever: a client that sends on at the speed of its line would take the process from everybody else.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Protocol

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from media_tier.legs.web import INTERNAL_ERROR, Wire
from media_tier.legs.web_limits import PROTOCOL_ERROR, DoorLimits
from media_tier.legs.web_wire import BadMessage
from shared.contracts.messages.widget_socket import MAX_MESSAGE_BYTES, CloseCode

_log = logging.getLogger(__name__)

_NO_CODE = 0
_SEND_BUFFER = 128 * 1024
_COPIED = 8192
_TEXT, _BINARY, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_PING, _PONG, _CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE


class SocketLeg(Protocol):
    """What a socket needs of the leg on it; see WebLeg for what each verb means."""

    def refuse(self, code: int, message: str) -> None: ...
    def gone(self, clean: bool) -> None: ...
    def count(self) -> bool: ...
    def received(self, message: bytes) -> None: ...
    def bad(self, bad: BadMessage) -> None: ...
    def ponged(self, payload: bytes) -> None: ...
    def overflowed(self) -> None: ...
    def sweep(self, now: float) -> None: ...


class WebSocket(WSListener):
    """One upgraded connection. `opened` and `closed` tell the server; `leg` exists from `opened` on."""

    def __init__(
        self,
        limits: DoorLimits,
        make_leg: Callable[[Wire], SocketLeg],
        opened: Callable[["WebSocket"], None],
        closed: Callable[["WebSocket"], None],
    ) -> None:
        self._limits, self._make_leg, self._opened, self._closed = limits, make_leg, opened, closed
        self._transport: WSTransport | None = None
        self._shutting = False
        self._ignored = 0
        self._abort: asyncio.TimerHandle | None = None
        self._fragments: bytearray | None = None
        self._fragments_are_text = True
        self.leg: SocketLeg

    # Wire

    def send(self, message: bytes) -> None:
        """Send a text message."""
        if self._transport is not None and not self._shutting:
            self._transport.send(_TEXT, message)
            # picows writes these by `writelines`, after which asyncio (3.13.0) forgets to call `pause_writing`.
            if len(message) > _COPIED and self._backlog() > self._limits.write_buffer_bytes:
                self.pause_writing()

    def ping(self, payload: bytes) -> None:
        """Send a ping."""
        if self._transport is not None and not self._shutting:
            self._transport.send_ping(payload)

    def shut(self, code: int, reason: str) -> None:
        """Send a close frame and leave the client a moment to answer it."""
        if self._transport is None or self._shutting:
            return
        self._shutting = True
        self._fragments = None
        # Compiled picows takes any code; its enum lists only those of RFC 6455.
        self._transport.send_close(code, _reason(reason))  # type: ignore[arg-type]
        self._abort = asyncio.get_running_loop().call_later(self._limits.close_seconds, self.abort)

    def abort(self) -> None:
        """Let the connection go now."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    # WSListener

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade was answered."""
        self._transport = transport
        raw = transport.underlying_transport
        raw.set_write_buffer_limits(high=self._limits.write_buffer_bytes)
        # A small kernel buffer: a client that does not read is noticed before it costs megabytes.
        raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.leg = self._make_leg(self)
        self._opened(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame came; whole text messages, nearly all of them, take the short way."""
        if self._shutting:
            self._ignore(transport, frame)
            return
        try:
            plain = frame.fin and not (frame.rsv1 or frame.rsv2 or frame.rsv3)
            if plain and frame.msg_type == _TEXT and self._fragments is None:
                self.leg.received(frame.get_payload_as_bytes())
            elif frame.msg_type in (_TEXT, _BINARY, _CONTINUATION):
                self._data(frame)
            else:
                self._control(transport, frame)
        except Exception:  # a defect of ours ends this connection and no other
            _log.exception("A message of a caller could not be handled")
            self.leg.refuse(INTERNAL_ERROR, "Something went wrong on our side.")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone."""
        self._transport = None
        if self._abort is not None:
            self._abort.cancel()
        self.leg.gone(clean=False)
        self._closed(self)

    def pause_writing(self) -> None:
        """The write buffer passed its limit. We may be within a verb of the leg, hence the detour."""
        asyncio.get_running_loop().call_soon(self.leg.overflowed)

    def resume_writing(self) -> None:
        """The write buffer drained; by then the connection is being closed."""

    def _backlog(self) -> int:
        return self._transport.underlying_transport.get_write_buffer_size() if self._transport is not None else 0

    def _ignore(self, transport: WSTransport, frame: WSFrame) -> None:
        """Wait for the client's close frame, but not behind any number of others."""
        self._ignored += 1
        if frame.msg_type == _CLOSE:
            transport.disconnect()
        elif self._ignored == self._limits.close_frames:
            transport.underlying_transport.pause_reading()

    def _data(self, frame: WSFrame) -> None:
        """Fragments, binary messages, and what breaks RFC 6455."""
        if not self.leg.count():
            return
        starts = frame.msg_type != _CONTINUATION
        if frame.rsv1 or frame.rsv2 or frame.rsv3 or starts != (self._fragments is None):
            self.leg.refuse(PROTOCOL_ERROR, "The frames break RFC 6455.")
            return
        if self._fragments is None:
            self._fragments = bytearray()
            self._fragments_are_text = frame.msg_type == _TEXT
        self._fragments += frame.get_payload_as_bytes()
        if len(self._fragments) > MAX_MESSAGE_BYTES:
            self.leg.refuse(CloseCode.TOO_BIG, "The message is too big.")
        elif frame.fin:
            message, self._fragments = bytes(self._fragments), None
            if self._fragments_are_text:
                self.leg.received(message)
            else:
                self.leg.bad(BadMessage("bad_message", "Messages are text; audio is base64 within."))

    def _control(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == _CLOSE:
            code = _number(frame.get_close_code())
            self._shutting = True
            transport.send_close(WSCloseCode.OK if code == _NO_CODE else frame.get_close_code())
            transport.disconnect()
            self._abort = asyncio.get_running_loop().call_later(self._limits.close_seconds, self.abort)
            self.leg.gone(clean=code in (CloseCode.NORMAL, _NO_CODE))
        elif self.leg.count():
            if frame.msg_type == _PING:
                transport.send_pong(frame.get_payload_as_bytes())
            elif frame.msg_type == _PONG:
                self.leg.ponged(frame.get_payload_as_bytes())


def _number(code: object) -> int:
    """picows answers an IntEnum member for codes it knows, also for ours."""
    return int(code) if isinstance(code, int) else _NO_CODE


def _reason(reason: str) -> str:
    """RFC 6455 leaves 123 bytes for it."""
    return reason.encode()[:123].decode(errors="ignore")
