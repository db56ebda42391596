"""The leg of a caller in a browser: one WebSocket, speaking the widget's protocol (subprotocol `call.v1`).

What the client may do is bounded: message size, messages and sound per second, silence, and how far it may lag behind
in reading. A breach ends this socket with its documented code and touches no other call.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from media_tier.call.events import EndRequested, Event, MuteChanged, Party, QualityMeasured
from media_tier.legs import web_wire
from media_tier.ports import SAMPLE_RATE, Clock
from shared.contracts.messages.widget_socket import (
    MAX_MESSAGE_BYTES,
    CloseCode,
    End,
    Mute,
    Ping,
    Played,
    QualityReport,
    Stopped,
)

log = logging.getLogger(__name__)

BYTES_PER_SECOND = SAMPLE_RATE * 2


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """What one socket may do."""

    handshake_seconds: float = 10.0
    admit_seconds: float = 10.0
    idle_seconds: float = 10.0
    bad_messages: int = 5
    messages_per_second: float = 100.0
    message_burst: float = 300.0
    audio_rate: float = 1.5
    audio_burst_seconds: float = 3.0
    write_buffer_bytes: int = 512 * 1024
    early_audio_bytes: int = BYTES_PER_SECOND


class Listener(Protocol):
    """Who takes what this leg receives. Called on the loop, must not block; `on_gone` comes exactly once."""

    def on_caller_audio(self, pcm: bytes) -> None: ...
    def on_played(self, samples: int) -> None: ...
    def on_stopped(self, samples: int) -> None: ...
    def on_event(self, event: Event) -> None: ...
    def on_gone(self, clean: bool) -> None: ...


class Bucket:
    """A token bucket: `rate` per second, at most `size` saved up."""

    def __init__(self, rate: float, size: float, now: float) -> None:
        self._rate, self._size, self._level, self._at = rate, size, size, now

    def take(self, amount: float, now: float) -> bool:
        """Whether there was enough."""
        self._level = min(self._size, self._level + (now - self._at) * self._rate) - amount
        self._at = now
        return self._level >= 0


class WebLeg(WSListener):
    """One socket. Becomes a call's leg once `listener` is set by the door."""

    def __init__(self, admit: Callable[["WebLeg"], None], limits: DoorLimits, clock: Clock) -> None:
        super().__init__()
        now = clock()
        self._admit, self._limits, self._clock = admit, limits, clock
        self._transport: WSTransport | None = None
        self._messages = Bucket(limits.messages_per_second, limits.message_burst, now)
        burst = limits.audio_burst_seconds * BYTES_PER_SECOND
        self._sound = Bucket(limits.audio_rate * BYTES_PER_SECOND, burst, now)
        self._bad = 0
        self._early: list[bytes] = []
        self._early_bytes = 0
        self._fragments: list[bytes] = []
        self.listener: Listener | None = None
        self.last_heard = now
        self.closed = False

    # The Leg port

    def play(self, pcm: bytes) -> None:
        """Send sound that the playout has paced."""
        transport = self._transport
        if transport is None or self.closed:
            return
        transport.send(WSMsgType.TEXT, web_wire.audio(pcm))
        if transport.underlying_transport.get_write_buffer_size() > self._limits.write_buffer_bytes:
            self._refuse(CloseCode.SLOW_READER, "slow_reader", "The connection is too slow for a call.")

    def stop(self) -> None:
        """Silence what the client has queued."""
        self.tell({"type": "stop_audio"})

    def tell(self, message: dict[str, Any]) -> None:
        """Send any other message."""
        if self._transport is not None and not self.closed:
            self._transport.send(WSMsgType.TEXT, web_wire.encode(message))

    def close(self, code: int, reason: str) -> None:
        """Close from our side; a peer that does not answer is dropped after a second."""
        transport = self._transport
        if transport is None or self.closed:
            return
        self.closed = True
        transport.send_close(cast(WSCloseCode, code), reason.encode()[:120])
        asyncio.get_running_loop().call_later(1.0, transport.disconnect, False)

    # Admission

    def attach(self, listener: Listener) -> None:
        """The call took this leg; hand over the sound that came meanwhile."""
        self.listener = listener
        for pcm in self._early:
            listener.on_caller_audio(pcm)
        self._early.clear()
        if self.closed:
            self._gone(clean=False)

    def refuse(self, code: CloseCode, message: str) -> None:
        """This socket may not join: say why in a form a browser can read, and close."""
        self._refuse(code, code.name.lower(), message)

    # picows

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done."""
        self._transport = transport
        self._admit(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone."""
        self.closed = True
        self._gone(clean=False)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One frame came."""
        self.last_heard = now = self._clock()
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            if not self.closed:
                self.closed = True
                transport.send_close(frame.get_close_code() or WSCloseCode.OK)
            transport.disconnect()
            return
        if self.closed or kind not in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            return
        message = self._whole(frame)
        if message is None:
            return
        if not self._messages.take(1, now):
            self._refuse(CloseCode.FLOOD, "flood", "Too many messages.")
            return
        try:
            self._take(web_wire.parse(message), now)
        except web_wire.BadMessage as bad:
            self._bad += 1
            self.tell({"type": "error", "code": bad.code, "message": bad.message})
            if self._bad >= self._limits.bad_messages:
                self.close(CloseCode.POLICY_VIOLATION, "too many malformed messages")

    # Private

    def _whole(self, frame: WSFrame) -> bytes | None:
        """The message this frame completes, within the size cap."""
        size = frame.payload_size + sum(map(len, self._fragments))
        if size > MAX_MESSAGE_BYTES:
            self._refuse(CloseCode.TOO_BIG, "too_big", "The message is larger than 64 KiB.")
            return None
        payload: bytes = frame.get_payload_as_bytes()
        if frame.fin and not self._fragments:
            return payload
        self._fragments.append(payload)
        if not frame.fin:
            return None
        whole = b"".join(self._fragments)
        self._fragments.clear()
        return whole

    def _take(self, message: web_wire.Sound | web_wire.Control, now: float) -> None:
        if isinstance(message, web_wire.Sound):
            if not self._sound.take(len(message.pcm), now):
                self._refuse(CloseCode.FLOOD, "flood", "More sound than time can hold.")
            elif self.listener is not None:
                self.listener.on_caller_audio(message.pcm)
            elif self._early_bytes < self._limits.early_audio_bytes:
                self._early.append(message.pcm)
                self._early_bytes += len(message.pcm)
            return
        if isinstance(message, Ping):
            self.tell({"type": "pong", "t": message.t})
            return
        listener = self.listener
        if listener is None:
            return
        match message:
            case Played():
                listener.on_played(message.samples)
            case Stopped():
                listener.on_stopped(message.samples)
            case Mute():
                listener.on_event(MuteChanged(message.on))
            case QualityReport():
                listener.on_event(QualityMeasured(message.rttMs, message.underruns, message.backlogMs))
            case End():
                listener.on_event(EndRequested(Party.CALLER))

    def _refuse(self, code: CloseCode, name: str, message: str) -> None:
        if not self.closed:
            log.info("socket refused", extra={"code": int(code)})
            self.tell({"type": "error", "code": name, "message": message})
            self.close(code, name)
            self._gone(clean=False)

    def _gone(self, *, clean: bool) -> None:
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.on_gone(clean)
