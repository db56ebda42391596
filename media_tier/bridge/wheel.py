"""One wheel per process turns every playout: a timer per call would cost more than the call.

Invariant: each member is called about every 20 ms while it wants to be, never twice for one turn however late the
loop is, and never after `remove`. Members are spread over spokes a few milliseconds apart, so that a full process
does not do all its sending in one go; a spoke nobody sits on sets no timer.
"""

import asyncio
import logging
from collections.abc import Callable

from media_tier.ports import FRAME_MS, Clock

_log = logging.getLogger(__name__)

PERIOD = FRAME_MS / 1000
SPOKES = 4

Turn = Callable[[float], bool]
"""Called with the clock's now; answers whether it wants the next turn too."""


class Wheel:
    """Calls its members every 20 ms. `clock` is what members get as now; call everything on the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._spokes = [_Spoke(clock, index * PERIOD / SPOKES) for index in range(SPOKES)]

    def __len__(self) -> int:
        return sum(len(spoke.members) for spoke in self._spokes)

    def add(self, turn: Turn) -> None:
        """Call `turn` from now on until it answers False or is removed. Adding it again changes nothing."""
        if not any(turn in spoke.members for spoke in self._spokes):
            min(self._spokes, key=lambda spoke: len(spoke.members)).add(turn)

    def remove(self, turn: Turn) -> None:
        """Do not call it again. Removing what is not there is fine."""
        for spoke in self._spokes:
            spoke.members.pop(turn, None)

    def close(self) -> None:
        """Stop turning."""
        for spoke in self._spokes:
            spoke.close()


class _Spoke:
    """The members called at one phase of the wheel."""

    def __init__(self, clock: Clock, phase: float) -> None:
        self._clock = clock
        self._phase = phase
        self._timer: asyncio.TimerHandle | None = None
        self._turns = 0
        self.members: dict[Turn, None] = {}

    def add(self, turn: Turn) -> None:
        self.members[turn] = None
        if self._timer is None:
            self._schedule()

    def close(self) -> None:
        self.members.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        # Always the next point of the grid: turns missed while the loop was late are not made up for. uvloop's timers
        # may be a millisecond early, so the point just served must not count as the next one.
        self._turns = max(self._turns + 1, int((loop.time() - self._phase) // PERIOD) + 1)
        self._timer = loop.call_at(self._turns * PERIOD + self._phase, self._turn)

    def _turn(self) -> None:
        self._timer = None
        now = self._clock()
        for turn in list(self.members):
            if turn not in self.members:
                continue  # removed by one that was called before it
            try:
                again = turn(now)
            except Exception:  # one call's defect must not silence the others
                _log.exception("A playout failed and is no longer turned")
                again = False
            if not again:
                self.members.pop(turn, None)
        if self.members and self._timer is None:
            self._schedule()
