"""The two RTP streams of a WhatsApp leg: our sound as a packet every 20 ms, the caller's as sound and digits."""

from collections import deque
from dataclasses import dataclass

from media_tier.audio.jitter import JitterBuffer
from media_tier.bridge.wheel import PERIOD
from media_tier.legs.web_limits import Allowance
from media_tier.legs.whatsapp_opus import OpusDecoder, OpusEncoder
from media_tier.legs.whatsapp_path import MediaPath
from media_tier.legs.whatsapp_rtcp import Reports
from media_tier.legs.whatsapp_rtp import Keypad, build, parse
from media_tier.legs.whatsapp_sdp import Remote
from media_tier.ports import FRAME_BYTES

TICKS_PER_FRAME = 960
_SILENCE = bytes(FRAME_BYTES)
_SETTLED = 10
"""Frames of silence after which the encoder says the same over and over."""
_CATCH_UP = 5
"""Frames sent at once after the loop was late; beyond that the time is skipped."""
_ACKNOWLEDGE_FRAMES = 5
_OVERDUE = 1.5 * PERIOD
_CLEAN_REPORTS = 3
"""So many reports of the far end without a lost packet, a few seconds, are a network that loses none."""


@dataclass(frozen=True, slots=True)
class StreamIds:
    """Where our RTP stream begins; random (RFC 3550 section 5.1)."""

    ssrc: int
    sequence: int
    timestamp: int
    cname: str


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """How many packets the far end may send; after a stall of up to `stall_seconds` they may come at once."""

    packets_per_second: float = 110.0
    packet_burst: float = 250.0
    stall_seconds: float = 20.0


class Voice:
    """Our side. `begin` when the first packet may leave, then `turn` about every 20 ms."""

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
        self._clean = 0
        self.reports = Reports(ids.ssrc, ids.cname)

    def on_reports(self, packet: bytes, now: float) -> None:
        """The far end's reports (RTCP); what it lacks decides whether our packets carry redundancy."""
        seen = self.reports.heard_of_us
        self.reports.read(packet, now)
        if self.reports.heard_of_us != seen:
            self._clean = 0 if self.reports.lost_by_far_end else self._clean + 1
            self._encoder.expect_loss(self._clean < _CLEAN_REPORTS)

    def queue(self, pcm: bytes) -> None:
        """Say this after what is queued; PCM16 mono 24 kHz."""
        self._queue.append(pcm)

    def clear(self) -> int:
        """Drop what has not left; the samples that have, since the beginning."""
        self._queue.clear()
        self._rest = b""
        self._told = self._heard
        return self._heard

    def begin(self, now: float) -> None:
        """The first frame is due."""
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
        """Give the codec back."""
        self._encoder.close()


class Ear:
    """The caller's side. `hear` a packet, then take its `sound`; and every 20 ms what follows from time alone."""

    def __init__(self, offer: Remote, limits: FloodLimits, now: float) -> None:
        self._opus, self._events = offer.opus, offer.events
        self._decoder = OpusDecoder()
        self._buffer = JitterBuffer(self._decoder)
        self._keypad = Keypad()
        self._allowance = Allowance(limits.packets_per_second, limits.packet_burst, limits.stall_seconds, now)
        self._ssrc: int | None = None
        self._earlier = 0
        self.alive_at = now

    @property
    def concealed(self) -> int:
        """Frames nobody spoke: made up for lost ones, or put in while nothing came."""
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
        """What can be heard by now."""
        return self._buffer.pull(now)

    def overdue(self, now: float) -> list[bytes]:
        """What can be heard although no packet came; nothing while packets come in order."""
        return self._buffer.pull(now) if self._buffer.waiting or now - self.alive_at > _OVERDUE else []

    def close(self) -> None:
        """Give the codec back."""
        self._decoder.close()
