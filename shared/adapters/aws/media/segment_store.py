"""Puts recording segments into S3 while calls last, for the media tier; any obstore store will do (tests use memory).

`put` queues and returns; each object is created exactly once (If-None-Match), retried with jitter until it is stored,
and never stalls a voice. What waits is bounded: beyond the spool new segments are dropped, counted and logged.

obstore instead of aiobotocore: MEASURED
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import ObjectStore, S3Store

log = logging.getLogger(__name__)

SPOOL_BYTES = 64 * 1024 * 1024
AT_ONCE = 32
FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0


def s3_store(bucket: str, region: str, endpoint: str | None = None, **credentials: Any) -> S3Store:
    """The bucket of recordings. Credentials come from the environment or the task's role unless given."""
    place: dict[str, Any] = {"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else {}
    return S3Store(
        bucket,
        region=region,
        client_options={"allow_http": endpoint is not None and endpoint.startswith("http://"), "timeout": "10s"},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=10)},
        **place,
        **credentials,
    )


class SegmentStore:
    """One per process. `jitter` gives numbers in [0, 1); `lost` counts segments given up."""

    def __init__(self, store: ObjectStore, jitter: Callable[[], float], spool_bytes: int = SPOOL_BYTES) -> None:
        self._store, self._jitter, self._room = store, jitter, spool_bytes
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting: dict[str, set[asyncio.Task[None]]] = {}
        self.lost = 0

    def put(self, key: str, data: bytes) -> None:
        """Store an object soon; returns at once."""
        if len(data) > self._room:
            self._give_up("no room for a recording segment")
            return
        self._room -= len(data)
        prefix = key[: key.rindex("/") + 1]
        task = asyncio.get_running_loop().create_task(self._deliver(key, data))
        tasks = self._waiting.setdefault(prefix, set())
        tasks.add(task)

        def done(finished: asyncio.Task[None]) -> None:
            self._room += len(data)
            tasks.discard(finished)
            if not tasks and self._waiting.get(prefix) is tasks:
                del self._waiting[prefix]

        task.add_done_callback(done)

    async def settled(self, prefix: str) -> None:
        """Wait until everything put under `prefix` so far is stored or given up."""
        tasks = self._waiting.get(prefix)
        if tasks:
            await asyncio.wait(tuple(tasks))

    async def close(self, seconds: float) -> int:
        """Wait at most `seconds` for everything; returns how many segments are given up."""
        tasks = [task for tasks in self._waiting.values() for task in tasks]
        if not tasks:
            return 0
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        return len(late)

    async def _deliver(self, key: str, data: bytes) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                async with self._slots:
                    await obstore.put_async(self._store, key, data, mode="create", use_multipart=False)
                return
            except AlreadyExistsError:
                return  # an earlier try of ours arrived although its answer did not
            except (PermissionDeniedError, UnauthenticatedError) as error:
                log.warning("recordings may not be stored", extra={"kind": type(error).__name__})
            except (BaseError, OSError) as error:
                log.info("storing a segment is tried again", extra={"kind": type(error).__name__})
            await asyncio.sleep(wait * (0.5 + self._jitter()))
            wait = min(LONGEST_WAIT, wait * 2)

    def _give_up(self, why: str) -> None:
        self.lost += 1
        if self.lost & (self.lost - 1) == 0:
            log.error("recording is degraded", extra={"why": why, "lost": self.lost})
