"""The WhatsApp leg: Opus over SRTP to Meta's relay, paced by us, since nothing is buffered at the far end.

Invariant: not a packet leaves before `open` (Meta takes earlier media as accepting the call) and one leaves every
20 ms from then on, silence if there is nothing to say (Meta hangs up on legs that fall silent). A sample counts as
heard when its packet has left. The listener hears of the leg only between `attach` and `on_gone`, and `on_gone`
exactly once, never from within a verb it called itself.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from media_tier.audio.jitter import JitterBuffer
from media_tier.bridge.wheel import PERIOD, Wheel
from media_tier.call.events import Dtmf, EndRequested, Party, QualityMeasured
from media_tier.legs.web import WebLegListener
from media_tier.legs.web_limits import Allowance
from media_tier.legs.whatsapp_opus import OpusDecoder, OpusEncoder
from media_tier.legs.whatsapp_path import MediaPath
from media_tier.legs.whatsapp_rtcp import Reports
from media_tier.legs.whatsapp_rtp import Keypad, build, parse
from media_tier.legs.whatsapp_sdp import Offer
from media_tier.ports import FRAME_BYTES, Clock

_log = logging.getLogger(__name__)

TICKS_PER_FRAME = 960
_SILENCE = bytes(FRAME_BYTES)
_SETTLED = 10
"""Frames of silence after which the encoder says the same over and over."""
_CATCH_UP = 5
"""Frames sent at once after the loop was late; beyond that the time is skipped."""
_REPORT_TURNS = 50
_ACKNOWLEDGE_FRAMES = 5
_UNOPENED_TURNS = 25


@dataclass(frozen=True, slots=True)
class WhatsAppLimits:
    """Seconds and packets. Tests shrink them."""

    connect_seconds: float = 5.0
    """For ICE and DTLS, from our answer."""
    silent_seconds: float = 20.0
    """Without RTP, although the path answers: a muted client may send nothing for a while."""
    dead_seconds: float = 8.0
    """Without anything at all; connectivity checks alone come every 6 s at least."""
    quality_seconds: float = 5.0
    linger_seconds: float = 0.3
    """From our close to Meta's terminate, for what has left to be heard."""
    packets_per_second: float = 110.0
    packet_burst: float = 250.0


@dataclass(frozen=True, slots=True)
class StreamIds:
    """Where our RTP stream begins; random (RFC 3550 section 5.1)."""

    ssrc: int
    sequence: int
    timestamp: int
    cname: str


class WhatsAppLeg:
    """Implements media_tier.ports.Leg; `over` is called once when it ended, for whoever must tell Meta."""

    def __init__(
        self,
        path: MediaPath,
        offer: Offer,
        ids: StreamIds,
        wheel: Wheel,
        clock: Clock,
        limits: WhatsAppLimits,
        over: Callable[[], None],
    ) -> None:
        self._path, self._offer, self._wheel, self._clock, self._limits = path, offer, wheel, clock, limits
        self._over = over
        self._listener: WebLegListener | None = None
        self._gone = False
        self._voice = _Voice(path, offer.opus, ids)
        self._ear = _Ear(offer, limits, clock())
        self._turns = 0
        self._opened_at: float | None = None
        self._quality_at = 0.0
        self._concealed = 0

    # Leg

    def play(self, pcm: bytes) -> None:
        """Queue PCM16 mono 24 kHz."""
        self._voice.queue(pcm)

    def stop(self) -> None:
        """Drop what has not left; `on_stopped` answers."""
        heard = self._voice.clear()
        if not self._gone:
            asyncio.get_running_loop().call_soon(self._stopped, heard)

    def tell(self, message: dict[str, Any]) -> None:
        """A telephone shows nothing."""

    def close(self, code: int, reason: str) -> None:
        """End the call; `on_gone(True)` follows."""
        self._end(clean=True)

    # The intake

    def attach(self, listener: WebLegListener) -> None:
        """The call was admitted. Until `open` the listener is told now and then that nothing was heard yet."""
        self._listener = listener
        if self._gone:
            listener.on_gone(False)
        else:
            self._wheel.add(self._turn)

    def open(self) -> None:
        """Meta confirmed that the call is accepted: sound may flow."""
        now = self._clock()
        self._opened_at = self._quality_at = now
        self._ear.alive_at = self._path.heard_from_at = now
        self._voice.begin(now)
        self._wheel.add(self._turn)

    def hung_up(self) -> None:
        """The caller, or Meta, ended the call."""
        if not self._gone and self._listener is not None:
            self._listener.on_event(EndRequested(Party.CALLER))
        self._end(clean=True)

    def lost(self) -> None:
        """The connection broke, or could not be made."""
        self._end(clean=False)

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._gone

    # Packets

    def on_rtp(self, packet: bytes, now: float) -> None:
        """See Packets. What comes before the call is accepted is nobody's to hear."""
        listener = self._listener
        if listener is None or self._opened_at is None or self._gone:
            return
        digit = self._ear.hear(packet, now, self._voice.reports)
        for pcm in self._ear.sound(now):
            listener.on_caller_audio(pcm)
        if digit is not None:
            listener.on_event(Dtmf(digit))

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """See Packets."""
        self._voice.reports.read(packet, now)

    def on_path_closed(self) -> None:
        """See Packets."""
        self.hung_up()

    def _stopped(self, heard: int) -> None:
        if self._listener is not None and not self._gone:
            self._listener.on_stopped(heard)

    def _turn(self, now: float) -> bool:
        """Every 20 ms: send what is due, let the caller's time pass, look whether the far end is there."""
        listener = self._listener
        if self._gone or listener is None:
            return False
        self._turns += 1
        if self._opened_at is None:
            if self._turns % _UNOPENED_TURNS == 0:
                listener.on_played(0)
            return True
        heard = self._voice.turn(now)
        if heard is not None:
            listener.on_played(heard)
        for pcm in self._ear.sound(now):
            listener.on_caller_audio(pcm)
        if self._turns % _REPORT_TURNS == 0:
            self._path.send_rtcp(self._voice.reports.report(now))
            self._look(listener, now)
        return not self._gone

    def _look(self, listener: WebLegListener, now: float) -> None:
        limits = self._limits
        if now - self._ear.alive_at > limits.silent_seconds or now - self._path.heard_from_at > limits.dead_seconds:
            _log.info("whatsapp media stopped", extra={"foreign": self._path.foreign})
            self.lost()
        elif now - self._quality_at >= limits.quality_seconds:
            self._quality_at = now
            concealed, self._concealed = self._ear.concealed - self._concealed, self._ear.concealed
            rtt = self._voice.reports.rtt
            # One frame in fifty is not heard by anybody.
            noticeable = concealed if concealed * PERIOD > 0.02 * limits.quality_seconds else 0
            listener.on_event(QualityMeasured((rtt or 0.0) * 1000, noticeable))

    def _end(self, clean: bool) -> None:
        if self._gone:
            return
        self._gone = True
        self._wheel.remove(self._turn)
        if self._listener is not None:
            asyncio.get_running_loop().call_soon(self._listener.on_gone, clean)
        self._over()

    def release(self) -> None:
        """Give the codecs back; nothing may be called afterwards."""
        self._voice.close()
        self._ear.close()


class _Voice:
    """Our side: queued sound becomes a packet every 20 ms."""

    def __init__(self, path: MediaPath, payload_type: int, ids: StreamIds) -> None:
        self._path, self._payload_type, self._ssrc = path, payload_type, ids.ssrc
        self._sequence, self._timestamp = ids.sequence, ids.timestamp
        self._encoder = OpusEncoder()
        self._queue: deque[bytes] = deque()
        self._rest = b""
        self._due = 0.0
        self._heard = self._told = 0
        self._silent = 0
        self._same = b""
        self._first = True
        self.reports = Reports(ids.ssrc, ids.cname)

    def queue(self, pcm: bytes) -> None:
        self._queue.append(pcm)

    def clear(self) -> int:
        self._queue.clear()
        self._rest = b""
        self._told = self._heard
        return self._heard

    def begin(self, now: float) -> None:
        self._due = now

    def turn(self, now: float) -> int | None:
        """Send what is due; the samples heard so far when that is worth telling."""
        behind = int((now - self._due) / PERIOD) + 1
        if behind > _CATCH_UP:
            skipped = behind - 1
            self._due += skipped * PERIOD
            self._timestamp = (self._timestamp + skipped * TICKS_PER_FRAME) & 0xFFFFFFFF
            behind = 1
        # The wheel turns a little early or late: half a period decides.
        if now < self._due - PERIOD / 2:
            return None
        for _ in range(max(1, behind)):
            self._send(self._frame())
            self._due += PERIOD
        news = self._heard - self._told
        if news >= _ACKNOWLEDGE_FRAMES * FRAME_BYTES // 2 or (news and not self._queue and not self._rest):
            self._told = self._heard
            return self._heard
        return None

    def _frame(self) -> bytes:
        """The next 20 ms, b"" for silence."""
        if not self._rest and self._queue and len(self._queue[0]) == FRAME_BYTES:
            self._heard += FRAME_BYTES // 2
            return self._queue.popleft()
        parts, size = [self._rest], len(self._rest)
        while size < FRAME_BYTES and self._queue:
            parts.append(self._queue.popleft())
            size += len(parts[-1])
        joined = b"".join(parts)
        frame, self._rest = joined[:FRAME_BYTES], joined[FRAME_BYTES:]
        self._heard += len(frame) // 2
        return frame.ljust(FRAME_BYTES, b"\0") if frame else b""

    def _send(self, frame: bytes) -> None:
        if frame:
            self._silent = 0
            payload = self._encoder.encode(frame)
        elif self._silent < _SETTLED:
            self._silent += 1
            payload = self._same = self._encoder.encode(_SILENCE)
        else:
            payload = self._same
        packet = build(self._payload_type, self._sequence, self._timestamp, self._ssrc, payload, marker=self._first)
        self._path.send(packet)
        self.reports.sent(self._timestamp, len(payload))
        self._first = False
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + TICKS_PER_FRAME) & 0xFFFFFFFF

    def close(self) -> None:
        self._encoder.close()


class _Ear:
    """The caller's side: packets become sound and digits."""

    def __init__(self, offer: Offer, limits: WhatsAppLimits, now: float) -> None:
        self._opus, self._events = offer.opus, offer.events
        self._decoder = OpusDecoder()
        self._buffer = JitterBuffer(self._decoder)
        self._keypad = Keypad()
        self._allowance = Allowance(limits.packets_per_second, limits.packet_burst, limits.silent_seconds, now)
        self._ssrc: int | None = None
        self._earlier = 0
        self.alive_at = now

    @property
    def concealed(self) -> int:
        return self._earlier + self._buffer.concealed + self._buffer.inserted

    def hear(self, packet: bytes, now: float, reports: Reports) -> str | None:
        """Take a packet in; the digit it completes, if it does."""
        parsed = parse(packet)
        if parsed is None or not self._allowance.take(1, now):
            return None
        is_key = parsed.payload_type == self._events
        if not is_key and parsed.payload_type != self._opus:
            return None
        if parsed.ssrc != self._ssrc:
            self._ssrc = parsed.ssrc
            self._earlier = self.concealed
            self._buffer = JitterBuffer(self._decoder)
        self.alive_at = now
        timestamp = None if is_key else parsed.timestamp
        reports.came(parsed.ssrc, parsed.sequence, timestamp, now)
        self._buffer.push(parsed.sequence, timestamp, parsed.payload, now)
        return self._keypad.press(parsed, now) if is_key else None

    def sound(self, now: float) -> list[bytes]:
        return self._buffer.pull(now)

    def close(self) -> None:
        self._decoder.close()
