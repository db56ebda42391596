"""Sentences rendered ahead: the SDK's speech request against the stand-in."""

import pytest

from infra.local.standins.tones import ToneVoice
from shared.adapters.gemini_speech import GeminiSpeech
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechFailed, SpeechRenderer
from tests.wire.gemini_fixtures import standing_in

KORE = VoiceSettings(voice_id="Kore")


async def render(speech: SpeechRenderer, text: str = "Welcome to us", voice: VoiceSettings = KORE) -> bytes:
    return await speech.render(model_id="gemini-3.8-live", voice=voice, text=text)


async def test_a_sentence_is_spoken_in_the_chosen_voice() -> None:
    async with standing_in() as stand_in:
        pcm = await render(GeminiSpeech("local", stand_in.rest_url))
        ((path, body),) = stand_in.speech.requests
    assert pcm == await ToneVoice().speak("Welcome to us", "Kore")
    assert path == "/v1beta/models/gemini-3.8-flash-lite-tts:generateContent"
    assert body["contents"] == [{"parts": [{"text": "Welcome to us"}], "role": "user"}]
    assert body["generationConfig"]["responseModalities"] == ["AUDIO"]
    assert "Kore" in str(body["generationConfig"]["speechConfig"])


async def test_refusals_are_failures_without_the_words() -> None:
    async with standing_in() as stand_in:
        with pytest.raises(SpeechFailed) as wrong_key:
            await render(GeminiSpeech("wrong", stand_in.rest_url), text="a secret")
        with pytest.raises(SpeechFailed):
            await render(GeminiSpeech("local", stand_in.rest_url), voice=VoiceSettings(voice_id="fable"))
        stand_in.speech.refuse_status = 403
        with pytest.raises(SpeechFailed, match="403"):
            await render(GeminiSpeech("local", stand_in.rest_url))
    assert "secret" not in str(wrong_key.value)


async def test_nothing_to_hear_is_a_failure() -> None:
    async with standing_in() as stand_in:
        with pytest.raises(SpeechFailed, match="without sound"):
            await render(GeminiSpeech("local", stand_in.rest_url), text="")
