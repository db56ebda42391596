"""Two sides of a call laid out in true time and cut into pieces. Pure; positions are samples of the call's clock.

Each side is a track of runs: sound that follows itself without a gap. Sound can arrive late but never early, so the
chunk with the least delay tells the truth: a run slides back into the silence before it while that is possible, and
what a stall held up closes up to what was spoken before it. A disagreement that remains (a clock that drifts, sound
that had no room to slide) is worked off where nobody has spoken for a while, so that no utterance is torn.

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
"""Less than this is the noise of arrival times, not drift."""
_URGENT = 60 * PER_MS
"""More than this is worked off in sound that never pauses, too: a sample of each chunk."""
_LATEST = 2000 * PER_MS
"""Sound that is later than this and finds no silence to make up for it is dropped: somebody sends too much."""
_QUIET = 150
"""Mean absolute sample value of a chunk in which nobody speaks in a silent room."""
_BETWEEN = 400 * PER_MS
"""A silence this long lies between two utterances; shorter ones are part of speech."""
_FORGET = 0.998
"""By how much the loudest chunk is forgotten with every later one: half of it in seven seconds."""
_ROUNDING = 5 * PER_MS


class _Run:
    __slots__ = ("chunks", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.chunks: list[bytes] = []


class Track:
    """One channel. Positions are samples of the call's clock.

    `drifts`: a stream without pauses on another clock, placed by when it arrived; otherwise positions are exact.
    """

    __slots__ = (
        "_count", "_drifts", "_end", "_floor", "_loud", "_low", "_open", "_owed", "_quiet_for", "_room", "_runs",
    )  # fmt: skip

    def __init__(self, floor: int, *, drifts: bool = True) -> None:
        self._floor = floor
        self._end = floor
        self._drifts = drifts
        self._runs: list[_Run] = []
        self._open: list[bytes] | None = None
        self._room = 0
        self._low, self._count, self._owed = JITTER, 0, 0
        self._quiet_for, self._loud = 0, 0.0

    @property
    def end(self) -> int:
        """Where the sound so far ends."""
        return self._end

    def append(self, pcm: bytes, at: int) -> None:
        """Place a chunk that, as far as is known, sounded from `at` on, or earlier."""
        gap = at - self._end
        if self._open is None or gap >= (JITTER if self._drifts else _ROUNDING):
            self._begin(max(at, self._floor, self._end))
        elif gap < 0 and self._room:
            self._slide(-gap)
        elif gap <= -_LATEST:
            return
        elif self._drifts:
            self._low = min(gap, self._low)
            self._count += 1
            if self._count >= _WINDOW:
                self._settle()
            if self._owed:
                pcm = self._nudge(pcm)
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

    def _slide(self, wanted: int) -> None:
        """Move the run back into the silence before it; what little is left between it and the run before closes."""
        slide = min(wanted, self._room)
        if self._room - slide < JITTER and len(self._runs) > 1:
            slide = self._room
        self._runs[-1].start -= slide
        self._end -= slide
        self._room -= slide
        self._low = JITTER

    def _settle(self) -> None:
        """The least delay of the last two seconds, if it is not nothing, is the clock's drift."""
        self._owed = self._low if abs(self._low) > _DEADBAND else 0
        self._low, self._count, self._quiet_for = JITTER, 0, self._quiet_for if self._owed else 0

    def _nudge(self, pcm: bytes) -> bytes:
        """Work off some of what is owed: much between utterances, single samples in speech if it is urgent."""
        level = float(np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32)).mean())
        self._loud = max(level, self._loud * _FORGET)
        self._quiet_for = self._quiet_for + (len(pcm) >> 1) if level < max(_QUIET, self._loud / 10) else 0
        owed = self._owed
        step = min(abs(owed), len(pcm) // 4) if self._quiet_for >= _BETWEEN else int(abs(owed) > _URGENT)
        if owed > 0:
            self._owed -= step
            self._low -= step
            return pcm[:2] * step + pcm
        self._owed += step
        self._low += step
        return pcm[2 * step :]

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
