"""A media process is killed in mid-call: the caller goes on through the other one, or the reaper closes the call."""

import asyncio
import json
import time
import urllib.error

import pytest

from tests.e2e.caller import Caller, start_session
from tests.e2e.conftest import GEMINI, OPENAI, SIMULATED, Running
from tests.e2e.processes import GREETING, at_its_holder, record, signal_holder, speech, transcript

pytestmark = pytest.mark.platform


@pytest.mark.parametrize(
    ("chatbot", "question", "answer"),
    [
        (SIMULATED, "what did i ask you before", "our business hours"),
        (OPENAI, "what did i ask you before", "our business hours"),
        (OPENAI, "what is the status of order one two three", "1 2 3"),
        (GEMINI, "what did i ask you before", "our business hours"),
    ],
)
async def test_the_caller_goes_on_through_another_process(
    platform: Running, chatbot: str, question: str, answer: str
) -> None:
    session = await asyncio.to_thread(start_session, platform.url, chatbot)
    caller = Caller(platform.url, session)
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 20)
    caller.say(await speech("what are your business hours"))
    await caller.until(lambda c: any("business hours" in text.lower() for text in c.said("user")), 10)
    await caller.until(lambda c: any("Is there anything else" in text for text in c.said("assistant")), 20)
    await asyncio.sleep(1.5)
    acknowledged = await asyncio.to_thread(transcript, platform, session)
    signal_holder(platform, session["callId"])
    await caller.until(lambda c: c.closed_with is not None, 5)
    await caller.leave()
    resumed = await caller.returned()
    assert resumed.of("connected")[0]["resumed"]
    await asyncio.sleep(2.0)
    resumed.say(await speech(question))
    await resumed.until(lambda c: any(answer in text for text in c.said("assistant", final=False)), 15)
    assert GREETING not in resumed.said("assistant"), "a resumed call does not greet again"
    await resumed.hang_up()
    kept = await asyncio.to_thread(transcript, platform, session)
    assert set(acknowledged) <= set(kept), "no acknowledged line is lost"
    await resumed.leave()


async def test_a_line_cut_off_by_a_drop_is_told_on_return(platform: Running) -> None:
    session = await asyncio.to_thread(start_session, platform.url, SIMULATED)
    caller = Caller(platform.url, session)
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 20)
    caller.say(await speech("what are your business hours"))
    await caller.until(lambda c: any("Our business" in text for text in c.said("assistant", final=False)), 20)
    await caller.vanish()
    await asyncio.sleep(1.0)
    back = Caller(platform.url, await asyncio.to_thread(at_its_holder, platform, session))
    await back.connect(token=caller.resume_token)
    await back.until(lambda c: bool(c.of("transcript")), 5)
    told = back.of("transcript")[0]["data"]
    await back.hang_up()
    await back.leave()
    assert told["text"].startswith("Our business") and told["final"] and told["interrupted"]
    assert told["id"] == caller.of("transcript")[-1]["data"]["id"]


async def test_a_caller_who_does_not_come_back_is_let_go(platform: Running) -> None:
    session = await asyncio.to_thread(start_session, platform.url, SIMULATED)
    caller = Caller(platform.url, session)
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 20)
    await asyncio.sleep(2.0)
    killed = time.monotonic()
    signal_holder(platform, session["callId"])
    lived_ms = (time.monotonic() - caller.opened) * 1000
    await caller.leave()
    while time.monotonic() - killed < 60:
        await asyncio.sleep(2)
        call = record(platform, session["callId"])
        if call.recording_state == "ready":
            break
    assert call.end_reason == "media_lost"
    assert call.recording_state == "ready"
    assert call.duration_ms is not None
    assert call.duration_ms > lived_ms - 7000


async def test_a_refused_token_is_told_why(platform: Running) -> None:
    session = await asyncio.to_thread(start_session, platform.url, SIMULATED)
    stranger = Caller(platform.url, session)
    await stranger.connect(token="x" * 43)
    await stranger.until(lambda c: c.closed_with is not None, 5)
    assert stranger.closed_with == 4401
    assert stranger.of("error")[0]["code"] == "unauthorized"
    await stranger.leave()
    elsewhere = Caller(platform.url, session)
    await elsewhere.connect(origin="https://evil.example")
    await elsewhere.until(lambda c: c.closed_with is not None, 5)
    assert elsewhere.closed_with == 4403
    await elsewhere.leave()


def test_the_widget_cannot_call_a_chatbot_that_is_not_there(platform: Running) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        start_session(platform.url, "8d9e2b10-0000-4000-8000-00000000ffff")
    assert refused.value.code == 404
    assert json.loads(refused.value.read())["error"]["code"] == "not_found"
    refused.value.close()
