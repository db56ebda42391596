"""Where a socket belongs: with its call's holder, else here while there is room, else where there is most."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from shared.contracts.records.call import MediaTask

log = logging.getLogger(__name__)

ALIVE = timedelta(seconds=15)
"""Three heartbeats: whoever is silent for longer has lost its calls to whoever asks for them."""
KEPT = timedelta(seconds=5)
"""A heartbeat: how long what is known of the others is good for. Who has changed meanwhile refuses what it is sent."""


class Registry(Protocol):
    """What processes say of themselves, and who holds a call."""

    async def tasks(self) -> Sequence[MediaTask]: ...

    async def owner(self, session_id: str) -> str | None:
        """The process whose call this is; None: nobody's, over, or left behind for whoever comes."""


class Here(Protocol):
    """This process."""

    draining: bool

    @property
    def ready(self) -> bool: ...

    def holds(self, session_id: str) -> bool: ...


class FleetPlaces:
    """See media_tier.legs.relay.Places. `utc_now` is the time heartbeats are judged by."""

    def __init__(self, task_id: str, here: Here, registry: Registry, utc_now: Callable[[], datetime]) -> None:
        self._task_id, self._here, self._registry, self._utc_now = task_id, here, registry, utc_now
        self._known: tuple[datetime, dict[str, MediaTask]] | None = None

    async def better_than_here(self, session_id: str) -> str | None:
        """See the port; without an answer of the registry everything belongs here."""
        if self._here.holds(session_id):
            return None
        try:
            others = await self._others()
            if not others:
                return None
            holder = others.get(await self._registry.owner(session_id) or "")
        except Exception:  # whatever storage fails on, the caller is here and may be served
            log.exception("it is not known where a socket belongs")
            return None
        if holder is not None and not holder.draining:
            return holder.address
        if self._here.ready:
            return None
        roomy = [task for task in others.values() if task.room > 0 and not task.draining and not task.retiring]
        return max(roomy, key=lambda task: task.room).address if roomy else None

    def takes(self, session_id: str) -> bool:
        """See the port. Others learn with the next heartbeat only that this process leaves."""
        return self._here.ready or (self._here.holds(session_id) and not self._here.draining)

    async def _others(self) -> dict[str, MediaTask]:
        now = self._utc_now()
        if self._known is None or now - self._known[0] > KEPT:
            tasks = await self._registry.tasks()
            living = {task.task_id: task for task in tasks if now - task.heartbeat_at <= ALIVE}
            living.pop(self._task_id, None)
            self._known = (now, living)
        return self._known[1]
