"""Records both sides of a call in true time, and hands over what is old enough as segments.

Each channel is a track of runs: sound that follows itself without a gap. A frame is placed where the run ends unless
the call's clock disagrees by 80 ms or more, so jitter never tears speech. Sound can arrive late but never early, so
the frame with the least delay tells the truth: a burst after a stall slides its run back into the silence before it,
and a slow disagreement (clock drift) is worked off by doubling or leaving out single samples.

Invariant: every frame of the call's clock is cut exactly once, and at any moment the uncut sound is at most
SEGMENT + HOLD (1.8 s) long, provided the timer turns.
"""

import asyncio
from collections.abc import Callable, Iterator

from media_tier.audio.mixing import interleave
from media_tier.ports import Clock
from shared.domain.recording_layout import SAMPLES_PER_MS, segment_key, segments_prefix
from shared.ports.segments import SegmentSink

JITTER = 80 * SAMPLES_PER_MS
SEGMENT_MS = 750
HOLD_MS = 1050
"""The other side's sound arrives only once it is known to have been heard, up to a second late."""

_SEGMENT = SEGMENT_MS * SAMPLES_PER_MS
_HOLD = HOLD_MS * SAMPLES_PER_MS
_WINDOW = 100
_DEADBAND = SAMPLES_PER_MS
_MOST_OWED = 100


class _Run:
    __slots__ = ("chunks", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.chunks: list[bytes] = []


class Track:
    """One channel. Positions are samples of the call's clock."""

    __slots__ = ("_count", "_end", "_floor", "_low", "_open", "_owed", "_room", "_runs")

    def __init__(self, floor: int) -> None:
        self._floor = floor
        self._end = floor
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
        if gap < self._low:
            self._low = gap
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
        if self._owed > 0:
            self._owed -= 1
            return pcm + pcm[-2:]
        self._owed += 1
        return pcm[:-2]

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


class Tape:
    """Two tracks on one clock, caller left and the other side right; pure."""

    def __init__(self, start_ms: int) -> None:
        self._floor = start_ms * SAMPLES_PER_MS
        self._caller, self._far = Track(self._floor), Track(self._floor)

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the caller from `at_ms` on."""
        self._caller.append(pcm, at_ms * SAMPLES_PER_MS)

    def far(self, pcm: bytes, at_ms: int) -> None:
        """Sound the caller heard from `at_ms` on."""
        self._far.append(pcm, at_ms * SAMPLES_PER_MS)

    def due(self, now_ms: int) -> Iterator[tuple[int, bytes]]:
        """Segments that are old enough: (first frame, stereo PCM16)."""
        now = now_ms * SAMPLES_PER_MS
        while now - self._floor >= _SEGMENT + _HOLD:
            yield self._cut(self._floor + _SEGMENT)

    def rest(self, now_ms: int) -> Iterator[tuple[int, bytes]]:
        """Everything that is left, up to now."""
        end = max(now_ms * SAMPLES_PER_MS, self._caller.end, self._far.end)
        while self._floor < end:
            yield self._cut(min(end, self._floor + _SEGMENT))

    @property
    def end_ms(self) -> int:
        """Up to where it has been cut, rounded up."""
        return -(-self._floor // SAMPLES_PER_MS)

    def _cut(self, until: int) -> tuple[int, bytes]:
        start, self._floor = self._floor, until
        return start, interleave(self._caller.cut(until), self._far.cut(until))


class SegmentRecorder:
    """The recorder of one call. `epoch` is asked at each cut: it changes when a caller comes back."""

    def __init__(
        self, company_id: str, call_id: str, sink: SegmentSink, clock: Clock, epoch: Callable[[], int]
    ) -> None:
        self._ids, self._sink, self._clock, self._epoch = (company_id, call_id), sink, clock, epoch
        self._tape: Tape | None = None
        self._base = 0.0
        self._stored_ms = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, at_ms: int) -> None:
        """Record from `at_ms` of the call's clock, which is now."""
        if self._tape is None:
            self._base = self._clock() - at_ms / 1000
            self._tape = Tape(max(at_ms, self._stored_ms))
            self._arm()

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the caller."""
        if self._tape is not None:
            self._tape.caller(pcm, at_ms)

    def far(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the other side, as it was heard."""
        if self._tape is not None:
            self._tape.far(pcm, at_ms)

    def stop(self) -> None:
        """Hand over what is left and record no more."""
        tape, self._tape = self._tape, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if tape is not None:
            self._store(tape.rest(self._now_ms))
            self._stored_ms = tape.end_ms

    async def close(self) -> None:
        """Stop and wait until everything is stored."""
        self.stop()
        await self._sink.settled(segments_prefix(*self._ids))

    @property
    def _now_ms(self) -> int:
        return round((self._clock() - self._base) * 1000)

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(SEGMENT_MS / 1000, self._turn)

    def _turn(self) -> None:
        if self._tape is not None:
            self._store(self._tape.due(self._now_ms))
            self._arm()

    def _store(self, segments: Iterator[tuple[int, bytes]]) -> None:
        for start, data in segments:
            self._sink.put(segment_key(*self._ids, start, self._epoch()), data)
