"""A spoken call in a real browser: the widget on the demo page, a WAV as the microphone, the simulated model."""

import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from shared.contracts.settings.call_settings import VoiceSettings
from tests.e2e.conftest import GEMINI, OPENAI, SIMULATED, OpenBrowser, Running
from tests.e2e.sound import RATE, Samples, best_match, channels, samples, utterances_of
from tests.e2e.widget import microphone_file, open_call, speak

pytestmark = [pytest.mark.browser, pytest.mark.crowded]

GREETING = "Hello! Thank you for calling. How can I assist you today?"
QUESTION, STORY, STOP, GOODBYE = "what are your business hours", "tell me about your company", "stop", "okay goodbye"
# The opening sentences take about 9.5 s, the answer to the question about 9 s.
SCHEDULE = ((11.5, QUESTION), (24.0, STORY), (31.0, STOP), (38.0, GOODBYE))


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """What the caller says, as a file."""
    path = tmp_path_factory.mktemp("microphone") / "caller.wav"
    return path, microphone_file(path, SCHEDULE, 60.0)


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
        names = ("firstSound", "socketOpen", "flushedAt", "stopAudioReceived")
        debug = f"() => ({{{', '.join(f'{name}: window.__call.{name}' for name in names)}}})"
        opened = frame.evaluate(debug)
        assert opened["firstSound"] - opened["socketOpen"] < 1000
        expect(lines).to_contain_text("Monday through Friday", timeout=20_000)
        expect(lines).to_contain_text("what are your business hours", ignore_case=True)
        expect(lines).to_contain_text("I would be happy to tell you", timeout=20_000)
        frame.wait_for_function("() => window.__call.flushedAt > 0", timeout=15_000)
        stopped = frame.evaluate(debug)
        assert stopped["flushedAt"] - stopped["stopAudioReceived"] < 200
        expect(frame.get_by_role("heading", name="Call Ended")).to_be_visible(timeout=30_000)
        assert time.monotonic() - began > SCHEDULE[-1][0]
        expect(frame.get_by_text("Total time:")).to_be_visible()

        heard = np.array(frame.evaluate("() => Array.from(window.__call.heard())"))
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
    the_recording_holds_what_was_said(tmp_path / "recording.wav", spoken, heard, voice)


def the_recording_holds_what_was_said(path: Path, spoken: list[bytes], heard: Samples, voice: str) -> None:
    """Both channels, each utterance whole and where it was spoken or heard."""
    caller, far = channels(path)
    (greeting,) = speak((GREETING,), VoiceSettings(voice_id=voice))
    # Recording begins once the announcement is known to have been heard: the greeting's first moments are before it.
    score, _ = best_match(far, samples(greeting[RATE:]))
    assert score > 0.95
    utterances = [(round(at * RATE), samples(pcm)) for (at, _), pcm in zip(SCHEDULE, spoken, strict=True)]
    after_the_opening = SCHEDULE[0][0] * RATE
    answers = [(at, run) for at, run in utterances_of(heard) if at > after_the_opening and len(run) > RATE // 5]
    assert len(answers) >= len(SCHEDULE)
    for name, channel, truth in (("caller", caller, utterances), ("AI", far, answers)):
        found = [(at, *best_match(channel, sound)) for at, sound in truth]
        first, _, begin = found[0]
        moved = [round((offset - begin - at + first) * 1000 / RATE) for at, _, offset in found]
        print(f"\n{name}: correlations {[round(score, 3) for _, score, _ in found]}, moved {moved} ms")
        assert min(score for _, score, _ in found) > 0.95
        assert max(map(abs, moved)) < 40
