"""A new connection is asked about the conversation before it: both stand-ins answer from what they were seeded with."""

import time
from collections.abc import Iterable, Sequence

import pytest

from infra.local.standins.conversation import Brain, StandInScript
from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.tones import EnergyEar, ScriptedRecogniser, ToneVoice, silence, tone
from media_tier.call.commands import HistoryItem
from media_tier.call.events import ProviderResumable, ResponseEnded, ResponseTranscribed
from media_tier.ports import RealtimeConnection
from media_tier.providers.openai import OpenAiRealtimeModel
from media_tier.providers.simulated.scenarios import BUSINESS_HOURS, scenario_named
from shared.contracts.records.call import Role
from tests.wire import gemini_fixtures as gemini
from tests.wire import openai_fixtures as openai
from tests.wire.openai_fixtures import Heard, speak

pytestmark = pytest.mark.realtime

UTTERANCE = tone(300) + silence(200)
QUICK = StandInScript(speed_factor=40.0)
RECALL, REPEAT = "what did i ask you before", "what did you say"
BEFORE = (
    HistoryItem(Role.USER, "What are your business hours?"),
    HistoryItem(Role.ASSISTANT, "Monday through Friday, nine to five."),
    HistoryItem(Role.USER, "Thank you!"),
    HistoryItem(Role.ASSISTANT, "You're welcome!"),
)


class Brains:
    """Brains of tones that play the scenario of the demo; `texts` are what the caller says, over all connections."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._recogniser = ScriptedRecogniser(texts)

    def __call__(self, script: StandInScript, silence_ms: int) -> Brain:
        return Brain(EnergyEar(silence_ms), self._recogniser, ToneVoice(), scenario_named(None), script)


async def answer(connection: RealtimeConnection, heard: Heard) -> str:
    """Say something and return what is answered."""
    before = len(heard.of(ResponseEnded))
    speak(connection, UTTERANCE)
    ended = await heard.next(ResponseEnded, before + 1)
    parts = [part for part in heard.of(ResponseTranscribed) if part.response_id == ended.response_id]
    return "".join(part.text for part in parts).strip()


def openai_model(stand_in: OpenAiStandIn) -> OpenAiRealtimeModel:
    return OpenAiRealtimeModel("sk-local", stand_in.url, time.monotonic)


@pytest.mark.parametrize(
    ("history", "question", "said"),
    [
        (BEFORE, RECALL, "You asked about our business hours."),
        ((), RECALL, "You have not asked me anything yet."),
        (BEFORE, REPEAT, "I said: You're welcome!"),
    ],
)
async def test_what_was_said_before_is_known(history: Sequence[HistoryItem], question: str, said: str) -> None:
    heard = Heard()
    async with OpenAiStandIn(Brains([question]), QUICK) as stand_in:
        connection = await openai_model(stand_in).connect(openai.seed(history=history), heard)
        assert await answer(connection, heard) == said
        await connection.close()
    heard = Heard()
    async with GeminiStandIn(Brains([question]), gemini.certificate(), QUICK) as live:
        over_gemini = await gemini.model_at(live).connect(gemini.seed(history=history), heard)
        assert await answer(over_gemini, heard) == said
        await over_gemini.close()


async def test_openai_remembers_of_its_own_words_what_was_heard() -> None:
    heard = Heard()
    async with OpenAiStandIn(Brains(["when are you open", REPEAT]), StandInScript(speed_factor=10.0)) as stand_in:
        connection = await openai_model(stand_in).connect(openai.seed(), heard)
        assert await answer(connection, heard) == BUSINESS_HOURS
        response_id, item_id, _ = heard.audio[0]
        connection.truncate(response_id, item_id, 800)
        repeated = (await answer(connection, heard)).removeprefix("I said: ")
        assert BUSINESS_HOURS.startswith(repeated)
        assert repeated == "Our business hours are Monday through"
        await connection.close()


async def test_gemini_brings_the_conversation_back_by_its_handle() -> None:
    heard = Heard()
    async with GeminiStandIn(Brains(["when are you open", RECALL]), gemini.certificate(), QUICK) as live:
        first = await gemini.model_at(live).connect(gemini.seed(), heard)
        assert await answer(first, heard) == BUSINESS_HOURS
        known = len(heard.of(ProviderResumable))
        await heard.next(ProviderResumable, known + 1)
        await first.close()
        handle, heard = heard.of(ProviderResumable)[-1].handle, Heard()
        second = await gemini.model_at(live).connect(gemini.seed(connection=2, handle=handle), heard)
        assert await answer(second, heard) == "You asked about our business hours."
        await second.close()
