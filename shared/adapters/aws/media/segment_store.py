"""Stores a recording's pieces on S3 as they come. Any obstore store will do (tests use memory).

`put` queues and returns; each piece is created exactly once (If-None-Match) and tried again, with jitter, until it is
stored. What waits is bounded for the whole process: beyond that pieces are dropped, counted and logged.

obstore rather than aiobotocore: measured against a loopback server, a put of 72 KB takes 0.21 ms of CPU, by
aiobotocore 0.92 ms.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore

from shared.domain.recording_layout import Encoding, piece_key

log = logging.getLogger(__name__)

SPOOL_BYTES = 64 * 1024 * 1024
RETRY_SECONDS = 0.2
LONGEST_RETRY = 5.0


class Spool:
    """How much may wait for storage, shared by the calls of a process. Sizes in bytes."""

    def __init__(self, limit: int = SPOOL_BYTES) -> None:
        self._limit = limit
        self.waiting = 0
        self.dropped = 0

    def take(self, size: int) -> bool:
        """Whether there was room."""
        if self.waiting + size > self._limit:
            self.dropped += 1
            if self.dropped & (self.dropped - 1) == 0:
                log.error("recordings degraded", extra={"dropped": self.dropped})
            return False
        self.waiting += size
        return True

    def give_back(self, size: int) -> None:
        """It is stored."""
        self.waiting -= size


PROCESS_SPOOL = Spool()


class S3SegmentStore:
    """One call's pieces, in one encoding. `epoch` tells the epoch we own; a piece is written once, never replaced."""

    def __init__(
        self,
        store: ObjectStore,
        company_id: str,
        call_id: str,
        epoch: Callable[[], int],
        spool: Spool = PROCESS_SPOOL,
        encoding: Encoding = "pcm",
    ) -> None:
        self._encoding = encoding
        self._store, self._company_id, self._call_id, self._epoch = store, company_id, call_id, epoch
        self._spool = spool
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def put(self, start_sample: int, pcm: bytes) -> None:
        """Store a piece in the background; dropped if storage has been away for too long."""
        if not self._spool.take(len(pcm)):
            return
        key = piece_key(self._company_id, self._call_id, start_sample, self._epoch(), self._encoding)
        self._waiting.append((key, pcm))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def flush(self) -> None:
        """Wait until every piece is stored."""
        if self._worker is not None:
            await asyncio.shield(self._worker)

    async def _work(self) -> None:
        wait = RETRY_SECONDS
        try:
            while self._waiting:
                key, pcm = self._waiting[0]
                if await self._store_one(key, pcm):
                    self._waiting.popleft()
                    self._spool.give_back(len(pcm))
                    wait = RETRY_SECONDS
                else:
                    await asyncio.sleep(wait * (0.5 + random.random()))
                    wait = min(LONGEST_RETRY, wait * 2)
        finally:
            self._spool.give_back(sum(len(pcm) for _, pcm in self._waiting))
            self._waiting.clear()

    async def _store_one(self, key: str, pcm: bytes) -> bool:
        try:
            await obstore.put_async(self._store, key, pcm, mode="create", use_multipart=False)
        except AlreadyExistsError:
            log.info("piece was stored already")
        except (BaseError, OSError) as error:
            log.warning("piece not stored yet", extra={"kind": type(error).__name__})
            return False
        return True
