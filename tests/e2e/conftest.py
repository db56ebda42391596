"""The local platform as a fixture, and a browser whose microphone is a file."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from infra.local import aws
from infra.local.demo import CHATBOTS
from shared.adapters.aws.dynamo.settings import DynamoChatbots
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.settings.call_settings import AudioProcessingSettings

ROOT = Path(__file__).parents[2]
MARK = "PLATFORM_UNDER_TEST"
SIMULATED, OPENAI, GEMINI = (f"8d9e2b10-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


@dataclass(frozen=True)
class Running:
    """The platform under test."""

    url: str
    data: Path

    @property
    def run(self) -> dict[str, Any]:
        """Addresses and process ids."""
        return dict(json.loads((self.data / "run.json").read_text()))

    def log(self, name: str) -> str:
        """The log of a process."""
        return (self.data / "logs" / f"{name}.log").read_text(errors="replace")


def start_platform(data: Path, *, patience: float = 150.0) -> tuple[subprocess.Popen[bytes], Running]:
    """Start the platform on any free port and wait until it is ready; leaves nothing behind when it does not get so."""
    command = [sys.executable, "-m", "infra.local", "--port", "0", "--data", str(data)]
    with (data.parent / f"{data.name}.out").open("wb") as output:
        marked = {**os.environ, MARK: str(data)}
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=marked)
    until = time.monotonic() + patience
    while time.monotonic() < until and process.poll() is None:
        if (data / "run.json").exists():
            return process, Running(json.loads((data / "run.json").read_text())["url"], data)
        time.sleep(0.1)
    stop_platform(process, data, grace=5)
    raise RuntimeError((data.parent / f"{data.name}.out").read_text())


def stop_platform(process: subprocess.Popen[bytes], data: Path, *, grace: float = 30.0) -> int | None:
    """Ask it to stop; whatever it started and is still there after `grace` seconds is killed. Returns its exit code."""
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    for pid in processes_of(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return process.wait(10)


def processes_of(data: Path) -> list[int]:
    """Everything started for this platform: each process has a session of its own, but all inherit the mark."""
    mark, found = f"{MARK}={data}".encode(), []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One platform for all tests of this folder."""
    process, running = start_platform(tmp_path_factory.mktemp("platform") / "data")
    try:
        # Without the processing that would reshape what the tests compare.
        publish(running, audio=AudioProcessingSettings(echo_cancellation=False, noise_suppression=False))
        yield running
    finally:
        code = stop_platform(process, running.data)
    assert code == 0, "it was killed because it did not stop by itself"


def publish(running: Running, **changes: Any) -> None:
    """Change the settings of every chatbot for the calls to come."""
    chatbots = DynamoChatbots(Table(aws.client("dynamodb", running.run["aws"]), "core"))
    for bot, settings, _ in CHATBOTS:
        chatbot = chatbots.get(bot.company_id, bot.chatbot_id)
        assert chatbot is not None
        chatbots.publish(chatbot, settings.model_copy(update=changes))


OpenBrowser = Callable[[Path], Any]


@pytest.fixture
def with_microphone() -> OpenBrowser:
    """Opens Chromium with a WAV as its microphone; the file starts when the page opens the device."""

    @contextmanager
    def open_browser(wav: Path) -> Iterator[Page]:
        with sync_playwright() as playwright:
            browser: Browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                headless=True,
                args=[
                    "--no-sandbox",
                    "--use-fake-ui-for-media-stream",
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-audio-capture={wav}%noloop",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--no-first-run",
                ],
            )
            yield browser.new_context(accept_downloads=True, reduced_motion="reduce").new_page()
            browser.close()

    return open_browser
