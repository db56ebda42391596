"""SIGTERM in mid-speech: the call moves to another process, the caller hardly notices, the process leaves in time."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.caller import Caller, start_session
from tests.e2e.conftest import SIMULATED, Running
from tests.e2e.media_process import TASK, MediaProcess, one_more
from tests.e2e.processes import GREETING, holder, record, speech, transcript

pytestmark = pytest.mark.platform

DRAIN_SECONDS = 6


@pytest.fixture
def leaving(platform: Running, tmp_path: Path) -> Iterator[MediaProcess]:
    """One more process beside the platform's two."""
    with one_more(platform, tmp_path, DRAIN_SECONDS) as process:
        yield process


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
    await back.until(lambda c: any("mountaineers" in text for text in c.said("assistant", final=False)), 20)
    await back.hang_up()
    await back.leave()
    kept = [line.partition(": ")[2] for line in await asyncio.to_thread(transcript, platform, back.session)]
    assert {GREETING, "Tell me about your company"} <= final <= set(kept)
