"""The local platform as a fixture, and a browser whose microphone is a file."""

import json
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


def start_platform(data: Path) -> tuple[subprocess.Popen[bytes], Running]:
    """Start the platform on any free port and wait until it is ready."""
    command = [sys.executable, "-m", "infra.local", "--port", "0", "--data", str(data)]
    with (data.parent / f"{data.name}.out").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if (data / "run.json").exists():
            return process, Running(json.loads((data / "run.json").read_text())["url"], data)
        time.sleep(0.1)
    process.kill()
    raise RuntimeError((data.parent / f"{data.name}.out").read_text())


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One platform for all tests of this folder."""
    process, running = start_platform(tmp_path_factory.mktemp("platform") / "data")
    hear_the_microphone_as_it_is(running)
    yield running
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def hear_the_microphone_as_it_is(running: Running) -> None:
    """Publish settings without echo cancellation and noise suppression, which reshape what the test compares."""
    chatbots = DynamoChatbots(Table(aws.client("dynamodb", running.run["aws"]), "core"))
    raw = AudioProcessingSettings(echo_cancellation=False, noise_suppression=False)
    for bot, settings, _ in CHATBOTS:
        chatbot = chatbots.get(bot.company_id, bot.chatbot_id)
        assert chatbot is not None
        chatbots.publish(chatbot, settings.model_copy(update={"audio": raw}))


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
