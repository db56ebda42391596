"""How much slower than alone this machine lets anybody be: what takes 5 ms of a processor is timed again and again.

A second of a caller's is a second on a machine that is not overcommitted; where others have the processors, everything
takes longer by what is measured here.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST = 5.0
"""Nothing excuses more than this."""
_WORK = """
import sys, threading, time
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
took = []
while not over.wait(0.04):
    began, until = time.monotonic(), time.thread_time() + 0.005
    while time.thread_time() < until:
        pass
    took.append((time.monotonic() - began) / 0.005)
print(sum(took) / max(1, len(took)))
"""


@dataclass
class Pace:
    """`stretch` is there once the measuring is over: 1 on a machine of one's own."""

    stretch: float = 1.0


@contextmanager
def measured() -> Iterator[Pace]:
    """Measure as long as this lasts."""
    pace = Pace()
    with subprocess.Popen([sys.executable, "-c", _WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as work:
        try:
            yield pace
        finally:
            told, _ = work.communicate(b"")
            pace.stretch = min(MOST, max(1.0, float(told)))
