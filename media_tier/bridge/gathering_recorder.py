"""The recorder of a call at the pace of its pieces: the caller's sound is gathered as it came, and placed in one go
when a piece is about to be cut.

Frame by frame that would cost more than the rest of the frame's way. Invariant: everything that came reaches the
recorder before it cuts, at the time it sounded, in slices short enough to tell speech from silence.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol

from media_tier.audio.formats import AudioFormat
from media_tier.ports import Recorder

TORN_MS = 80
"""Sound that does not follow within this is not a part of the same run."""
SLICE_MS = 100


class PieceRecorder(Recorder, Protocol):
    """A recorder that cuts pieces and says so before it does."""

    before_cut: Callable[[], None]


class GatheringRecorder:
    """Implements ports.Recorder over another one, for a call in this format."""

    def __init__(self, recorder: PieceRecorder, audio: AudioFormat) -> None:
        self._recorder = recorder
        self._per_ms = audio.bytes_per_ms
        self._chunks: list[bytes] = []
        self._begin, self._ms = -inf, 0.0
        """When the run being gathered began, and how long it is."""
        self._runs: list[tuple[float, list[bytes]]] = []
        self.far = recorder.far
        """In few large pieces already, placed to the sample."""
        recorder.before_cut = self._hand_on

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """Sound of the call's format, its first sample spoken at `at_ms`."""
        late = at_ms - self._ms - self._begin
        if late > TORN_MS or late < -TORN_MS:
            self._tear(at_ms)
        elif late < 0:  # the chunk that was least late tells when the run began
            self._begin += late
        self._chunks.append(pcm)
        self._ms += len(pcm) / self._per_ms

    def start(self, at_ms: int) -> None:
        """Keep both sides from now on."""
        self._hand_on()
        self._recorder.start(at_ms)

    def stop(self) -> None:
        """Keep nothing from now on."""
        self._hand_on()
        self._recorder.stop()

    async def close(self) -> None:
        """Store the rest and wait for it."""
        self._hand_on()
        await self._recorder.close()

    def _tear(self, at_ms: float) -> None:
        if self._chunks:
            self._runs.append((self._begin, self._chunks))
            self._chunks = []
        self._begin, self._ms = at_ms, 0.0

    def _hand_on(self) -> None:
        self._tear(-inf)
        size = SLICE_MS * self._per_ms
        for begin, chunks in self._runs:
            pcm = b"".join(chunks)
            for at in range(0, len(pcm), size):
                self._recorder.caller(pcm[at : at + size], round(begin) + at // self._per_ms)
        self._runs.clear()
