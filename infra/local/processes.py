"""Child processes of the local platform: started in order, watched, and stopped in the reverse order."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

STOP_SECONDS = 15.0


@dataclass
class Child:
    """One process: what runs, where its output goes, whether it is restarted when it dies."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_path: Path
    restart: bool = False
    process: asyncio.subprocess.Process | None = None
    watch: "asyncio.Task[None] | None" = field(default=None, repr=False)

    async def start(self) -> None:
        """Start it, its output appended to its log file."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env={**os.environ, **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if self.restart:
            self.watch = asyncio.get_running_loop().create_task(self._revive())

    async def _revive(self) -> None:
        while self.process is not None:
            code = await self.process.wait()
            log.warning("process ended and is started again", extra={"child": self.name, "code": code})
            await asyncio.sleep(1.0)
            with self.log_path.open("ab") as output:
                self.process = await asyncio.create_subprocess_exec(
                    *self.command,
                    env={**os.environ, **self.environment},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )

    async def stop(self, grace: float = STOP_SECONDS) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds."""
        if self.watch is not None:
            self.watch.cancel()
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), grace)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def kill(self) -> None:
        """SIGKILL, as a crash would be."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this project with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


async def answered(url: str, child: Child, seconds: float) -> None:
    """Wait until `url` answers at all; say so if the process died or the time ran out."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if child.process is not None and child.process.returncode is not None and not child.restart:
            raise RuntimeError(f"{child.name} ended at once; its log is {child.log_path}")
        if await asyncio.to_thread(_answers, url):
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{child.name} did not answer within {seconds:.0f} s; its log is {child.log_path}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
