"""The recorder of a call at the pace of its pieces: sound is gathered as it came and placed, and a phone's converted,
in one go when a piece is about to be cut.

Frame by frame that would cost more than the rest of the frame's way. Invariant: everything that came reaches the
recorder before it cuts, at the time it sounded, the caller's in slices short enough to tell speech from silence.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K, AudioFormat
from media_tier.audio.resampling import GENTLE, Resampler
from media_tier.ports import Recorder

TORN_MS = 80
"""Sound that does not follow within this is not a part of the same run."""
SLICE_MS = 100
_SLICE = SLICE_MS * PCM_24K.bytes_per_ms

_Sink = Callable[[bytes, int], None]


class PieceRecorder(Recorder, Protocol):
    """A recorder that cuts pieces and says so before it does."""

    before_cut: Callable[[], None]


class GatheringRecorder:
    """Implements ports.Recorder over another one, for a call in this format (µ-law 8 kHz or PCM16 24 kHz)."""

    def __init__(self, recorder: PieceRecorder, audio: AudioFormat) -> None:
        self._recorder = recorder
        self._sides = [_Side(_in_slices(recorder.caller), audio)]
        self.caller = self._sides[0].add
        self.far: _Sink = recorder.far
        """PCM comes in few large pieces already, placed to the sample."""
        if audio != PCM_24K:
            self._sides.append(_Side(recorder.far, audio))
            self.far = self._sides[1].add
        recorder.before_cut = self._flush

    def start(self, at_ms: int) -> None:
        """Keep both sides from now on."""
        self._flush()
        self._recorder.start(at_ms)

    def stop(self) -> None:
        """Keep nothing from now on."""
        self._flush()
        self._recorder.stop()

    async def close(self) -> None:
        """Store the rest and wait for it."""
        self._flush()
        await self._recorder.close()

    def _flush(self) -> None:
        for side in self._sides:
            side.flush()


def _in_slices(sink: _Sink) -> _Sink:
    def cut(pcm: bytes, at_ms: int) -> None:
        for at in range(0, len(pcm), _SLICE):
            sink(pcm[at : at + _SLICE], at_ms + at // PCM_24K.bytes_per_ms)

    return cut


class _Side:
    """Runs of chunks that follow each other; handed on as PCM16 24 kHz."""

    def __init__(self, sink: _Sink, audio: AudioFormat) -> None:
        self._sink = sink
        self._per_ms = audio.bytes_per_ms
        self._grows = PCM_24K.bytes_per_ms // audio.bytes_per_ms
        self._up = Resampler(MULAW_8K.rate, PCM_24K.rate, GENTLE) if audio == MULAW_8K else None
        self._runs: list[tuple[float, list[bytes]]] = []
        self._chunks: list[bytes] = []
        self._begin, self._ms = -inf, 0.0
        """When the run began, and how long it is."""

    def add(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the call's format, its first sample sounded at `at_ms`."""
        late = at_ms - self._ms - self._begin
        if late > TORN_MS or late < -TORN_MS:
            self._tear(at_ms)
        elif late < 0:  # the chunk that was least late tells when the run began
            self._begin += late
        self._chunks.append(pcm)
        self._ms += len(pcm) / self._per_ms

    def flush(self) -> None:
        """Hand on what was gathered."""
        self._tear(-inf)
        if not self._runs:
            return
        joined = [b"".join(chunks) for _, chunks in self._runs]
        pcm = b"".join(joined)
        if self._up is not None:
            pcm = self._up.convert(g711.samples(pcm)).tobytes()
        at = 0
        for (begin, _), part in zip(self._runs, joined, strict=True):
            size = len(part) * self._grows
            self._sink(pcm[at : at + size], round(begin))
            at += size
        self._runs.clear()

    def _tear(self, at_ms: float) -> None:
        if self._chunks:
            self._runs.append((self._begin, self._chunks))
            self._chunks = []
        self._begin, self._ms = at_ms, 0.0
