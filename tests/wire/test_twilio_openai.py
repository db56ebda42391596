"""A phone call's sound goes to OpenAI and back as it is: µ-law, both ways."""

from dataclasses import replace

import numpy as np
import pytest

from infra.local.standins.conversation import BYTES_PER_MS
from infra.local.standins.tones import tone
from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K
from media_tier.audio.resampling import Resampler
from media_tier.call.events import Outcome, ResponseEnded, SpeechStarted, Transcribed
from tests.wire.openai_calls import UTTERANCE, complaints, model, serving
from tests.wire.openai_fixtures import Heard, seed

pytestmark = pytest.mark.realtime


async def test_a_turn_in_mulaw() -> None:
    heard = Heard()
    async with serving() as stand_in:
        connection = await model(stand_in).connect(replace(seed(), audio=MULAW_8K), heard)
        update = stand_in.sent("session.update")[0]["session"]["audio"]
        assert (update["input"]["format"], update["output"]["format"]) == ({"type": "audio/pcmu"},) * 2
        mulaw = g711.encode(Resampler(24_000, 8_000).push(UTTERANCE))
        for at in range(0, len(mulaw), 160):
            connection.send_audio(mulaw[at : at + 160])
        started = await heard.next(SpeechStarted)
        assert started.ago_ms <= len(UTTERANCE) / BYTES_PER_MS
        assert (await heard.next(Transcribed, 2)).text == "good morning"
        ended = await heard.next(ResponseEnded)
        assert ended.outcome is Outcome.COMPLETED
        sound = b"".join(pcm for _, _, pcm in heard.audio)
        (audio_ms,) = ended.audio_ms.values()
        assert audio_ms == len(sound) // 8
        spoken = tone(100)
        level = np.abs(np.frombuffer(g711.decode(sound), "<i2").astype(float)[200:-200]).mean()
        assert level == pytest.approx(np.abs(np.frombuffer(spoken, "<i2").astype(float)).mean(), rel=0.05)
        item_id = heard.audio[0][1]
        connection.truncate(ended.response_id, item_id, 120)
        await connection.close()
    assert complaints(stand_in) == []
