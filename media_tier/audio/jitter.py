"""From RTP packets as a network delivers them to sound in order, for whoever listens to a caller over UDP. Pure.

The listener is an AI and a recorder, not a loudspeaker: nothing has to sound at an even pace, so a packet that is in
order is passed on the moment it comes, and network jitter adds no delay at all. Only a hole makes the sound wait, for
as long as a packet of this network may be late (the target, adapted to the delays measured), then it is recovered
from the next packet's redundancy or concealed by the decoder. When nothing arrives for `HOLD`, silence is put in, so
that whoever waits for the caller to pause still hears time pass; what arrives after all is played, and the silence
put in too many is taken out again where the caller is quiet, beyond MOST_AHEAD in any case. Pace follows the
sender's clock, so that clocks drifting apart neither stretch nor lose anything.

Invariant: a frame is concealed only if its packet was not there in time, never because of another one; nothing waits
longer than MAX_TARGET past the time it was due, and at most MAX_WAITING packets wait. Sound is PCM16 mono 24 kHz,
RTP time is 48 kHz (RFC 7587), so a tick is a byte. `now` is monotonic seconds.
"""

from collections import deque
from typing import Protocol

import numpy as np

TICKS = 48_000
FRAME = 960
"""20 ms, until packets show another size."""
MIN_TARGET = 0.04
"""Packets swapped by up to 40 ms are never a loss."""
MAX_TARGET = 0.2
HOLD = 0.2
MOST_AHEAD = TICKS
"""A second: more silence put in than this is made up for by dropping sound."""
MAX_WAITING = 50
MAX_JUMP = 500
"""Sequence numbers further away than this belong to another stream."""
_WINDOW = 5.0
_DELAYS = 150
_MARGIN = 0.01
_RECHECK = 25
_QUIET = 150
"""Mean absolute sample value of a frame in which nobody speaks."""
_FADING = 3
"""Frames of a silence that the decoder makes up from what was heard before."""


class Decoder(Protocol):
    """One stream's codec. Sizes are bytes of PCM16 mono 24 kHz, multiples of 2.5 ms."""

    def decode(self, payload: bytes) -> bytes:
        """The sound of a packet; raises ValueError if it is none."""

    def recover(self, payload: bytes, size: int) -> bytes:
        """The sound before this packet, from its redundancy or else made up."""

    def conceal(self, size: int) -> bytes:
        """Something like what was heard before, fading."""


class JitterBuffer:
    """One stream. Call `pull` after each `push`, and every 20 ms or so when nothing comes."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._waiting: dict[int, _Packet] = {}
        self._next = -1
        self._highest = -1
        self._time = 0
        self._last_time: int | None = None
        self._frame = FRAME
        self._restart: int | None = None
        self._transit = _Transit()
        self._ahead = 0
        self._silent = 0
        self.received = 0
        self.concealed = 0
        """Frames made up for packets that were lost or late."""
        self.late = 0
        self.repeated = 0
        self.inserted = 0
        self.dropped = 0
        """Frames of silence put in while nothing came, and frames taken out for them."""

    @property
    def target(self) -> float:
        """Seconds a hole is waited for."""
        return self._transit.target

    @property
    def waiting(self) -> int:
        """Packets behind a hole."""
        return len(self._waiting)

    def push(self, sequence: int, timestamp: int | None, payload: bytes, now: float) -> None:
        """A packet came. `timestamp` None: it carries no sound but has a number in the sequence (a key press)."""
        number = self._number(sequence)
        if number is None:
            return
        self.received += 1
        when = None
        if timestamp is not None:
            when = self._extended(timestamp)
            self._transit.measure(now - when / TICKS, now)
        if number < self._next:
            self.late += 1
        elif number in self._waiting:
            self.repeated += 1
        else:
            self._waiting[number] = _Packet(when, payload, now)

    def pull(self, now: float) -> list[bytes]:
        """What can be heard by now, in order."""
        out: list[bytes] = []
        while self._next >= 0:
            packet = self._waiting.pop(self._next, None)
            if packet is not None:
                self._next += 1
                self._play(packet, out)
            elif not self._waiting:
                self._fill(now, out)
                break
            else:
                first = min(self._waiting)
                if len(self._waiting) < MAX_WAITING and now < self._patience(first):
                    break
                self._make_up(first, out)
        return out

    def _number(self, sequence: int) -> int | None:
        """The sequence number without wrapping; None for a stray one."""
        if self._next < 0:
            self._next = self._highest = sequence + 0x10000
            return self._next
        distance = ((sequence - self._highest + 0x8000) & 0xFFFF) - 0x8000
        if abs(distance) > MAX_JUMP:
            # RFC 3550 A.1: two in a row mean that the sender restarted.
            if self._restart != sequence:
                self._restart = (sequence + 1) & 0xFFFF
                return None
            self._waiting.clear()
            self._last_time = None
            self._transit = _Transit()
            self._next = self._highest = sequence + 0x10000
            return self._next
        number = self._highest + distance
        self._highest = max(self._highest, number)
        return number

    def _extended(self, timestamp: int) -> int:
        if self._last_time is None:
            self._last_time = self._time = timestamp + (1 << 32)
            return self._last_time
        distance = ((timestamp - self._last_time + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        extended = self._last_time + distance
        self._last_time = max(self._last_time, extended)
        return extended

    def _due(self) -> float:
        """When the sound that is next would have come, had the network been at its quickest."""
        return self._transit.least + self._time / TICKS

    def _patience(self, first: int) -> float:
        """Until when the packet that is next may still come, while `first` waits behind it."""
        return min(self._due(), self._waiting[first].came) + self._transit.target

    def _play(self, packet: "_Packet", out: list[bytes]) -> None:
        if packet.when is None:
            return
        if packet.when > self._time:
            # The sender paused (discontinuous transmission): silence, as far as it was not put in already.
            self._pause(packet.when - self._time, out)
        try:
            pcm = self._decoder.decode(packet.payload)
        except ValueError:
            pcm = self._decoder.conceal(self._frame)
            self.concealed += 1
        self._time = packet.when + len(pcm)
        self._frame = len(pcm) or self._frame
        self._silent = 0
        if self._ahead >= len(pcm) and (self._ahead > MOST_AHEAD or _is_quiet(pcm)):
            self._ahead -= len(pcm)
            self.dropped += 1
        elif pcm:
            out.append(pcm)

    def _make_up(self, first: int, out: list[bytes]) -> None:
        """The packet that is next will not come: make up for it, while `first` waits behind it."""
        behind = self._waiting[first]
        self._next += 1
        if self._last_time is None or (behind.when is not None and self._time + self._frame > behind.when):
            return  # it carried no sound, a key press perhaps
        self._time += self._frame
        if self._ahead >= self._frame:
            self._ahead -= self._frame
            return
        if first == self._next and behind.when is not None:
            out.append(self._decoder.recover(behind.payload, self._frame))
        else:
            out.append(self._conceal(self._frame))
        self.concealed += 1

    def _conceal(self, size: int) -> bytes:
        self._silent += 1
        return self._decoder.conceal(size) if self._silent <= _FADING else bytes(size)

    def _pause(self, ticks: int, out: list[bytes]) -> None:
        covered = min(self._ahead, ticks)
        self._ahead -= covered
        frames = min(ticks - covered, TICKS) // FRAME
        out += [bytes(FRAME)] * frames

    def _fill(self, now: float, out: list[bytes]) -> None:
        """Nothing came for a while: let time pass."""
        if self._last_time is None:
            return
        missing = int((now - HOLD - self._due()) * TICKS) - self._ahead
        while missing >= FRAME and len(out) < MAX_WAITING:
            out.append(self._conceal(FRAME))
            self._ahead += FRAME
            self.inserted += 1
            missing -= FRAME


class _Packet:
    __slots__ = ("came", "payload", "when")

    def __init__(self, when: int | None, payload: bytes, came: float) -> None:
        self.when, self.payload, self.came = when, payload, came


class _Transit:
    """How long packets are under way, relative to the quickest; the sender's clock has any offset."""

    def __init__(self) -> None:
        self._now_least: float | None = None
        self._before_least: float | None = None
        self._since = 0.0
        self._delays: deque[float] = deque(maxlen=_DELAYS)
        self._count = 0
        self.least = 0.0
        self.target = MIN_TARGET

    def measure(self, transit: float, now: float) -> None:
        if self._now_least is None or now - self._since >= _WINDOW:
            self._before_least, self._now_least, self._since = self._now_least, transit, now
        self._now_least = min(self._now_least, transit)
        self.least = self._now_least if self._before_least is None else min(self._now_least, self._before_least)
        delay = transit - self.least
        self._delays.append(delay)
        self._count += 1
        if self._count % _RECHECK == 0 or delay > self.target:
            ordered = sorted(self._delays)
            usual = ordered[len(ordered) * 99 // 100] + _MARGIN
            self.target = min(MAX_TARGET, max(MIN_TARGET, usual))


def _is_quiet(pcm: bytes) -> bool:
    return float(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)).mean()) < _QUIET
