"""An event loop on which no time passes while something can be done, and any amount of it once nothing can.

Timers of the code under test run in their order and without waiting. There is no outside world: sockets, threads and
processes are not for this loop.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at zero and jumps to the next timer whenever the loop is idle."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class _Jump(selectors.SelectSelector):
    """Instead of waiting for the outside, lets time pass."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing will ever happen any more")
        self._loop.jump(max(0.0, timeout))
        return []


def run[T](what: Coroutine[Any, Any, T]) -> T:
    """Run this in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(what)
