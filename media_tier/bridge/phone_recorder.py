"""The recorder of a call in µ-law: sound is gathered as it is and converted in one go when a piece is about to be cut.

Frame by frame that would cost more than the call. Invariant: everything that came reaches the recorder before it cuts,
at the time it sounded, in slices short enough to tell speech from silence in them.
"""

from collections.abc import Callable
from typing import Protocol

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K
from media_tier.audio.resampling import GENTLE, Resampler
from media_tier.ports import Recorder

TORN_MS = 80
"""Sound that does not follow within this is not a part of the same run."""
SLICE_MS = 100
_SLICE = SLICE_MS * PCM_24K.bytes_per_ms
_MULAW_PER_MS = MULAW_8K.bytes_per_ms


class PieceRecorder(Recorder, Protocol):
    """A recorder that cuts pieces and says so before it does."""

    before_cut: Callable[[], None]


class PhoneRecorder:
    """Implements ports.Recorder over another one."""

    def __init__(self, recorder: PieceRecorder) -> None:
        self._recorder = recorder
        self._caller, self._far = _Side(recorder.caller), _Side(recorder.far)
        self.caller, self.far = self._caller.add, self._far.add
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
        self._caller.flush()
        self._far.flush()


class _Side:
    """A run of chunks that follow each other."""

    def __init__(self, sink: Callable[[bytes, int], None]) -> None:
        self._sink = sink
        self._up = Resampler(MULAW_8K.rate, PCM_24K.rate, GENTLE)
        self._chunks: list[bytes] = []
        self._length = 0
        self._begin = 0.0

    def add(self, pcm: bytes, at_ms: int) -> None:
        """µ-law, its first sample sounded at `at_ms`."""
        begin = at_ms - self._length / _MULAW_PER_MS
        if not self._chunks:
            self._begin = begin
        elif begin < self._begin - TORN_MS or begin > self._begin + TORN_MS:
            self.flush()
            self._begin = float(at_ms)
        elif begin < self._begin:  # the chunk that was least late tells when the run began
            self._begin = begin
        self._chunks.append(pcm)
        self._length += len(pcm)

    def flush(self) -> None:
        """Hand on what was gathered."""
        if not self._chunks:
            return
        pcm = self._up.convert(g711.samples(b"".join(self._chunks))).tobytes()
        self._chunks.clear()
        self._length = 0
        begin = round(self._begin)
        for at in range(0, len(pcm), _SLICE):
            self._sink(pcm[at : at + _SLICE], begin + at // PCM_24K.bytes_per_ms)
