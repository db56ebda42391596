"""The processes of a running platform and what they have stored: who holds a call, how to kill it, what is kept."""

import contextlib
import json
import os
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.local import aws
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.records.call import CallRecord
from shared.contracts.settings.call_settings import VoiceSettings
from tests.e2e.conftest import Running

COMPANY = "3f1d0c52-7a55-4c1e-9a52-5f6f6f2b7c01"
GREETING = "Hello! Thank you for calling. How can I assist you today?"


async def speech(text: str, voice: str = "simulated-ben") -> bytes:
    """Somebody's voice, the caller's if nothing else is said."""
    renderer = EspeakSpeech()
    pcm = await renderer.render(model_id="caller", voice=VoiceSettings(voice_id=voice), text=text)
    renderer.close()
    return pcm


def record(running: Running, call_id: str) -> CallRecord:
    """The call as it is stored."""
    calls = Table(aws.client("dynamodb", running.run["aws"]), "calls")
    found = calls.get(keys.call(COMPANY, call_id), CallRecord)
    assert found is not None
    return found


def holder(running: Running, call_id: str) -> str:
    """The task id of the process that holds the call, as the platform named it."""
    owner = record(running, call_id).owner or ""
    return str(next(task_id for task_id in running.run["media"] if owner.startswith(task_id)))


def at_its_holder(running: Running, session: dict[str, Any]) -> dict[str, Any]:
    """The session with the address of the very process that holds its call."""
    port = running.run["media"][holder(running, session["callId"])]["port"]
    path = urlsplit(session["websocketUrl"]).path
    return {**session, "websocketUrl": f"ws://127.0.0.1:{port}{path}"}


def signal_holder(running: Running, call_id: str, number: signal.Signals = signal.SIGKILL) -> tuple[str, int]:
    """Send a signal to the process that holds the call; returns its task id and process id."""
    task_id = holder(running, call_id)
    pid = pid_of(running, task_id)
    os.kill(pid, number)
    return task_id, pid


def pid_of(running: Running, task_id: str) -> int:
    """The process now running as this task (it may have been started again since)."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TASK_ID={task_id}".encode() in entry.read_bytes().split(b"\0"):
                return int(entry.parent.name)
    raise AssertionError(f"{task_id} does not run")


def recording(running: Running, session: dict[str, Any], path: Path) -> None:
    """Save the recording of a call that is over, as soon as it has been put together."""
    request = urllib.request.Request(
        f"{running.url}/api/widget/call/{session['callId']}/recording",
        headers={"authorization": f"Bearer {session['readToken']}"},
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with urllib.request.urlopen(request, timeout=10) as answer:
            told = json.loads(answer.read())
        if told["state"] == "ready":
            with urllib.request.urlopen(told["url"], timeout=30) as file:
                path.write_bytes(file.read())
            return
        time.sleep(0.5)
    raise AssertionError("the recording was not made")


def transcript(running: Running, session: dict[str, Any]) -> list[str]:
    """The stored transcript's lines."""
    request = urllib.request.Request(
        f"{running.url}/api/widget/call/{session['callId']}/transcript?format=txt",
        headers={"authorization": f"Bearer {session['readToken']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode()).splitlines()
