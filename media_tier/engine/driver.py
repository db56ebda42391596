"""Feeds one call's events to its core and carries the commands out, in order, on the event loop.

No task and no queue: an event that arrives while another is handled waits its turn, and one timer stands at the
core's next deadline. Nothing here may block.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from media_tier.call.commands import Command
from media_tier.call.events import Event, Tick
from media_tier.ports import Clock

log = logging.getLogger(__name__)

TIMER_STEP = 0.001


class Core(Protocol):
    """The pure state machine of a call."""

    def receive(self, event: Event, now: float) -> list[Command]: ...
    def next_deadline(self) -> float | None: ...


class Driver:
    """`post` events in; `execute` is called for each command; `crashed` once if the call's own code fails.

    `note` is told of every event just before the core is.
    """

    def __init__(
        self,
        core: Core,
        execute: Callable[[Command], None],
        crashed: Callable[[], None],
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        note: Callable[[float, Event], None] = lambda now, event: None,
    ) -> None:
        self._core, self._execute, self._crashed, self._note = core, execute, crashed, note
        self._clock, self._loop = clock, loop
        self._pending: deque[Event] = deque()
        self._running = False
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._deadline: float | None = None
        """Of the core, since it was last given an event."""

    def post(self, event: Event) -> None:
        """Hand an event to the core, now or as soon as the one being handled is done."""
        if self._closed:
            return
        self._pending.append(event)
        if self._running:
            return
        self._running = True
        try:
            while self._pending and not self._closed:
                next_event, now = self._pending.popleft(), self._clock()
                self._note(now, next_event)
                for command in self._core.receive(next_event, now):
                    self._execute(command)
        except Exception:  # one call's failure must not reach the other calls of this process
            log.exception("a call failed")
            self.close()
            self._crashed()
        finally:
            self._running = False
        if not self._closed:
            self._deadline = self._core.next_deadline()
            self._arm()

    def close(self) -> None:
        """Take no more events and let the timer go."""
        self._closed = True
        self._pending.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        """Have the timer ring no later than the core's deadline; one that rings too early is set again then."""
        deadline = self._deadline
        if self._timer is not None:
            if deadline is None or self._timer_at <= deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer_at = deadline
            # uvloop counts whole milliseconds: without one more it would ring too early nearly every time.
            self._timer = self._loop.call_later(max(0.0, deadline - self._clock()) + TIMER_STEP, self._ring)

    def _ring(self) -> None:
        self._timer = None
        deadline = self._deadline
        if deadline is not None and deadline <= self._clock():
            self.post(Tick())
        else:
            self._arm()
