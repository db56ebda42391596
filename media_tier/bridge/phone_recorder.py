"""The recorder of a call in µ-law: sound is gathered for a moment, then decoded and resampled in one go.

Frame by frame that would cost more than the call. Invariant: everything reaches the recorder within BATCH_SECONDS,
which is far less than it waits before it cuts (`audio.tracks.HOLD_MS`), and at the time it sounded.
"""

import asyncio
from collections.abc import Callable

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K
from media_tier.audio.resampling import Resampler
from media_tier.ports import Recorder

BATCH_SECONDS = 0.25
TORN_MS = 80
"""Sound that does not follow within this is not a part of the same run."""


class PhoneRecorder:
    """Implements ports.Recorder over another one."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._caller, self._far = _Side(recorder.caller), _Side(recorder.far)
        self._timer: asyncio.TimerHandle | None = None

    def start(self, at_ms: int) -> None:
        """Keep both sides from now on."""
        self._flush()
        self._recorder.start(at_ms)

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """The caller's µ-law."""
        self._caller.add(pcm, at_ms)
        self._arm()

    def far(self, pcm: bytes, at_ms: int) -> None:
        """The µ-law that the caller heard."""
        self._far.add(pcm, at_ms)
        self._arm()

    def stop(self) -> None:
        """Keep nothing from now on."""
        self._flush()
        self._recorder.stop()

    async def close(self) -> None:
        """Store the rest and wait for it."""
        self._flush()
        await self._recorder.close()

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BATCH_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._caller.flush()
        self._far.flush()


class _Side:
    """A run of chunks that follow each other."""

    def __init__(self, sink: Callable[[bytes, int], None]) -> None:
        self._sink = sink
        self._up = Resampler(MULAW_8K.rate, PCM_24K.rate)
        self._chunks: list[bytes] = []
        self._length_ms = 0.0
        self._begin = 0.0

    def add(self, mulaw: bytes, at_ms: int) -> None:
        begin = at_ms - self._length_ms
        if self._chunks and abs(begin - self._begin) >= TORN_MS:
            self.flush()
            begin = float(at_ms)
        # The chunk that was least late tells when the run began.
        self._begin = min(self._begin, begin) if self._chunks else begin
        self._chunks.append(mulaw)
        self._length_ms += len(mulaw) / MULAW_8K.bytes_per_ms

    def flush(self) -> None:
        if self._chunks:
            pcm = self._up.push(g711.decode(b"".join(self._chunks)))
            begin = round(self._begin)
            self._chunks.clear()
            self._length_ms = 0.0
            self._sink(pcm, begin)
