"""What a kill -9 costs: the recording and the transcript of a call whose process died while somebody spoke."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.e2e.caller import Caller, start_session
from tests.e2e.conftest import SIMULATED, Running
from tests.e2e.processes import GREETING, recording, signal_holder, speech, transcript
from tests.e2e.sound import RATE, channels, kept_until, samples

pytestmark = pytest.mark.platform

MOST_LOST_MS = 2000
MONOLOGUE = (
    "I bought an old piano from my neighbour last summer, and since then two of its strings have been broken, the "
    "pedals make a terrible noise, and nobody in our town knows anybody who could come and look at it before winter"
)


def lost_ms(path: Path, side: int, sound: bytes, times: list[tuple[int, float]], killed: float) -> float:
    """How much of `sound`, which was under way when the process was killed, one side of a recording lacks."""
    upto = next((sample for sample, at in times if at > killed), times[-1][0])
    true = samples(sound)[:upto]
    kept = kept_until(channels(path)[side], true)
    assert kept > 2 * RATE, "what was said long before the kill is there"
    sample, at = max(pair for pair in times if pair[0] <= kept)
    return (killed - at - (kept - sample) / RATE) * 1000


@pytest.mark.parametrize("speaker", ["caller", "ai"])
async def test_a_kill_in_mid_speech_costs_at_most_two_seconds_of_sound_and_no_line(
    platform: Running, tmp_path: Path, speaker: str
) -> None:
    session = await asyncio.to_thread(start_session, platform.url, SIMULATED)
    caller = Caller(platform.url, session)
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 20)
    await asyncio.sleep(1.0)
    if speaker == "caller":
        words, stream, times = MONOLOGUE, caller.spoken, caller.spoken_at
    else:
        words, stream, times = "tell me about your company", caller.heard, caller.heard_at
    begin = len(stream) // 2
    caller.say(await speech(words))
    if speaker == "caller":
        await asyncio.sleep(6.0)
    else:
        await caller.until(lambda c: any("over many years" in text for text in c.said("assistant", final=False)), 30)
    await asyncio.to_thread(signal_holder, platform, session["callId"])
    killed = time.monotonic()
    final = {role: caller.said(role) for role in ("user", "assistant")}
    await caller.until(lambda c: c.closed_with is not None, 5)
    await caller.leave()

    back = await caller.returned()
    await back.hang_up()
    await back.leave()
    await asyncio.to_thread(recording, platform, session, tmp_path / "recording.wav")
    since = [(sample - begin, at) for sample, at in times if sample >= begin]
    side = int(speaker == "ai")
    lost = lost_ms(tmp_path / "recording.wav", side, bytes(stream[begin * 2 :]), since, killed)
    print(f"\n{speaker} in mid-speech: {lost:.0f} ms of sound lost by the kill")
    assert 0 < lost <= MOST_LOST_MS

    kept = await asyncio.to_thread(transcript, platform, session)
    stored = [line.partition(": ")[2] for line in kept]
    assert GREETING in final["assistant"]
    assert {*final["user"], *final["assistant"]} <= set(stored)
