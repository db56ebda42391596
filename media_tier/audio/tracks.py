"""Two sides of a call laid out in true time and cut into pieces. Pure; positions are samples of the call's clock.

Sound stays as the call has it, PCM16 24 kHz or µ-law 8 kHz: a phone's is neither decoded nor resampled on this process.

Each side is a track of runs: sound that follows itself without a gap. Sound can arrive late but never early, so the
chunk with the least delay tells the truth: a run slides back into the silence before it while that is possible, and
what a stall held up closes up to what was spoken before it. A disagreement that remains (a clock that drifts, sound
that had no room to slide) is worked off where nobody has spoken for a while, so that no utterance is torn.

Invariant: every sample of the clock is cut exactly once, and sound is at most PIECE + HOLD (1.8 s) old when it is due.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K, AudioFormat
from shared.domain.recording_layout import PIECE_MS, RATE

PER_MS = RATE // 1000
"""Of the clock that pieces are placed by."""
JITTER_MS = 80
HOLD_MS = 1050
"""The other side's sound arrives only once it is known to have been heard, up to a second late."""

_WINDOW = 100
_DEADBAND_MS = 8
"""Less than this is the noise of arrival times, not drift."""
_URGENT_MS = 60
"""More than this is worked off in sound that never pauses, too: a sample of each chunk."""
_LATEST_MS = 2000
"""Sound that is later than this and finds no silence to make up for it is dropped: somebody sends too much."""
_QUIET = 150
"""Mean absolute sample value of a chunk in which nobody speaks in a silent room."""
_BETWEEN_MS = 400
"""A silence this long lies between two utterances; shorter ones are part of speech."""
_FORGET = 0.998
"""By how much the loudest chunk is forgotten with every later one: half of it in seven seconds."""
_ROUNDING_MS = 5


class _Measures(NamedTuple):
    """The times above in samples of one format, its bytes for a sample, and its silence."""

    jitter: int
    deadband: int
    urgent: int
    latest: int
    between: int
    rounding: int
    width: int
    silence: bytes


@lru_cache
def _measures(audio: AudioFormat) -> _Measures:
    per_ms = audio.rate // 1000
    return _Measures(
        jitter=JITTER_MS * per_ms,
        deadband=_DEADBAND_MS * per_ms,
        urgent=_URGENT_MS * per_ms,
        latest=_LATEST_MS * per_ms,
        between=_BETWEEN_MS * per_ms,
        rounding=_ROUNDING_MS * per_ms,
        width=audio.width,
        silence=g711.SILENCE if audio == MULAW_8K else bytes(audio.width),
    )


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
        "_count", "_drifts", "_end", "_floor", "_is", "_loud", "_low", "_open", "_owed", "_quiet_for", "_room", "_runs",
    )  # fmt: skip

    def __init__(self, floor: int, audio: AudioFormat, *, drifts: bool) -> None:
        self._is = _measures(audio)
        self._floor = floor
        self._end = floor
        self._drifts = drifts
        self._runs: list[_Run] = []
        self._open: list[bytes] | None = None
        self._room = 0
        self._low, self._count, self._owed = self._is.jitter, 0, 0
        self._quiet_for, self._loud = 0, 0.0

    @property
    def end(self) -> int:
        """Where the sound so far ends."""
        return self._end

    def append(self, pcm: bytes, at: int) -> None:
        """Place a chunk that, as far as is known, sounded from `at` on, or earlier."""
        gap = at - self._end
        if self._open is None or gap >= (self._is.jitter if self._drifts else self._is.rounding):
            self._begin(max(at, self._floor, self._end))
        elif gap < 0 and self._room:
            self._slide(-gap)
        elif gap <= -self._is.latest:
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
        self._end += len(pcm) // self._is.width

    def _begin(self, start: int) -> None:
        self._room = start - max(self._floor, self._end)
        run = _Run(start)
        self._runs.append(run)
        self._open = run.chunks
        self._end = start
        self._low, self._count, self._owed = self._is.jitter, 0, 0

    def _slide(self, wanted: int) -> None:
        """Move the run back into the silence before it; what little is left between it and the run before closes."""
        slide = min(wanted, self._room)
        if self._room - slide < self._is.jitter and len(self._runs) > 1:
            slide = self._room
        self._runs[-1].start -= slide
        self._end -= slide
        self._room -= slide
        self._low = self._is.jitter

    def _settle(self) -> None:
        """The least delay of the last two seconds, if it is not nothing, is the clock's drift."""
        self._owed = self._low if abs(self._low) > self._is.deadband else 0
        self._low, self._count = self._is.jitter, 0
        self._quiet_for = self._quiet_for if self._owed else 0

    def _nudge(self, pcm: bytes) -> bytes:
        """Work off some of what is owed: much between utterances, single samples in speech if it is urgent."""
        width, samples = self._is.width, len(pcm) // self._is.width
        heard = np.frombuffer(pcm, dtype="<i2") if width == PCM_24K.width else g711.samples(pcm)
        level = float(np.abs(heard.astype(np.int32)).mean())
        self._loud = max(level, self._loud * _FORGET)
        self._quiet_for = self._quiet_for + samples if level < max(_QUIET, self._loud / 10) else 0
        owed = self._owed
        between = self._quiet_for >= self._is.between
        step = min(abs(owed), samples // 2) if between else int(abs(owed) > self._is.urgent)
        if owed > 0:
            self._owed -= step
            self._low -= step
            return pcm[:width] * step + pcm
        self._owed += step
        self._low += step
        return pcm[width * step :]

    def cut(self, until: int) -> bytes | bytearray:
        """Take everything before `until`; silence where there is no sound."""
        width = self._is.width
        size = (until - self._floor) * width
        if len(self._runs) == 1 and (run := self._runs[0]).start == self._floor:
            data = b"".join(run.chunks)
            if len(data) > size:  # somebody speaks all the time
                run.start, run.chunks[:] = until, [data[size:]]
                self._floor, self._room = until, 0
                return data[:size]
        out = bytearray(size) if width > 1 else bytearray(self._is.silence) * size
        kept: list[_Run] = []
        for run in self._runs:
            data = b"".join(run.chunks)
            begin = (run.start - self._floor) * width
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

    def __init__(self, audio: AudioFormat = PCM_24K) -> None:
        self._audio, self._per_ms = audio, audio.rate // 1000
        self._piece, self._hold = PIECE_MS * self._per_ms, HOLD_MS * self._per_ms
        self._cut = 0
        self._caller, self._far = Track(0, audio, drifts=True), Track(0, audio, drifts=False)
        self.running = False

    def start(self, at_ms: int) -> None:
        """Keep sound from now on."""
        if not self.running:
            self._cut = max(self._cut, at_ms * self._per_ms)
            self._caller = Track(self._cut, self._audio, drifts=True)
            self._far = Track(self._cut, self._audio, drifts=False)
            self.running = True

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the caller whose first sample was spoken at `at_ms`."""
        if self.running:
            self._caller.append(pcm, at_ms * self._per_ms)

    def far(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the other side whose first sample was heard at `at_ms`."""
        if self.running:
            self._far.append(pcm, at_ms * self._per_ms)

    @property
    def due_ms(self) -> int:
        """When the next piece is old enough."""
        return -(-(self._cut + self._piece + self._hold) // self._per_ms)

    def due(self, now_ms: int) -> list[tuple[int, bytes]]:
        """The pieces that are old enough: (first sample of the 24 kHz clock, interleaved sound)."""
        out = []
        while self.running and self._cut + self._piece + self._hold <= now_ms * self._per_ms:
            out.append(self._take(self._cut + self._piece))
        return out

    def rest(self, now_ms: int) -> list[tuple[int, bytes]]:
        """Everything there is, up to now at least; nothing is kept after it."""
        out = []
        end = max(now_ms * self._per_ms, self._caller.end, self._far.end)
        while self.running and self._cut < end:
            out.append(self._take(min(end, self._cut + self._piece)))
        self.running = False
        return out

    def _take(self, until: int) -> tuple[int, bytes]:
        start, self._cut = self._cut * RATE // self._audio.rate, until
        left, right = self._caller.cut(until), self._far.cut(until)
        if self._audio.width == 1:
            both = bytearray(2 * len(left))
            both[0::2], both[1::2] = left, right
            return start, bytes(both)
        pairs = np.empty((len(left) // 2, 2), dtype="<i2")
        pairs[:, 0], pairs[:, 1] = np.frombuffer(left, dtype="<i2"), np.frombuffer(right, dtype="<i2")
        return start, pairs.tobytes()
