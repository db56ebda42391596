"""Two sides of a call laid out in true time and cut into pieces. Pure; positions are samples of the call's clock.

Each side is a track of runs: sound that follows itself without a gap. A chunk is placed where the run ends unless the
call's clock disagrees by 80 ms or more, so jitter never tears speech. Sound can arrive late but never early, so the
chunk with the least delay tells the truth: a burst after a stall slides its run back into the silence before it, and a
slow disagreement (clock drift) is worked off where nobody speaks, or, when that takes too long, sample by sample.

Invariant: every sample of the clock is cut exactly once, and sound is at most PIECE + HOLD (1.8 s) old when it is due.
"""

import numpy as np

from shared.domain.recording_layout import PIECE_MS, RATE

PER_MS = RATE // 1000
JITTER = 80 * PER_MS
HOLD_MS = 1050
"""The other side's sound arrives only once it is known to have been heard, up to a second late."""

_PIECE = PIECE_MS * PER_MS
_HOLD = HOLD_MS * PER_MS
_WINDOW = 100
_DEADBAND = 8 * PER_MS
"""Less than this is the noise of arrival times, not drift; moving speech for it would only tear it."""
_URGENT = 25 * PER_MS
_MOST_OWED = 48 * PER_MS
_QUIET = 150
"""Mean absolute sample value of a chunk in which nobody speaks."""


class _Run:
    __slots__ = ("chunks", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.chunks: list[bytes] = []


class Track:
    """One channel. Positions are samples of the call's clock. `drifts`: a stream without pauses on another clock."""

    __slots__ = ("_count", "_drifts", "_end", "_floor", "_low", "_open", "_owed", "_room", "_runs")

    def __init__(self, floor: int, *, drifts: bool = True) -> None:
        self._floor = floor
        self._end = floor
        self._drifts = drifts
        self._runs: list[_Run] = []
        self._open: list[bytes] | None = None
        self._room = 0
        self._low, self._count, self._owed = JITTER, 0, 0

    @property
    def end(self) -> int:
        """Where the sound so far ends."""
        return self._end

    def append(self, pcm: bytes, at: int) -> None:
        """Place a chunk that, as far as its arrival tells, sounded from `at` on."""
        gap = at - self._end
        if self._open is None or not -JITTER < gap < JITTER or (gap < 0 and self._room):
            self._realign(pcm, at)
            return
        if self._drifts:
            self._low = min(gap, self._low)
            self._count += 1
            if self._count >= _WINDOW:
                self._settle()
            if self._owed:
                pcm = self._nudge(pcm)
        self._open.append(pcm)
        self._end += len(pcm) >> 1

    def _realign(self, pcm: bytes, at: int) -> None:
        gap = at - self._end
        if self._open is None or gap >= JITTER:
            self._begin(max(at, self._floor, self._end))
            gap = at - self._end
        elif gap < 0 and self._room:
            slide = min(-gap, self._room)
            self._runs[-1].start -= slide
            self._end -= slide
            self._room -= slide
            gap += slide
            self._low = JITTER
        if gap <= -JITTER:
            pcm = pcm[-gap * 2 :]
        assert self._open is not None
        self._open.append(pcm)
        self._end += len(pcm) >> 1

    def _begin(self, start: int) -> None:
        self._room = start - max(self._floor, self._end)
        run = _Run(start)
        self._runs.append(run)
        self._open = run.chunks
        self._end = start
        self._low, self._count, self._owed = JITTER, 0, 0

    def _settle(self) -> None:
        """The least delay of the last two seconds, if it is not nothing, is the clock's drift."""
        low = self._low
        self._low, self._count = JITTER, 0
        self._owed = max(-_MOST_OWED, min(_MOST_OWED, low)) if abs(low) > _DEADBAND else 0

    def _nudge(self, pcm: bytes) -> bytes:
        """Work off some of what is owed: much in a quiet chunk, single samples in speech if it is urgent."""
        owed = self._owed
        quiet = float(np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32)).mean()) < _QUIET
        step = min(abs(owed), len(pcm) // 4) if quiet else int(abs(owed) > _URGENT)
        if owed > 0:
            self._owed -= step
            return pcm + pcm[-2:] * step
        self._owed += step
        return pcm[: len(pcm) - 2 * step]

    def cut(self, until: int) -> bytearray:
        """Take everything before `until`; silence where there is no sound."""
        out = bytearray((until - self._floor) * 2)
        kept: list[_Run] = []
        for run in self._runs:
            data = b"".join(run.chunks)
            begin = (run.start - self._floor) * 2
            here = data[: max(0, len(out) - begin)]
            out[begin : begin + len(here)] = here
            if len(here) < len(data) or run.start >= until:
                run.start = max(run.start, until)
                run.chunks[:] = [data[len(here) :]]
                kept.append(run)
        self._runs = kept
        self._floor = until
        if not kept:
            self._open = None
        self._end = max(self._end, until)
        if kept:
            self._room = min(self._room, max(0, kept[-1].start - until))
        return out


class Tracks:
    """Left the caller, right the other side. Nothing before `start` is kept."""

    def __init__(self) -> None:
        self._cut = 0
        self._caller, self._far = Track(0), Track(0, drifts=False)
        self.running = False

    def start(self, at_ms: int) -> None:
        """Keep sound from now on."""
        if not self.running:
            self._cut = max(self._cut, at_ms * PER_MS)
            self._caller, self._far = Track(self._cut), Track(self._cut, drifts=False)
            self.running = True

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the caller whose first sample was spoken at `at_ms`."""
        if self.running:
            self._caller.append(pcm, at_ms * PER_MS)

    def far(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the other side whose first sample was heard at `at_ms`."""
        if self.running:
            self._far.append(pcm, at_ms * PER_MS)

    @property
    def due_ms(self) -> int:
        """When the next piece is old enough."""
        return -(-(self._cut + _PIECE + _HOLD) // PER_MS)

    def due(self, now_ms: int) -> list[tuple[int, bytes]]:
        """The pieces that are old enough: (first sample, interleaved PCM16)."""
        out = []
        while self.running and self._cut + _PIECE + _HOLD <= now_ms * PER_MS:
            out.append(self._piece(self._cut + _PIECE))
        return out

    def rest(self, now_ms: int) -> list[tuple[int, bytes]]:
        """Everything there is, up to now at least; nothing is kept after it."""
        out = []
        end = max(now_ms * PER_MS, self._caller.end, self._far.end)
        while self.running and self._cut < end:
            out.append(self._piece(min(end, self._cut + _PIECE)))
        self.running = False
        return out

    def _piece(self, until: int) -> tuple[int, bytes]:
        start, self._cut = self._cut, until
        both = np.empty((until - start, 2), dtype="<i2")
        for side, track in enumerate((self._caller, self._far)):
            both[:, side] = np.frombuffer(track.cut(until), dtype="<i2")
        return start, both.tobytes()
