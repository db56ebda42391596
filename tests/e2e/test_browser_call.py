"""A spoken call in a real browser: the widget on the demo page, a WAV as the microphone, the simulated model."""

import asyncio
import itertools
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Frame, Page, expect

from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.settings.call_settings import VoiceSettings
from tests.e2e.conftest import GEMINI, OPENAI, SIMULATED, OpenBrowser, Running
from tests.e2e.sound import RATE, Samples, best_match, channels, timeline, write_wav

pytestmark = pytest.mark.browser

GREETING = "Hello! Thank you for calling. How can I assist you today?"
CALLER = VoiceSettings(voice_id="simulated-ben")
QUESTION, STORY, STOP, GOODBYE = "what are your business hours", "tell me about your company", "stop", "okay goodbye"
# The opening sentences take about 9.5 s, the answer to the question about 9 s.
SCHEDULE = ((11.5, QUESTION), (24.0, STORY), (31.0, STOP), (38.0, GOODBYE))


def speak(texts: tuple[str, ...], voice: VoiceSettings) -> list[bytes]:
    """Render speech as somebody else than the AI."""

    async def render() -> list[bytes]:
        speech = EspeakSpeech()
        spoken = [await speech.render(model_id="caller", voice=voice, text=text) for text in texts]
        speech.close()
        return spoken

    return asyncio.run(render())


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """What the caller says, as a file."""
    spoken = speak(tuple(text for _, text in SCHEDULE), CALLER)
    path = tmp_path_factory.mktemp("microphone") / "caller.wav"
    write_wav(path, timeline([(at, pcm) for (at, _), pcm in zip(SCHEDULE, spoken, strict=True)], 60.0))
    return path, spoken


def open_call(page: Page, url: str, chatbot: str) -> Frame:
    """Open the demo page and press the call button, by keyboard: its shadow root is closed to scripts."""
    page.goto(f"{url}/?debug=1&chatbot={chatbot}", wait_until="networkidle")
    page.wait_for_selector("[data-call-widget]", state="attached")
    page.wait_for_timeout(500)
    page.keyboard.press("Shift+Tab")
    with page.expect_event("frameattached"):
        page.keyboard.press("Enter")
    for _ in range(100):
        frame = next((f for f in page.frames if "/widget/frame/" in f.url), None)
        if frame is not None:
            return frame
        page.wait_for_timeout(50)
    raise AssertionError("the call interface did not open")


@pytest.mark.parametrize(("chatbot", "voice"), [(SIMULATED, "simulated-anna"), (OPENAI, "marin"), (GEMINI, "Kore")])
def test_a_whole_call(
    platform: Running,
    with_microphone: OpenBrowser,
    microphone: tuple[Path, list[bytes]],
    tmp_path: Path,
    chatbot: str,
    voice: str,
) -> None:
    wav, spoken = microphone
    with with_microphone(wav) as page:
        began = time.monotonic()
        frame = open_call(page, platform.url, chatbot)
        lines = frame.locator(".transcript")
        expect(lines).to_contain_text(GREETING, timeout=15_000)
        names = ("firstAudioPlayed", "socketOpen", "flushedAt", "stopAudioReceived")
        debug = f"() => ({{{', '.join(f'{name}: window.__call.{name}' for name in names)}}})"
        opened = frame.evaluate(debug)
        assert opened["firstAudioPlayed"] - opened["socketOpen"] < 1000
        expect(lines).to_contain_text("Monday through Friday", timeout=20_000)
        expect(lines).to_contain_text("what are your business hours", ignore_case=True)
        expect(lines).to_contain_text("I would be happy to tell you", timeout=20_000)
        frame.wait_for_function("() => window.__call.flushedAt > 0", timeout=15_000)
        stopped = frame.evaluate(debug)
        assert stopped["flushedAt"] - stopped["stopAudioReceived"] < 200
        expect(frame.get_by_role("heading", name="Call Ended")).to_be_visible(timeout=30_000)
        assert time.monotonic() - began > SCHEDULE[-1][0]
        expect(frame.get_by_text("Total time:")).to_be_visible()

        frame.get_by_role("radio", name="4 stars").check(force=True)
        frame.get_by_role("button", name="Submit").click()
        expect(frame.get_by_text("Thank you for your feedback!")).to_be_visible()
        with page.expect_download() as download:
            frame.get_by_role("button", name="Download Transcript").click()
        assert download.value.suggested_filename.startswith("transcript-")
        text = Path(download.value.path()).read_text()
        with page.expect_download(timeout=20_000) as recording:
            frame.get_by_role("button", name="Download Recording").click()
        recording.value.save_as(tmp_path / "recording.wav")

    assert "user: what are your business hours" in text.lower()
    assert "Agent: Thank you for calling. Goodbye!" in text
    story = next(line for line in text.splitlines() if "I would be happy to tell you" in line)
    assert "mountaineers" not in story, "words that were never heard must not stay"
    the_recording_holds_what_was_said(tmp_path / "recording.wav", spoken, voice)


def the_recording_holds_what_was_said(path: Path, spoken: list[bytes], voice: str) -> None:
    """Both channels, each utterance where it was spoken."""
    caller, far = channels(path)
    offsets = []
    for pcm in spoken:
        score, at = in_windows(caller, pcm)
        assert score > 0.95
        offsets.append(at)
    gaps = [b - a for a, b in itertools.pairwise(offsets)]
    wanted = [b[0] - a[0] for a, b in itertools.pairwise(SCHEDULE)]
    assert gaps == pytest.approx(wanted, abs=0.04)
    (greeting,) = speak((GREETING,), VoiceSettings(voice_id=voice))
    # Recording begins once the announcement is known to have been heard: the greeting's first moments are before it.
    score, _ = in_windows(far, greeting[RATE:])
    assert score > 0.95


def in_windows(channel: Samples, pcm: bytes) -> tuple[float, float]:
    """How well a channel holds a sound (median over quarters of a second), and where it begins, in seconds.

    A clock that is put right in mid-word moves the rest by some samples, which windows do not mind.
    """
    sound, size = np.frombuffer(pcm, dtype=np.int16).astype(np.float64), RATE // 4
    _, rough = best_match(channel, sound)
    near = channel[max(0, rough - RATE) : rough + len(sound) + RATE]
    found = [
        (*best_match(near, sound[at : at + size]), at)
        for at in range(0, len(sound) - size + 1, size)
        if np.abs(sound[at : at + size]).mean() > 500
    ]
    start = max(0, rough - RATE) + float(np.median([offset - at for _, offset, at in found]))
    return float(np.median([score for score, _, _ in found])), start / RATE
