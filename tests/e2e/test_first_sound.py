"""How soon a caller hears the chatbot, measured where sound leaves the page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import SIMULATED, OpenBrowser, Running
from tests.e2e.widget import microphone_file, open_call

pytestmark = pytest.mark.browser

WITHIN_MS = 300
CALLS = 3
FIGURES = """() => {
  const first = (event) => window.__call.log.find((entry) => entry.event === event)?.at ?? null;
  const names = ['socketOpen', 'confirmed', 'audioReceived', 'sounding'];
  return Object.fromEntries(names.map((name) => [name, first(name)]));
}"""


def test_the_greeting_is_audible_at_once(platform: Running, with_microphone: OpenBrowser, tmp_path: Path) -> None:
    microphone_file(tmp_path / "silence.wav", (), 20.0)
    waits: list[float] = []
    with with_microphone(tmp_path / "silence.wav") as page:
        while len(waits) < CALLS and (not waits or min(waits) >= WITHIN_MS):
            frame = open_call(page, platform.url, SIMULATED)
            frame.wait_for_function("() => window.__call?.firstSound != null", timeout=15_000)
            at = frame.evaluate(FIGURES)
            waits.append(at["sounding"] - at["socketOpen"])
            print("\nms after the socket opened:", {name: round(at[name] - at["socketOpen"]) for name in at})
            frame.get_by_role("button", name="End Call").click()
            expect(frame.get_by_role("heading", name="Call Ended")).to_be_visible(timeout=10_000)
    assert min(waits) < WITHIN_MS, waits
