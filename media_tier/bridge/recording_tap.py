"""The recorder of one call: true-time tracks, stored piece by piece so that a killed process loses at most two seconds.

Pieces are cut by time, whether or not anybody speaks. `before_cut` is called just before, for who gathers sound above.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from media_tier.audio.formats import PCM_24K, AudioFormat
from media_tier.audio.tracks import Tracks

GRID_SECONDS = 0.05
"""Calls cut at the same moments, a few each: waking the uploader costs more than a piece."""


class SegmentStore(Protocol):
    """Stores pieces in the background, with retries; `flush` waits until they are stored."""

    def put(self, start_sample: int, pcm: bytes) -> None: ...
    async def flush(self) -> None: ...


class RecordingTap:
    """Implements ports.Recorder for a call in this format. `elapsed_ms` tells the time of the call."""

    def __init__(self, store: SegmentStore, elapsed_ms: Callable[[], int], audio: AudioFormat = PCM_24K) -> None:
        self._store, self._elapsed_ms = store, elapsed_ms
        self._tracks = Tracks(audio)
        self._timer: asyncio.TimerHandle | None = None
        self.before_cut: Callable[[], None] = _nothing

    def start(self, at_ms: int) -> None:
        """Keep both sides from now on."""
        if not self._tracks.running:
            self._tracks.start(at_ms)
            self._arm()

    def caller(self, pcm: bytes, at_ms: int) -> None:
        """The caller's sound."""
        self._tracks.caller(pcm, at_ms)

    def far(self, pcm: bytes, at_ms: int) -> None:
        """What the caller heard."""
        self._tracks.far(pcm, at_ms)

    def stop(self) -> None:
        """Keep nothing from now on; what was kept is stored."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for start, pcm in self._tracks.rest(self._elapsed_ms()):
            self._store.put(start, pcm)

    async def close(self) -> None:
        """Store the rest and wait for it."""
        self.stop()
        await self._store.flush()

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0, self._tracks.due_ms - self._elapsed_ms()) / 1000
        self._timer = loop.call_at(math.ceil(due / GRID_SECONDS) * GRID_SECONDS, self._cut)

    def _cut(self) -> None:
        self.before_cut()
        for start, pcm in self._tracks.due(self._elapsed_ms()):
            self._store.put(start, pcm)
        self._arm()


def _nothing() -> None:
    """Nobody gathers."""
