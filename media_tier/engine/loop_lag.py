"""How late the event loop is: a saturated loop is heard by every caller before any other number shows it.

Invariant: figures are of the last five seconds and in seconds; without samples they are 0. `overloaded` changes at
most once a second and has hysteresis, so that a process at its limit does not flicker in its load balancer.
"""

import asyncio
import logging
from collections import deque

from media_tier.ports import Clock

_log = logging.getLogger(__name__)

INTERVAL = 0.02
WINDOW = 5.0
LOG_ABOVE = 0.05
JUDGE_EVERY = 1.0
OVERLOADED_ABOVE = 0.1
"""A p99 above this: new calls are refused. Half of what the playout keeps ahead of the ear: nobody hears it yet."""
RELIEVED_BELOW = 0.04
"""A p99 below this: they are taken again."""


class LoopLag:
    """Sleeps 20 ms over and over and measures how much later than that it wakes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, float]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._logged_at = float("-inf")
        self._judge_at: float | None = None
        self.overloaded = False
        """New calls should go elsewhere."""

    def start(self) -> None:
        """Measure from now on."""
        self._task = asyncio.get_running_loop().create_task(self._measure())

    async def close(self) -> None:
        """Stop measuring."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    @property
    def p99(self) -> float:
        """Seconds that one wake-up in a hundred exceeded."""
        self._forget(self._clock())
        lags = sorted(lag for _, lag in self._samples)
        return lags[len(lags) * 99 // 100] if lags else 0.0

    @property
    def max(self) -> float:
        """The latest wake-up, in seconds."""
        self._forget(self._clock())
        return max((lag for _, lag in self._samples), default=0.0)

    def record(self, now: float, lag: float) -> None:
        """Take one sample; logs, at most once a second, what exceeds 50 ms."""
        self._samples.append((now, lag))
        self._forget(now)
        if self._judge_at is None:
            self._judge_at = now + WINDOW + JUDGE_EVERY  # a process that starts is late for reasons of its own
        elif now >= self._judge_at:
            self._judge_at = now + JUDGE_EVERY
            self._judge()
        if lag > LOG_ABOVE and now - self._logged_at >= 1:
            self._logged_at = now
            _log.warning("The event loop was late", extra={"lag_ms": round(lag * 1000)})

    def _judge(self) -> None:
        p99 = self.p99
        if p99 > OVERLOADED_ABOVE and not self.overloaded:
            self.overloaded = True
            _log.error("The event loop is overloaded: no new calls", extra={"p99_ms": round(p99 * 1000)})
        elif p99 < RELIEVED_BELOW and self.overloaded:
            self.overloaded = False
            _log.warning("The event loop is relieved: new calls are taken", extra={"p99_ms": round(p99 * 1000)})

    def _forget(self, now: float) -> None:
        while self._samples and self._samples[0][0] < now - WINDOW:
            self._samples.popleft()

    async def _measure(self) -> None:
        while True:
            before = self._clock()
            await asyncio.sleep(INTERVAL)
            now = self._clock()
            self.record(now, max(0.0, now - before - INTERVAL))
