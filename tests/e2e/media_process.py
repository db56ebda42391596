"""A media process beside the platform's own: a test's child, so that it can be killed and its exit code be seen."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.conftest import ROOT, Running
from tests.e2e.processes import pid_of

TASK = "media-that-leaves"


@dataclass(frozen=True)
class MediaProcess:
    """A running one; whoever connects to the platform's address does not come to it."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def session(self, session: dict[str, Any]) -> dict[str, Any]:
        """The same session, joined here and not by way of the platform's address."""
        path = session["websocketUrl"].split("/", 3)[3]
        return {**session, "websocketUrl": f"ws://127.0.0.1:{self.port}/{path}"}


@contextmanager
def one_more(platform: Running, folder: Path, drain_seconds: float) -> Iterator[MediaProcess]:
    """Start one like the platform's; whatever becomes of it, it is gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    raw = Path(f"/proc/{pid_of(platform, next(iter(platform.run['media'])))}/environ").read_bytes()
    environment = dict(entry.decode().split("=", 1) for entry in raw.split(b"\0") if entry)
    own = {"TASK_ID": TASK, "MEDIA_PORT": str(port), "DRAIN_SECONDS": str(drain_seconds)}
    log = folder / "media.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "media_tier"]
        process = subprocess.Popen(command, cwd=ROOT, env={**environment, **own}, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 30
        while not answers(port):
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield MediaProcess(process, port, log)
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Whether the process takes calls."""
    with suppress(urllib.error.URLError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1):
        return True
    return False
