"""SIGTERM in mid-speech: the call moves to another process, the caller hardly notices, the process leaves in time."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.caller import Caller, start_session
from tests.e2e.conftest import ROOT, SIMULATED, Running
from tests.e2e.processes import GREETING, holder, pid_of, record, speech, transcript

pytestmark = pytest.mark.platform

DRAIN_SECONDS = 6
TASK = "media-that-leaves"


@dataclass(frozen=True)
class MediaProcess:
    """A media process of the platform that is this test's own child, so that its exit code can be seen."""

    process: subprocess.Popen[bytes]
    port: int

    def session(self, session: dict[str, Any]) -> dict[str, Any]:
        """The same session, joined here and not by way of the platform's address."""
        path = session["websocketUrl"].split("/", 3)[3]
        return {**session, "websocketUrl": f"ws://127.0.0.1:{self.port}/{path}"}


@pytest.fixture
def leaving(platform: Running, tmp_path: Path) -> Iterator[MediaProcess]:
    """One more process beside the platform's two."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    raw = Path(f"/proc/{pid_of(platform, next(iter(platform.run['media'])))}/environ").read_bytes()
    environment = dict(entry.decode().split("=", 1) for entry in raw.split(b"\0") if entry)
    own = {"TASK_ID": TASK, "MEDIA_PORT": str(port), "DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with (tmp_path / "media.log").open("wb") as output:
        command = [sys.executable, "-m", "media_tier"]
        process = subprocess.Popen(command, cwd=ROOT, env={**environment, **own}, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 30
        while not answers(port):
            assert process.poll() is None and time.monotonic() < until, (tmp_path / "media.log").read_text()
            time.sleep(0.1)
        yield MediaProcess(process, port)
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Whether the process takes calls."""
    with suppress(urllib.error.URLError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1):
        return True
    return False


async def in_speech(platform: Running, leaving: MediaProcess) -> Caller:
    """A call on the process that leaves, in the middle of a long answer."""
    session = await asyncio.to_thread(start_session, platform.url, SIMULATED)
    caller = Caller(platform.url, leaving.session(session))
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 20)
    caller.say(await speech("tell me about your company"))
    await caller.until(lambda c: any("small family" in text for text in c.said("assistant", final=False)), 30)
    assert (record(platform, session["callId"]).owner or "").startswith(TASK)
    caller.session = session
    return caller


@pytest.mark.parametrize("moves", ["when asked", "when the socket closes"])
async def test_a_call_in_speech_moves_on(platform: Running, leaving: MediaProcess, moves: str) -> None:
    caller = await in_speech(platform, leaving)
    leaving.process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    if moves == "when asked":
        await caller.until(lambda c: bool(c.of("reconnect")), DRAIN_SECONDS)
        back = await caller.returned(pause=0.0)
    else:
        await caller.until(lambda c: c.closed_with is not None, DRAIN_SECONDS + 2)
        assert caller.closed_with == 1001, "going away: the widget returns with its token"
        back = await caller.returned()
    final = {*caller.said("user"), *caller.said("assistant")}
    last = caller.heard_at[-1][1] + 0.02
    await caller.leave()
    await back.until(lambda c: bool(c.heard_at), 10)
    silence_ms = (back.heard_at[0][1] - last) * 1000
    code = await asyncio.to_thread(leaving.process.wait, DRAIN_SECONDS + 10)
    left_after = time.monotonic() - told
    print(f"\n{moves}: {silence_ms:.0f} ms of silence, the process left after {left_after:.1f} s with code {code}")
    assert code == 0
    assert left_after < DRAIN_SECONDS + 5
    assert silence_ms < 3000

    assert holder(platform, back.session["callId"])
    await back.until(lambda c: any("harbour" in text for text in c.said("assistant", final=False)), 20)
    await back.hang_up()
    await back.leave()
    kept = [line.partition(": ")[2] for line in await asyncio.to_thread(transcript, platform, back.session)]
    assert {GREETING, "Tell me about your company"} <= final <= set(kept)
