"""Stores a recording's pieces on S3 as they come, through obstore (a fraction of botocore's CPU for each put)."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore

from shared.domain.recording_layout import piece_key

log = logging.getLogger(__name__)

MAX_WAITING_BYTES = 64 * 1024 * 1024
RETRY_SECONDS = 0.2
LONGEST_RETRY = 5.0


class S3SegmentStore:
    """One call's pieces. `epoch` tells the epoch we own; a piece is written once and never replaced."""

    def __init__(self, store: ObjectStore, company_id: str, call_id: str, epoch: Callable[[], int]) -> None:
        self._store, self._company_id, self._call_id, self._epoch = store, company_id, call_id, epoch
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._bytes = 0
        self._worker: asyncio.Task[None] | None = None
        self.dropped = 0

    def put(self, start_sample: int, pcm: bytes) -> None:
        """Store a piece in the background; dropped (and counted) if storage has been away for too long."""
        if self._bytes + len(pcm) > MAX_WAITING_BYTES:
            self.dropped += 1
            log.error("recording degraded", extra={"dropped": self.dropped})
            return
        self._waiting.append((piece_key(self._company_id, self._call_id, start_sample, self._epoch()), pcm))
        self._bytes += len(pcm)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def flush(self) -> None:
        """Wait until every piece is stored."""
        if self._worker is not None:
            await asyncio.shield(self._worker)

    async def _work(self) -> None:
        wait = RETRY_SECONDS
        while self._waiting:
            key, pcm = self._waiting[0]
            try:
                await obstore.put_async(self._store, key, pcm, mode="create")
            except AlreadyExistsError:
                log.info("piece was stored already")
            except (BaseError, OSError) as error:
                log.warning("piece not stored yet", extra={"kind": type(error).__name__})
                await asyncio.sleep(wait * (0.5 + random.random()))
                wait = min(LONGEST_RETRY, wait * 2)
                continue
            self._waiting.popleft()
            self._bytes -= len(pcm)
            wait = RETRY_SECONDS
