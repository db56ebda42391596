"""How late the event loop is: a saturated loop is heard by every caller before any other number shows it.

Invariant: figures are of the last ten seconds and in seconds; without samples they are 0.
"""

import asyncio
import logging
from collections import deque

from media_tier.ports import Clock

_log = logging.getLogger(__name__)

INTERVAL = 0.02
WINDOW = 10.0
LOG_ABOVE = 0.05


class LoopLag:
    """Sleeps 20 ms over and over and measures how much later than that it wakes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, float]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._logged_at = float("-inf")

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
        if lag > LOG_ABOVE and now - self._logged_at >= 1:
            self._logged_at = now
            _log.warning("The event loop was late", extra={"lag_ms": round(lag * 1000)})

    def _forget(self, now: float) -> None:
        while self._samples and self._samples[0][0] < now - WINDOW:
            self._samples.popleft()

    async def _measure(self) -> None:
        while True:
            before = self._clock()
            await asyncio.sleep(INTERVAL)
            now = self._clock()
            self.record(now, max(0.0, now - before - INTERVAL))
