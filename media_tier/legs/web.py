"""The web leg: one widget connection, policed.

Invariant: nothing a client sends raises here; what breaks the protocol is answered with an error message and, when it
matters, the documented close code. The listener hears of a connection only between `attach` and `on_gone`, and
`on_gone` exactly once, never from within a verb it called itself.
"""

import asyncio
from collections import deque
from typing import Any, Protocol

from media_tier.call.events import EndRequested, Event, MuteChanged, Party, QualityMeasured
from media_tier.legs.web_limits import ERROR_CODES, SENTENCES, Allowance, DoorLimits
from media_tier.legs.web_wire import (
    STOP_AUDIO,
    BadMessage,
    Incoming,
    MessageTooBig,
    encode,
    encode_audio,
    encode_error,
    parse,
)
from media_tier.ports import SAMPLE_RATE, Clock
from shared.contracts.messages.widget_socket import CloseCode, End, Mute, Ping, QualityReport, Stopped

_BYTES_PER_SECOND = SAMPLE_RATE * 2
INTERNAL_ERROR = 1011
"""RFC 6455: something we did not foresee."""


class WebLegListener(Protocol):
    """Who hears a web leg. Called on the event loop, must not block."""

    def on_caller_audio(self, pcm: bytes) -> None:
        """PCM16 mono 24 kHz, any even size a message can hold."""

    def on_played(self, samples: int) -> None:
        """The client's counter since it connected; never falls."""

    def on_stopped(self, samples: int) -> None:
        """The counter in answer to `stop`."""

    def on_event(self, event: Event) -> None:
        """MuteChanged, QualityMeasured or EndRequested."""

    def on_gone(self, clean: bool) -> None:
        """The connection is over, exactly once. `clean`: the engine closed it, or the client said goodbye (1000)."""


class Wire(Protocol):
    """The socket under a leg. Every verb returns at once and does nothing on a closed socket."""

    def send(self, message: bytes) -> None: ...
    def ping(self, payload: bytes) -> None: ...
    def shut(self, code: int, reason: str) -> None: ...


class WebLeg:
    """Implements media_tier.ports.Leg on a widget's socket."""

    def __init__(self, wire: Wire, limits: DoorLimits, clock: Clock) -> None:
        now = clock()
        self._wire, self._limits, self._clock = wire, limits, clock
        self._listener: WebLegListener | None = None
        self._waiting: deque[Incoming] = deque()
        self._waiting_bytes = 0
        self._clean: bool | None = None
        self._messages = Allowance(limits.messages_per_second, limits.message_burst, limits.idle_seconds, now)
        self._audio = Allowance(limits.audio_per_second, limits.audio_burst_seconds, limits.idle_seconds, now)
        self._bad = 0
        self._heard_from_at = now
        self._pinged_at = now
        self._pings: deque[tuple[int, float]] = deque()
        self._ping_number = 0
        self._flow = _Flow(limits)

    # Leg

    def play(self, pcm: bytes) -> None:
        """Send PCM16 mono 24 kHz, at most 48 kB at a time."""
        self._flow.sent += len(pcm) // 2
        self._wire.send(encode_audio(pcm))

    def stop(self) -> None:
        """Make the client drop what it queued; `on_stopped` answers."""
        self._flow.stop()
        self._wire.send(STOP_AUDIO)

    def tell(self, message: dict[str, Any]) -> None:
        """Send one of the server messages of `messages.widget_socket`."""
        self._wire.send(encode(message))

    def close(self, code: int, reason: str) -> None:
        """End the connection; `on_gone(True)` follows."""
        self._wire.shut(code, reason)
        self.gone(clean=True)

    # The door

    def attach(self, listener: WebLegListener) -> None:
        """The call was admitted: hand over what arrived meanwhile, and everything from now on."""
        self._listener = listener
        while self._waiting:
            self._deliver(listener, self._waiting.popleft())
        if self._clean is not None:
            listener.on_gone(self._clean)

    def refuse(self, code: int, message: str) -> None:
        """Say why, then close: browsers show the reason of a close, never that of a failed upgrade."""
        if self._clean is None:
            self._wire.send(encode_error(ERROR_CODES.get(code, "internal_error"), message))
            self._wire.shut(code, "")
            self.gone(clean=False)

    def gone(self, clean: bool) -> None:
        """The connection is over; later calls change nothing."""
        if self._clean is None:
            self._clean = clean
            if self._listener is not None:
                asyncio.get_running_loop().call_soon(self._listener.on_gone, clean)

    def count(self) -> bool:
        """Count one frame; False once the connection is over, be it because of this one."""
        if self._clean is None and not self._messages.take(1, self._clock()):
            self._violate(CloseCode.FLOOD)
        return self._clean is None

    def received(self, message: bytes) -> None:
        """One complete text message."""
        now = self._clock()
        if self._clean is not None:
            return
        if not self._messages.take(1, now):
            self._violate(CloseCode.FLOOD)
            return
        self._heard_from_at = now
        try:
            parsed = parse(message)
        except MessageTooBig:
            self._violate(CloseCode.TOO_BIG)
        except BadMessage as bad:
            self.bad(bad)
        else:
            if isinstance(parsed, bytes):
                self._sound(parsed, now)
            elif isinstance(parsed, Ping):
                self._wire.send(encode({"type": "pong", "t": parsed.t}))
            elif self._listener is None:
                self._wait(parsed)
            else:
                self._deliver(self._listener, parsed)

    def _sound(self, pcm: bytes, now: float) -> None:
        if not self._audio.take(len(pcm) / _BYTES_PER_SECOND, now):
            self._violate(CloseCode.FLOOD)
        elif self._listener is None:
            self._wait(pcm)
        else:
            self._listener.on_caller_audio(pcm)

    def bad(self, bad: BadMessage) -> None:
        """Answer a malformed message; the fifth closes."""
        self._bad += 1
        self._wire.send(encode_error(bad.code, bad.message))
        if self._bad >= self._limits.bad_messages:
            self._violate(CloseCode.POLICY_VIOLATION)

    def ponged(self, payload: bytes) -> None:
        """The client answered a ping, and so has read everything sent before it."""
        number = int.from_bytes(payload)
        while self._pings and self._pings[0][0] <= number:
            self._pings.popleft()

    def overflowed(self) -> None:
        """The socket's write buffer is full."""
        self._violate(CloseCode.SLOW_READER)

    def sweep(self, now: float) -> None:
        """What follows from time alone; called about twice a second."""
        if self._clean is not None:
            return
        limits = self._limits
        if now - self._heard_from_at > limits.idle_seconds:
            self._violate(CloseCode.TIMED_OUT)
        elif self._flow.stuck(now) or (self._pings and now - self._pings[0][1] > limits.slow_seconds):
            self._violate(CloseCode.SLOW_READER)
        elif now - self._pinged_at >= limits.ping_seconds:
            self._pinged_at = now
            self._ping_number += 1
            self._pings.append((self._ping_number, now))
            self._wire.ping(self._ping_number.to_bytes(4))

    def _violate(self, code: CloseCode) -> None:
        self.refuse(code, SENTENCES[code])

    def _wait(self, parsed: Incoming) -> None:
        self._waiting.append(parsed)
        if isinstance(parsed, bytes):
            self._waiting_bytes += len(parsed)
        while self._waiting_bytes > self._limits.admit_audio_seconds * _BYTES_PER_SECOND:
            oldest = next(waiting for waiting in self._waiting if isinstance(waiting, bytes))
            self._waiting.remove(oldest)
            self._waiting_bytes -= len(oldest)

    def _deliver(self, listener: WebLegListener, parsed: Incoming) -> None:
        match parsed:
            case bytes():
                listener.on_caller_audio(parsed)
            case int():
                listener.on_played(self._flow.played(parsed))
            case Stopped(samples=samples):
                listener.on_stopped(self._flow.stopped(samples))
            case Mute(on=on):
                listener.on_event(MuteChanged(on))
            case QualityReport():
                listener.on_event(QualityMeasured(parsed.rttMs, parsed.underruns, parsed.backlogMs))
            case End():
                listener.on_event(EndRequested(Party.CALLER))


class _Flow:
    """Whether the client keeps up with the sound: what was sent, flushed and acknowledged, in samples.

    A client that never acknowledges anything is left to the pings: the playout estimates for it.
    """

    def __init__(self, limits: DoorLimits) -> None:
        self._limits = limits
        self._stops: deque[int] = deque()
        self._flushed = 0
        self._acknowledged = 0
        self._stuck_since: float | None = None
        self.sent = 0

    def stop(self) -> None:
        self._stops.append(self.sent)

    def played(self, samples: int) -> int:
        self._acknowledged = max(self._acknowledged, samples)
        return self._acknowledged

    def stopped(self, samples: int) -> int:
        counter = self.played(samples)
        if self._stops:
            self._flushed = max(self._flushed, self._stops.popleft() - counter)
        return counter

    def stuck(self, now: float) -> bool:
        """Whether too much has been unacknowledged for too long."""
        under_way = (self.sent if not self._stops else self._stops[0]) - self._flushed - self._acknowledged
        if not self._acknowledged or under_way <= self._limits.unacked_seconds * SAMPLE_RATE:
            self._stuck_since = None
            return False
        if self._stuck_since is None:
            self._stuck_since = now
        return now - self._stuck_since > self._limits.slow_seconds
