"""Sentences rendered ahead: rendered once, found again by every process, never in the way of a call."""

import asyncio
import logging

import pytest
from obstore.store import MemoryStore

from media_tier.ports import Prompter
from shared.adapters.aws.prompt_store import S3PromptStore
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings
from shared.ports.prompts import PromptStoreFailed
from shared.ports.speech import SpeechFailed
from shared.services import prompts
from shared.services.prompts import AT_ONCE, RenderedPrompts, prompt_key, render_prompts

TEXTS = ["Hello!", "Goodbye!", "Please hold.", "One moment.", "Thank you."]


def settings(**voice: object) -> CallSettings:
    chosen = VoiceSettings.model_validate({"voice_id": "simulated-anna", **voice})
    return CallSettings(ai_model_id="simulated", voice=chosen)


class CountingSpeech:
    """Speaks a text as its own bytes; counts, and refuses one text."""

    def __init__(self, refused: str = "") -> None:
        self.rendered: list[str] = []
        self.refused = refused
        self.now = self.most = 0

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.005)
        self.now -= 1
        if text == self.refused:
            raise SpeechFailed(text)
        self.rendered.append(text)
        return f"{model_id}/{voice.voice_id}/{text}".encode()


class BrokenStore:
    """Cannot be reached, or never answers."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.hangs = hangs

    async def get(self, key: str) -> bytes | None:
        if self.hangs:
            await asyncio.Event().wait()
        raise PromptStoreFailed(key)

    async def put(self, key: str, pcm: bytes) -> None:
        raise PromptStoreFailed(key)


def test_whatever_changes_the_sound_changes_the_key() -> None:
    base = settings()
    others = [
        prompt_key(base, "Hello!"),
        prompt_key(base, "hello!"),
        prompt_key(settings(speed=1.1), "Hello!"),
        prompt_key(settings(pitch_percent=5), "Hello!"),
        prompt_key(settings(voice_id="simulated-ben"), "Hello!"),
        prompt_key(base.model_copy(update={"ai_model_id": "gpt-realtime"}), "Hello!"),
    ]
    assert len(set(others)) == len(others)
    assert prompt_key(settings(stability=0.9), "Hello!") == prompt_key(base, "Hello!")


async def test_only_missing_sentences_are_rendered_a_few_at_once() -> None:
    store, speech = S3PromptStore(MemoryStore(), "company/"), CountingSpeech()
    assert await render_prompts(settings(), TEXTS[:2], speech, store) == 2
    assert await render_prompts(settings(), [*TEXTS, *TEXTS], speech, store) == 3
    assert await render_prompts(settings(), TEXTS, speech, store) == 0
    assert sorted(speech.rendered) == sorted(TEXTS)
    assert 1 < speech.most <= AT_ONCE


async def test_one_failing_sentence_does_not_keep_the_others() -> None:
    store, speech = S3PromptStore(MemoryStore()), CountingSpeech(refused=TEXTS[0])
    with pytest.raises(SpeechFailed):
        await render_prompts(settings(), TEXTS, speech, store)
    assert sorted(speech.rendered) == sorted(TEXTS[1:])
    assert await render_prompts(settings(), TEXTS, CountingSpeech(), store) == 1


async def test_a_call_finds_what_was_rendered_in_its_voice_only() -> None:
    objects = MemoryStore()
    await render_prompts(settings(), TEXTS, CountingSpeech(), S3PromptStore(objects, "p/"))
    prompter: Prompter = RenderedPrompts(S3PromptStore(objects, "p/"))
    assert prompter.pcm(settings(), "Hello!") is None
    await prompter.load(settings(), [*TEXTS, "Never rendered."])
    assert prompter.pcm(settings(), "Hello!") == b"simulated/simulated-anna/Hello!"
    assert prompter.pcm(settings(), "Never rendered.") is None
    assert prompter.pcm(settings(voice_id="simulated-ben"), "Hello!") is None
    elsewhere = RenderedPrompts(S3PromptStore(objects, "q/"))
    await elsewhere.load(settings(), TEXTS)
    assert elsewhere.pcm(settings(), "Hello!") is None


async def test_memory_is_bounded_and_forgets_the_least_used() -> None:
    store = S3PromptStore(MemoryStore())
    keep, drop, new = [text * 10 for text in ("a", "b", "c")]
    for text in (keep, drop, new):
        await store.put(prompt_key(settings(), text), text.encode())
    prompter = RenderedPrompts(store, memory_bytes=25)
    await prompter.load(settings(), [keep, drop])
    await prompter.load(settings(), [keep])
    await prompter.load(settings(), [new])
    assert [prompter.pcm(settings(), text) is not None for text in (keep, drop, new)] == [True, False, True]


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_store_out_of_reach_does_not_stop_a_call(
    hangs: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(prompts, "LOAD_SECONDS", 0.05)
    prompter = RenderedPrompts(BrokenStore(hangs=hangs))
    with caplog.at_level(logging.WARNING):
        await prompter.load(settings(), TEXTS)
    assert prompter.pcm(settings(), "Hello!") is None
    assert [record.message for record in caplog.records] == ["rendered sentences not loaded"]
    assert "Hello" not in str(caplog.records[0].__dict__)
