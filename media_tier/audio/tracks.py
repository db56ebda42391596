"""Two sides of a call laid out in true time, and cut into one-second pieces. Pure; positions are samples at 24 kHz.

A side's sound is continuous: what comes late or in bursts is placed where the stream puts it, not where it arrived.
Only a lateness that lasts (lost sound, a drifting clock) moves the stream.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

RATE = 24_000
GAP = RATE * 8 // 100
"""Sound this much later than the stream's end begins a new stretch at once (far side only: it pauses)."""
TOLERANCE = RATE // 100
WINDOW = 50
HOLD_MS = 1000
"""A piece is cut this long after its end, for sound that is acknowledged late."""


@dataclass(slots=True)
class _Track:
    """One side. `pauses`: silence between stretches is real, not lateness."""

    pauses: bool
    next: int = 0
    pieces: deque[tuple[int, bytes]] = field(default_factory=deque)
    lateness: deque[int] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def add(self, pcm: bytes, at: int) -> None:
        late = at - self.next
        if self.next == 0 or (self.pauses and late > GAP):
            self.next, late = max(at, self.next), 0
            self.lateness.clear()
        self.lateness.append(late)
        if len(self.lateness) == WINDOW:
            pcm = self._realign(pcm)
        self.pieces.append((self.next, pcm))
        self.next += len(pcm) // 2

    def _realign(self, pcm: bytes) -> bytes:
        late = min(self.lateness)
        early = max(self.lateness)
        if late > TOLERANCE:
            self.next += late
            self.lateness.clear()
        elif early < -TOLERANCE:
            drop = min(-early * 2, len(pcm) // 2 & ~1)
            pcm = pcm[drop:]
            if drop == -early * 2:
                self.lateness.clear()
        return pcm


class Tracks:
    """Left the caller, right the other side. Nothing before `start` is kept."""

    def __init__(self) -> None:
        self._caller, self._far = _Track(pauses=False), _Track(pauses=True)
        self._cut = 0
        self.running = False

    def start(self, at_ms: int) -> None:
        """Keep sound from now on."""
        self._cut = max(self._cut, _sample(at_ms))
        self.running = True

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the caller whose first sample was spoken at `at_ms`."""
        self._caller.add(pcm, _sample(at_ms))

    def far(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the other side whose first sample was heard at `at_ms`."""
        self._far.add(pcm, _sample(at_ms))

    def due(self, now_ms: int) -> list[tuple[int, bytes]]:
        """The whole seconds that are old enough: (first sample, interleaved PCM16)."""
        out = []
        while self.running and self._cut + RATE + _sample(HOLD_MS) <= _sample(now_ms):
            out.append(self._piece(RATE - self._cut % RATE))
        return out

    def rest(self, now_ms: int) -> list[tuple[int, bytes]]:
        """Everything up to now."""
        out = []
        while self.running and self._cut < _sample(now_ms):
            out.append(self._piece(min(RATE - self._cut % RATE, _sample(now_ms) - self._cut)))
        return out

    def _piece(self, length: int) -> tuple[int, bytes]:
        start, self._cut = self._cut, self._cut + length
        both = np.zeros((length, 2), dtype=np.int16)
        for side, track in enumerate((self._caller, self._far)):
            _fill(both[:, side], track.pieces, start)
        return start, both.tobytes()


def _fill(channel: "np.ndarray[tuple[int], np.dtype[np.int16]]", pieces: deque[tuple[int, bytes]], start: int) -> None:
    """Lay pieces that overlap [start, start + len) into the channel; keep what lies beyond."""
    end = start + len(channel)
    later: list[tuple[int, bytes]] = []
    while pieces and pieces[0][0] < end:
        at, pcm = pieces.popleft()
        sound = np.frombuffer(pcm, dtype=np.int16)
        first, last = max(at, start), min(at + len(sound), end)
        if last > first:
            channel[first - start : last - start] = sound[first - at : last - at]
        if at + len(sound) > end:
            later.append((at, pcm))
    pieces.extendleft(reversed(later))


def _sample(ms: int) -> int:
    return max(0, ms) * (RATE // 1000)
