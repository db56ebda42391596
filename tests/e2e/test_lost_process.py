"""A media process is killed in mid-call: the caller goes on through the other one, or the reaper closes the call."""

import asyncio
import contextlib
import json
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from infra.local import aws
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.records.call import CallRecord
from shared.contracts.settings.call_settings import VoiceSettings
from tests.e2e.caller import Caller, start_session
from tests.e2e.conftest import GEMINI, OPENAI, SIMULATED, Running

pytestmark = pytest.mark.platform

COMPANY = "3f1d0c52-7a55-4c1e-9a52-5f6f6f2b7c01"
GREETING = "Hello! Thank you for calling. How can I assist you today?"


async def speech(text: str) -> bytes:
    """The caller's voice."""
    renderer = EspeakSpeech()
    pcm = await renderer.render(model_id="caller", voice=VoiceSettings(voice_id="simulated-ben"), text=text)
    renderer.close()
    return pcm


def record(running: Running, call_id: str) -> CallRecord:
    """The call as it is stored."""
    calls = Table(aws.client("dynamodb", running.run["aws"]), "calls")
    found = calls.get(keys.call(COMPANY, call_id), CallRecord)
    assert found is not None
    return found


def kill_owner(running: Running, call_id: str) -> None:
    """SIGKILL the process that holds the call."""
    owner = record(running, call_id).owner or ""
    name = next(task_id for task_id in running.run["media"] if owner.startswith(task_id))
    os.kill(pid_of(running, name), signal.SIGKILL)


def pid_of(running: Running, task_id: str) -> int:
    """The process now running as this task (it may have been started again since)."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TASK_ID={task_id}".encode() in entry.read_bytes().split(b"\0"):
                return int(entry.parent.name)
    raise AssertionError(f"{task_id} does not run")


def transcript(running: Running, session: dict[str, Any]) -> list[str]:
    """The stored transcript's lines."""
    request = urllib.request.Request(
        f"{running.url}/api/widget/call/{session['callId']}/transcript?format=txt",
        headers={"authorization": f"Bearer {session['readToken']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode()).splitlines()


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
    kill_owner(platform, session["callId"])
    await caller.until(lambda c: c.closed_with is not None, 5)
    await caller.leave()
    resumed = Caller(platform.url, session)
    await resumed.connect(token=caller.resume_token)
    await resumed.until(lambda c: bool(c.of("connected")), 5)
    assert resumed.of("connected")[0]["resumed"]
    await asyncio.sleep(2.0)
    resumed.say(await speech(question))
    await resumed.until(lambda c: any(answer in text for text in c.said("assistant", final=False)), 15)
    assert GREETING not in resumed.said("assistant"), "a resumed call does not greet again"
    await resumed.hang_up()
    kept = await asyncio.to_thread(transcript, platform, session)
    assert set(acknowledged) <= set(kept), "no acknowledged line is lost"
    await resumed.leave()


async def test_a_caller_who_does_not_come_back_is_let_go(platform: Running) -> None:
    session = await asyncio.to_thread(start_session, platform.url, SIMULATED)
    caller = Caller(platform.url, session)
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 20)
    await asyncio.sleep(2.0)
    killed = time.monotonic()
    kill_owner(platform, session["callId"])
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
