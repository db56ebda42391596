"""The widget in a browser as a person uses it: its call interface opened by keyboard, a voice as its microphone."""

import asyncio
from pathlib import Path

from playwright.sync_api import Frame, Page

from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.settings.call_settings import VoiceSettings
from tests.e2e.sound import timeline, write_wav

CALLER = VoiceSettings(voice_id="simulated-ben")
Schedule = tuple[tuple[float, str], ...]


def speak(texts: tuple[str, ...], voice: VoiceSettings) -> list[bytes]:
    """Render speech as somebody else than the AI."""

    async def render() -> list[bytes]:
        speech = EspeakSpeech()
        spoken = [await speech.render(model_id="caller", voice=voice, text=text) for text in texts]
        speech.close()
        return spoken

    return asyncio.run(render())


def microphone_file(path: Path, schedule: Schedule, seconds: float) -> list[bytes]:
    """Write what the caller says (seconds, words) as a WAV; returns the utterances."""
    spoken = speak(tuple(text for _, text in schedule), CALLER)
    write_wav(path, timeline([(at, pcm) for (at, _), pcm in zip(schedule, spoken, strict=True)], seconds))
    return spoken


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
