"""The offline voices: format, loudness, edges, speed, and that many renderings at once do not disturb each other."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.settings.call_settings import VoiceSettings
from shared.domain.catalogue import SIMULATED_VOICES
from shared.ports.speech import SpeechFailed
from tests.e2e.sound import best_match
from tests.media.speech_samples import renderer

SENTENCE = "Hello! This is a simulated response."


async def _render(voice_id: str, speed: float = 1.0, text: str = SENTENCE) -> bytes:
    return await renderer().render(model_id="m", voice=VoiceSettings(voice_id=voice_id, speed=speed), text=text)


async def test_every_voice_of_the_catalogue_sounds_different_at_the_same_loudness() -> None:
    sounds = {voice.id: await _render(voice.id) for voice in SIMULATED_VOICES}
    for pcm in sounds.values():
        samples = np.frombuffer(pcm, np.int16).astype(float)
        assert 2000 < len(pcm) / 48 < 3500
        assert 3000 < np.sqrt(np.mean(samples**2)) < 3600
        loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
        assert loud[0] <= 30 * 24
        assert len(samples) - loud[-1] <= 30 * 24


async def test_speed_changes_duration() -> None:
    slow, normal, fast = [len(await _render("simulated-ben", speed)) for speed in (0.7, 1.0, 1.4)]
    assert slow > 1.2 * normal > 1.2 * 1.2 * fast


async def test_the_same_request_gives_the_same_sound_and_another_voice_a_different_one() -> None:
    for voice, other in pairwise((*SIMULATED_VOICES, SIMULATED_VOICES[0])):
        first, again, different = [
            np.frombuffer(await _render(voice_id), np.int16).astype(float)
            for voice_id in (voice.id, voice.id, other.id)
        ]
        assert best_match(np.pad(first, 2400), again)[0] > 0.95
        assert best_match(np.pad(first, 2400), different)[0] < 0.8


async def test_renderings_at_once_keep_their_own_voice_and_text() -> None:
    wanted = [("simulated-anna", "Hello."), ("simulated-ben", "Goodbye now."), ("simulated-dan", "Yes.")] * 4
    alone = [len(await _render(voice, text=text)) for voice, text in wanted]
    other = EspeakSpeech()
    together = await asyncio.gather(
        *(
            (renderer() if index % 2 else other).render(model_id="m", voice=VoiceSettings(voice_id=voice), text=text)
            for index, (voice, text) in enumerate(wanted)
        )
    )
    other.close()
    assert [len(pcm) for pcm in together] == pytest.approx(alone, abs=48 * 20)


async def test_voices_of_other_models_speak_and_nothing_to_say_fails() -> None:
    assert len(await _render("marin")) == pytest.approx(len(await _render("marin")), abs=48 * 20)
    with pytest.raises(SpeechFailed):
        await _render("simulated-anna", text=" ")
    for voice in ("espeak:no-such-voice", "espeak:en-us+nobody", "espeak:en-us+../f1", "espeak:xx+f1"):
        with pytest.raises(SpeechFailed):
            await _render(voice)
