"""A spoken conversation over OpenAI's wire: espeak calls, the stand-in hears, looks something up, and answers aloud."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from infra.local.standins.conversation import Reply, StandInScript
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.real_brain import RealBrains
from infra.local.standins.tones import silence
from media_tier.call.commands import HistoryItem
from media_tier.call.events import ResponseEnded, ResponseTranscribed, ToolRequested, Transcribed
from media_tier.providers.openai import OpenAiRealtimeModel
from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.settings.call_settings import VoiceSettings
from tests.wire.openai_fixtures import Heard, seed, settings, speak

pytestmark = pytest.mark.realtime

QUESTION = "what are your business hours"


class Opening:
    """Says that it looks, looks, and tells."""

    def reply(self, text: str, history: Sequence[HistoryItem] = ()) -> Reply:
        return Reply("Let me look.", ("lookup", {"heard": text, "before": len(history)}))

    def reply_to_tool(self, name: str, output: Mapping[str, Any]) -> Reply:
        return Reply(f"We open at {output['opens']}.")

    def go_on(self, history: Sequence[HistoryItem]) -> Reply:
        return Reply("Where were we?")


async def test_a_spoken_question_is_understood_and_answered() -> None:
    speech = EspeakSpeech()
    question = await speech.render(model_id="simulated", voice=VoiceSettings(voice_id="ava"), text=QUESTION)
    brains = RealBrains(speech, Opening(), ("hello", QUESTION, "goodbye"))
    async with OpenAiStandIn(brains, StandInScript(speed_factor=50.0)) as stand_in:
        heard = Heard()
        model = OpenAiRealtimeModel("sk-local", stand_in.url, time.monotonic)
        given = settings(vad={"silence_duration_ms": 500})
        connection = await model.connect(seed(given=given), heard)
        speak(connection, silence(300) + question + silence(800))
        asked = await heard.next(ToolRequested)
        assert heard.of(Transcribed)[-1].text == QUESTION
        assert (asked.name, asked.arguments) == ("lookup", {"heard": QUESTION, "before": 0})
        spoken = await heard.next(ResponseEnded)
        assert sum(spoken.audio_ms.values()) > 300
        connection.submit_tool_result(asked.call_id, asked.name, {"opens": "nine"}, True)
        last = await heard.next(ResponseEnded, 2)
        said = "".join(part.text for part in heard.of(ResponseTranscribed) if part.response_id == last.response_id)
        assert said == "We open at nine."
        assert any(set(pcm) != {0} for response, _, pcm in heard.audio if response == last.response_id)
        await connection.close()
    speech.close()
