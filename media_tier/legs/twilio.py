"""The phone leg: one Twilio media stream, policed.

Sound is µ-law 8 kHz both ways, positions are samples of it. What was heard is known from marks; between two of them,
and when Twilio is told to drop its buffer (all marks come back at once then, heard or not), it is told from time. The
way to Twilio and back is left out of that, so what is called heard was heard.

| what comes | what follows |
|---|---|
| anything but `connected` before `start`; a second `start` or `connected` | closed, 1008 |
| a `streamSid` that is not this stream's | closed, 1008 |
| a `start` of another account, or of another call than the ticket's | closed, 4401 |
| more than 64 KiB | closed, 1009 |
| no JSON, no base64, missing or odd fields | left out; the fifth closes, 1008 |
| no `start` in time; nothing at all for 10 s | closed, 4408 |
| more messages or sound than time | closed, 4429 |
| `stop`, or a close frame without it | the caller hung up |
| the socket lost without a close frame | the line dropped: the call may come back by the `<Connect>` action |
| an unknown event, track or mark | left out |

Invariant: nothing Twilio sends raises here. The listener hears of a stream only between `attach` and `on_gone`, and
`on_gone` exactly once, never from within a verb it called itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from media_tier.call.events import Dtmf, EndRequested, Event, Party
from media_tier.legs.twilio_flow import RATE, StreamFlow
from media_tier.legs.twilio_wire import (
    CallerSound,
    Connected,
    DtmfPressed,
    Ignored,
    Incoming,
    Mark,
    MessageTooBig,
    Start,
    StartMetadata,
    Stop,
    StreamCodec,
    parse,
)
from media_tier.legs.web import WebLegListener, Wire
from media_tier.legs.web_limits import Allowance, DoorLimits
from media_tier.legs.web_wire import BadMessage
from media_tier.ports import Clock
from shared.contracts.messages.widget_socket import CloseCode

CHUNK = RATE // 50
MARK_SECONDS = 0.4
"""At most so much is sent without a mark after it. A mark and its echo cost as much as eight frames of the caller's."""
PAUSE = 0.06
"""Seconds without sound after which what follows begins anew; less is a model that only just keeps up."""
KEYS = frozenset("0123456789*#")


class TwilioLeg:
    """Implements media_tier.ports.Leg on a media stream."""

    def __init__(
        self, wire: Wire, limits: DoorLimits, clock: Clock, started: Callable[["TwilioLeg", StartMetadata], None]
    ) -> None:
        """`started` is told once, when the stream has said whose it is."""
        now = clock()
        self._wire, self._limits, self._clock, self._started = wire, limits, clock, started
        self._listener: WebLegListener | None = None
        self._waiting: deque[bytes | Event] = deque()
        self._waiting_bytes = 0
        self._clean: bool | None = None
        self._closing = False
        self._messages = Allowance(limits.messages_per_second, limits.message_burst, limits.idle_seconds, now)
        self._audio = Allowance(limits.audio_per_second, limits.audio_burst_seconds, limits.idle_seconds, now)
        self._bad = 0
        self._opened_at = self._heard_from_at = now
        self._connected = False
        self._codec: StreamCodec | None = None
        self._flow = StreamFlow()
        self._mark_timer: asyncio.TimerHandle | None = None

    # Leg

    def play(self, pcm: bytes) -> None:
        """Send µ-law 8 kHz."""
        if self._codec is None or self._clean is not None:
            return
        now = self._clock()
        if self._flow.dry(now) > PAUSE:  # that it begins to sound is to be known at once
            self._send(self._codec, pcm[:CHUNK], now)
            self._mark()
            pcm = pcm[CHUNK:]
        if pcm:
            self._send(self._codec, pcm, now)
            if self._mark_timer is None:
                # Whatever comes next, the mark is there before the last of this was played.
                wait = min(MARK_SECONDS, self._flow.ahead(now) * 0.75)
                self._mark_timer = asyncio.get_running_loop().call_later(wait, self._mark)

    def stop(self) -> None:
        """Make Twilio drop what it buffers; `on_stopped` follows."""
        if self._codec is None or self._clean is not None:
            return
        self._wire.send(self._codec.clear)
        asyncio.get_running_loop().call_soon(self._stopped, self._flow.stop(self._clock()))

    def tell(self, message: dict[str, Any]) -> None:
        """A phone shows nothing. Asked to reconnect, the stream ends: Twilio comes back by its `<Connect>` action."""
        if message.get("type") == "reconnect":
            self._wire.shut(CloseCode.NORMAL, "")
            self.gone(clean=False)

    def close(self, code: int, reason: str) -> None:
        """Hand the call back to Twilio, which goes on with its `<Connect>` action; `on_gone(True)` follows."""
        self._closing = True
        self._wire.shut(code, reason)
        self.gone(clean=True)

    # The door

    def attach(self, listener: WebLegListener) -> None:
        """The call was admitted: hand over what arrived meanwhile, and everything from now on."""
        self._listener = listener
        while self._waiting:
            waiting = self._waiting.popleft()
            if isinstance(waiting, bytes):
                listener.on_caller_audio(waiting)
            else:
                listener.on_event(waiting)
        if self._clean is not None:
            listener.on_gone(self._clean)

    def refuse(self, code: int, message: str) -> None:
        """Close; Twilio shows nobody a reason."""
        if self._clean is None:
            self._wire.shut(code, "")
            self.gone(clean=False)

    def gone(self, clean: bool) -> None:
        """The stream is over; later calls change nothing. A goodbye that is not ours is a hang-up."""
        if self._clean is not None:
            return
        if clean and not self._closing:
            self._tell(EndRequested(Party.CALLER))
        if self._clean is not None:
            return  # the listener closed us in answer to it
        self._clean = clean
        if self._mark_timer is not None:
            self._mark_timer.cancel()
        if self._listener is not None:
            asyncio.get_running_loop().call_soon(self._listener.on_gone, clean)

    def count(self) -> bool:
        """Count one frame; False once the stream is over, be it because of this one."""
        if self._clean is None and not self._messages.take(1, self._clock()):
            self.refuse(CloseCode.FLOOD, "")
        return self._clean is None

    def received(self, message: bytes) -> None:
        """One complete text message."""
        now = self._clock()
        if self._clean is not None:
            return
        if not self._messages.take(1, now):
            self.refuse(CloseCode.FLOOD, "")
            return
        self._heard_from_at = now
        codec = self._codec
        if codec is not None:
            mulaw = codec.sound(message)
            if mulaw is not None:
                self._sound(mulaw, now)
                return
            mark = codec.mark_back(message)
            if mark is not None:
                self._marked(mark, now)
                return
        try:
            self._take(parse(message), now)
        except MessageTooBig:
            self.refuse(CloseCode.TOO_BIG, "")
        except BadMessage as bad:
            self.bad(bad)

    def bad(self, bad: BadMessage) -> None:
        """Leave a malformed message out; the fifth closes."""
        self._bad += 1
        if self._bad >= self._limits.bad_messages:
            self.refuse(CloseCode.POLICY_VIOLATION, "")

    def ponged(self, payload: bytes) -> None:
        """Twilio is not pinged: it sends sound all the time."""

    def overflowed(self) -> None:
        """The socket's write buffer is full."""
        self.refuse(CloseCode.SLOW_READER, "")

    def sweep(self, now: float) -> None:
        """What follows from time alone; called about twice a second."""
        late = self._codec is None and now - self._opened_at > self._limits.handshake_seconds
        if late or now - self._heard_from_at > self._limits.idle_seconds:
            self.refuse(CloseCode.TIMED_OUT, "")

    def _take(self, message: Incoming, now: float) -> None:
        codec = self._codec
        if isinstance(message, Ignored):
            return
        if isinstance(message, Connected | Start) or codec is None:
            self._begin(message)
        elif message.stream_sid != codec.stream_sid:
            self.refuse(CloseCode.POLICY_VIOLATION, "")
        elif isinstance(message, CallerSound):
            self._sound(message.mulaw, now)
        elif isinstance(message, Mark):
            self._marked(message.mark.name, now)
        elif isinstance(message, DtmfPressed):
            if message.dtmf.digit in KEYS:
                self._tell(Dtmf(message.dtmf.digit))
        elif isinstance(message, Stop):
            self._tell(EndRequested(Party.CALLER))

    def _marked(self, name: str, now: float) -> None:
        position = self._flow.marked_back(name, now)
        if position is not None and self._listener is not None:
            self._listener.on_played(position)

    def _begin(self, message: Incoming) -> None:
        if isinstance(message, Connected) and not self._connected:
            self._connected = True
        elif isinstance(message, Start) and self._connected and self._codec is None and _consistent(message):
            self._codec = StreamCodec(message.stream_sid)
            self._started(self, message.start)
        elif isinstance(message, Stop) and self._codec is None:
            self.gone(clean=True)
        else:
            self.refuse(CloseCode.POLICY_VIOLATION, "")

    def _sound(self, mulaw: bytes, now: float) -> None:
        if not self._audio.take(len(mulaw) / RATE, now):
            self.refuse(CloseCode.FLOOD, "")
        elif self._listener is not None:
            self._listener.on_caller_audio(mulaw)
        else:
            self._waiting.append(mulaw)
            self._waiting_bytes += len(mulaw)
            while self._waiting_bytes > self._limits.admit_audio_seconds * RATE:
                oldest = next(waiting for waiting in self._waiting if isinstance(waiting, bytes))
                self._waiting.remove(oldest)
                self._waiting_bytes -= len(oldest)

    def _tell(self, event: Event) -> None:
        if self._listener is None:
            self._waiting.append(event)
        else:
            self._listener.on_event(event)

    def _send(self, codec: StreamCodec, mulaw: bytes, now: float) -> None:
        self._flow.sent_some(len(mulaw), now)
        self._wire.send(codec.media(mulaw))

    def _mark(self) -> None:
        if self._mark_timer is not None:
            self._mark_timer.cancel()
            self._mark_timer = None
        name = self._flow.mark()
        if name is not None and self._codec is not None:
            self._wire.send(self._codec.mark(name))

    def _stopped(self, position: int) -> None:
        if self._listener is not None and self._clean is None:
            self._listener.on_stopped(position)


def _consistent(message: Start) -> bool:
    return message.stream_sid == message.start.stream_sid and "inbound" in message.start.tracks
