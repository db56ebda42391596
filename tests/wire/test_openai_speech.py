"""Sentences rendered ahead, through the real SDK against the stand-in."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.standins.conversation import Brain, StandInScript
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.tones import ToneBrains, ToneVoice
from shared.adapters.openai_speech import OpenAiSpeech, words
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechFailed, SpeechRenderer
from tests.wire.openai_fixtures import assert_valid

MARIN = VoiceSettings(voice_id="marin", speed=1.1)
GREETING = "Hello! Thank you for calling. How can I assist you today?"


@pytest.fixture
async def stand_in() -> AsyncIterator[OpenAiStandIn]:
    async with OpenAiStandIn(ToneBrains(), StandInScript(speed_factor=400.0)) as server:
        yield server


async def render(stand_in: OpenAiStandIn, text: str = GREETING, voice: VoiceSettings = MARIN, **options: Any) -> bytes:
    renderer: SpeechRenderer = OpenAiSpeech(options.pop("key", "sk-local"), stand_in.url, **options)
    return await renderer.render(model_id="gpt-realtime-2.1-mini", voice=voice, text=text)


async def test_the_sentence_is_spoken_word_by_word_in_the_voice_of_calls(stand_in: OpenAiStandIn) -> None:
    assert await render(stand_in) == await ToneVoice().speak(GREETING, "marin")
    (update,), (asked,) = stand_in.sent("session.update"), stand_in.sent("response.create")
    assert update["session"]["audio"]["output"]["voice"] == "marin"
    assert update["session"]["audio"]["output"]["speed"] == 1.1
    assert update["session"]["audio"]["input"] == {"turn_detection": None}
    assert asked["response"]["conversation"] == "none"
    assert stand_in.requests[0][0] == "/v1/realtime?model=gpt-realtime-2.1-mini"
    for event in (update, asked):
        assert_valid(event)


class Stubborn(Brain):
    """Says something else the first `times` it speaks."""

    times = 0

    async def speak(self, text: str, voice: str, chunk_ms: int = 160) -> Any:
        if Stubborn.times > 0:
            Stubborn.times -= 1
            text = f"Sure! {text}"
        return await super().speak(text, voice, chunk_ms)


@pytest.mark.parametrize(("times", "fails"), [(1, False), (2, True)])
async def test_other_words_are_refused_after_a_second_attempt(
    stand_in: OpenAiStandIn, monkeypatch: pytest.MonkeyPatch, times: int, fails: bool
) -> None:
    monkeypatch.setattr("infra.local.standins.tones.Brain", Stubborn)
    Stubborn.times = times
    if fails:
        with pytest.raises(SpeechFailed, match="something else"):
            await render(stand_in)
    else:
        assert await render(stand_in) == await ToneVoice().speak(GREETING, "marin")
    assert len(stand_in.sent("response.create")) == 2


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (StandInScript(refuse_status=401), "InvalidStatus"),
        (StandInScript(drop_after=5), "ConnectionClosedError"),
        (StandInScript(close_after=(3, 1001, "maximum")), "ConnectionClosedOK"),
        (StandInScript(stall_after=2), "in time"),
    ],
    ids=["refused", "dropped", "closed", "stalled"],
)
async def test_a_provider_that_breaks_is_reported(stand_in: OpenAiStandIn, script: StandInScript, reason: str) -> None:
    stand_in.script = script
    with pytest.raises(SpeechFailed, match=reason):
        await render(stand_in, seconds=0.5)


async def test_a_voice_the_model_lacks_is_refused(stand_in: OpenAiStandIn) -> None:
    with pytest.raises(SpeechFailed, match="invalid_value"):
        await render(stand_in, voice=VoiceSettings(voice_id="fable"))


async def test_nothing_secret_is_in_the_failure(stand_in: OpenAiStandIn) -> None:
    with pytest.raises(SpeechFailed) as failure:
        await render(stand_in, text="My card number", key="sk-secret")
    assert "secret" not in str(failure.value) and "card" not in str(failure.value)


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words("Hello!  Don’t – worry.") == words("hello, don't worry") == ["hello", "don't", "worry"]
    assert words("one two") != words("two one")
