"""How long this process stays: protected while it holds calls, retiring when a newer revision comes, gone when empty.

On Fargate a deployment or a scale-in stops tasks that are not protected (ECS, task scale-in protection). A process of
an old revision takes no new calls, keeps those it has to their end, and leaves by itself: its load balancer would keep
it for an hour. Invariant: asking for protection never delays a call, and a failure to get it is logged as an error.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from media_tier.ports import Clock
from shared.contracts.records.call import MediaTask

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
RENEW_SECONDS = 300.0
EMPTY_SECONDS = 30.0
"""Without a call for so long the protection is given back, and a retiring process leaves."""
PROVEN = timedelta(seconds=30)
"""A newer process that has lived so long is there to stay."""
ALIVE = timedelta(seconds=15)


class Protector(Protocol):
    """The agent of the container service. Both raise what the network raises."""

    async def protect(self, minutes: int) -> None: ...
    async def release(self) -> None: ...


class Held(Protocol):
    """What this process holds; set `retiring` and it takes nothing new."""

    retiring: bool

    @property
    def calls(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process this is, of which revision of the service, and since when."""

    task_id: str
    revision: str
    started_at: datetime


def superseded(own: Identity, tasks: Sequence[MediaTask], now: datetime) -> bool:
    """Whether a later process of another revision has proven itself: also one of an older number, after a roll-back."""
    return bool(own.revision) and any(
        task.revision not in ("", own.revision)
        and task.started_at is not None
        and task.started_at > own.started_at
        and now - task.started_at >= PROVEN
        and now - task.heartbeat_at <= ALIVE
        and not task.draining
        and not task.retiring
        for task in tasks
    )


class Tenure:
    """`look` is called every few seconds; `leave` ends the process in the orderly way."""

    def __init__(
        self, own: Identity, held: Held, protector: Protector, minutes: int, clock: Clock, leave: Callable[[], None]
    ) -> None:
        self._own, self._held, self._protector, self._minutes = own, held, protector, minutes
        self._clock, self._leave = clock, leave
        self._protected_at: float | None = None
        self._empty_since: float | None = None

    async def look(self, tasks: Sequence[MediaTask], now: datetime) -> None:
        """Do what is due."""
        if not self._held.retiring and superseded(self._own, tasks, now):
            log.info("a newer revision is there: no new calls", extra={"calls": self._held.calls})
            self._held.retiring = True
        if self._held.calls:
            self._empty_since = None
            await self._protect()
            return
        if self._empty_since is None:
            self._empty_since = self._clock()
        if self._clock() - self._empty_since >= EMPTY_SECONDS:
            await self._release()
            if self._held.retiring:
                log.info("the last call of an old revision is over")
                self._leave()

    async def _protect(self) -> None:
        if self._protected_at is not None and self._clock() - self._protected_at < RENEW_SECONDS:
            return
        try:
            await self._protector.protect(self._minutes)
        except Exception:  # the next look tries again
            log.exception("this process is not protected while it holds calls")
            return
        self._protected_at = self._clock()

    async def _release(self) -> None:
        if self._protected_at is None:
            return
        try:
            await self._protector.release()
        except Exception:  # it lapses by itself
            log.exception("the protection was not given back")
        self._protected_at = None


async def keep_looking(
    tenure: Tenure, tasks: Callable[[], Awaitable[Sequence[MediaTask]]], utc_now: Callable[[], datetime]
) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await tenure.look(await tasks(), utc_now())
        except Exception:  # storage may be away for a while
            log.exception("nobody knows how long this process stays")
