"""A connection of the simulated model, as its listener sees it: hearing, answering, being interrupted, remembering."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from media_tier.call.commands import ToolOutcome
from media_tier.call.events import (
    Outcome,
    ProviderExpiring,
    ProviderFailed,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    Transcribed,
)
from media_tier.ports import RealtimeConnection, RealtimeModel
from media_tier.providers.simulated.conversation import SimulatedConnection
from media_tier.providers.simulated.hearing import Recognition
from media_tier.providers.simulated.model import SimulatedModel
from media_tier.providers.simulated.scenarios import (
    BUSINESS_HOURS,
    CANNOT_TRANSFER,
    ESCALATING,
    GREETING,
    I_AM_BACK,
    LONG_STORY,
    NOBODY_FREE,
    NOT_UNDERSTOOD,
    scenario_named,
)
from shared.contracts.records.call import Role, UsageKind
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechFailed
from tests.media.simulated_listener import Notes, seed_of
from tests.media.speech_samples import noise, renderer, silence, spoken

pytestmark = pytest.mark.realtime

MS_PER_WORD = 100


class QuickSpeech:
    """100 ms of sound for each word; refuses the voice "mute"."""

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        if voice.voice_id == "mute":
            raise SpeechFailed("mute")
        return silence(MS_PER_WORD * len(text.split()))


class Told:
    """Understands what the test says it hears, one utterance after the other."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)

    async def recognise(self, pcm: bytes) -> Recognition:
        return Recognition(self.texts.pop(0), 0.9)


def told(notes: Notes, *texts: str, **options: Any) -> SimulatedConnection:
    """A connection with quick speech that hears these texts."""
    chosen = seed_of(**options)
    return SimulatedConnection(chosen, notes, QuickSpeech(), Told(*texts), scenario_named(chosen.settings.scenario))


def speak(connection: RealtimeConnection) -> None:
    """Any utterance: what is understood is up to `Told`."""
    connection.send_audio(silence(100) + noise(400, 4000.0) + silence(700))


@pytest.fixture
async def notes() -> AsyncIterator[Notes]:
    yield Notes()


async def test_it_hears_and_answers_with_sound_and_words(notes: Notes) -> None:
    model: RealtimeModel = SimulatedModel(renderer())
    connection = await model.connect(seed_of(), notes)
    sound = silence(400) + await spoken("hello") + silence(700)
    for at in range(0, len(sound), 960):
        connection.send_audio(sound[at : at + 960])
    ended = await notes.wait(ResponseEnded)
    heard = await notes.wait(Transcribed)
    kinds = [type(e) for e in notes.events if not isinstance(e, ResponseTranscribed)]
    assert kinds == [SpeechStarted, SpeechStopped, Transcribed, ResponseStarted, ResponseEnded]
    assert (heard.text, heard.turn_id, heard.final) == ("Hello", notes.all(SpeechStarted)[0].turn_id, True)
    assert heard.confidence is not None
    assert heard.confidence > 0.5
    assert notes.at(notes.all(ResponseStarted)[0]) - notes.at(notes.all(SpeechStopped)[0]) < 2.0
    [(item_id, pcm)] = notes.audio.items()
    assert ended.audio_ms == {item_id: len(pcm) // 48}
    assert notes.words() == GREETING
    positions = [e.audio_ms for e in notes.all(ResponseTranscribed)]
    assert positions == sorted(positions)
    assert 0 < positions[0] < positions[-1] == len(pcm) // 48
    assert [e.final for e in notes.all(ResponseTranscribed)] == [False] * (len(GREETING.split()) - 1) + [True]
    assert notes.at(ended) - notes.at(notes.all(ResponseStarted)[0]) < len(pcm) / 48_000 / 2
    await connection.close()


async def test_unknown_speech_is_not_transcribed_but_answered(notes: Notes) -> None:
    connection = told(notes, "")
    speak(connection)
    await notes.wait(ResponseEnded)
    assert notes.all(Transcribed)[0].text is None
    assert notes.words() == NOT_UNDERSTOOD
    await connection.close()


async def test_cancelling_ends_the_response_where_it_is(notes: Notes) -> None:
    connection = told(notes, "tell me about your company")
    speak(connection)
    item_id = await notes.wait_for_audio(500)
    connection.cancel("another")
    connection.cancel(notes.all(ResponseStarted)[0].response_id)
    ended = await notes.wait(ResponseEnded)
    assert ended.outcome is Outcome.CANCELLED
    assert ended.audio_ms[item_id] == len(notes.audio[item_id]) // 48 < MS_PER_WORD * len(LONG_STORY.split())
    before = len(notes.audio[item_id])
    await asyncio.sleep(0.08)
    assert len(notes.audio[item_id]) == before
    await connection.close()


async def test_it_remembers_only_what_was_heard_of_it(notes: Notes) -> None:
    connection = told(notes, "tell me about your company", "what did you say")
    speak(connection)
    item_id = await notes.wait_for_audio(1000)
    response_id = notes.all(ResponseStarted)[0].response_id
    connection.cancel(response_id)
    connection.truncate(response_id, item_id, 5 * MS_PER_WORD)
    speak(connection)
    await notes.wait(ResponseEnded, 2)
    assert notes.words(2) == "I said: " + " ".join(LONG_STORY.split()[:5])
    await connection.close()


async def test_caller_speech_is_told_while_it_speaks_and_does_not_stop_it_by_itself(notes: Notes) -> None:
    connection = told(notes, "what are your business hours", "thank you")
    speak(connection)
    await notes.wait_for_audio(300)
    speak(connection)
    assert len(notes.all(SpeechStarted)) == 2
    await notes.wait(ResponseEnded, 2)
    assert [e.outcome for e in notes.all(ResponseEnded)] == [Outcome.COMPLETED] * 2
    assert notes.words(1) == BUSINESS_HOURS
    kinds = [type(e) for e in notes.events if isinstance(e, ResponseStarted | ResponseEnded)]
    assert kinds == [ResponseStarted, ResponseEnded] * 2
    await connection.close()


async def test_a_sentence_is_said_exactly_and_its_tag_comes_back(notes: Notes) -> None:
    connection = told(notes)
    connection.request_response("sentence", 'Say exactly, word for word, and nothing else: "Please "hold" the line."')
    await notes.wait(ResponseEnded)
    assert notes.all(ResponseStarted)[0].tag == "sentence"
    assert notes.words() == 'Please "hold" the line.'
    await connection.close()


async def test_a_new_connection_answers_what_was_left_open_and_remembers_topics(notes: Notes) -> None:
    history = [(Role.USER, "What are your business hours?")]
    connection = told(notes, "what did i ask you before", connection=2, history=history)
    connection.request_response("resume", "Go on.")
    await notes.wait(ResponseEnded)
    assert notes.words() == BUSINESS_HOURS
    speak(connection)
    await notes.wait(ResponseEnded, 2)
    assert notes.words(2) == "You asked about our business hours."
    connection.add_context(Role.ASSISTANT, "Hello!")
    connection.request_response("resume", "Go on.")
    await notes.wait(ResponseEnded, 3)
    assert notes.words(3) == I_AM_BACK
    await connection.close()


async def test_a_tool_is_requested_and_its_result_told_after_the_response(notes: Notes) -> None:
    connection = told(notes, "check my order status")
    speak(connection)
    asked = await notes.wait(ToolRequested)
    assert (asked.name, asked.arguments) == ("check_order_status", {"order_number": "123"})
    result = {"order_number": "123", "status": "was shipped yesterday"}
    connection.submit_tool_result("unknown", asked.name, result, True)
    connection.submit_tool_result(asked.call_id, asked.name, result, True)
    connection.submit_tool_result(asked.call_id, asked.name, result, True)
    await notes.wait(ResponseEnded, 2)
    await asyncio.sleep(0.02)
    assert len(notes.all(ResponseStarted)) == 2
    assert notes.words(2) == "Your order 1 2 3 was shipped yesterday."
    await connection.close()


async def test_a_tool_that_ran_before_the_connection_is_not_run_again(notes: Notes) -> None:
    order = {"order_number": "123", "status": "waits for you"}
    done = ToolOutcome("old-1", "check_order_status", {"order_number": "123"}, order)
    history = [(Role.USER, "Check my order status")]
    connection = told(notes, connection=2, history=history, tools_done=[done])
    connection.request_response("resume", None)
    await notes.wait(ResponseEnded)
    assert notes.words() == "Your order 1 2 3 waits for you."
    assert notes.all(ToolRequested) == []
    await connection.close()


@pytest.mark.parametrize("late", [False, True])
async def test_a_tool_still_running_is_answered_on_the_new_connection(notes: Notes, late: bool) -> None:
    running = ToolOutcome("old-1", "check_order_status", {"order_number": "123"}, None)
    connection = told(notes, connection=2, tools_done=[running])
    output = {"order_number": "123", "status": "waits for you"}
    if late:
        connection.request_response("tool", f"The tool has finished with this result: {output}. Tell the caller.")
    else:
        connection.submit_tool_result("old-1", "check_order_status", output, True)
    await notes.wait(ResponseEnded)
    assert notes.words() == "Your order 1 2 3 waits for you."
    await connection.close()


async def test_the_escalation_scenario_asks_for_a_human(notes: Notes) -> None:
    connection = told(notes, "hello", scenario="escalation")
    speak(connection)
    asked = await notes.wait(ToolRequested)
    connection.submit_tool_result(asked.call_id, asked.name, {"status": "nobody_available"}, True)
    await notes.wait(ResponseEnded, 2)
    assert asked.name == "transfer_to_human"
    assert (notes.words(1), notes.words(2)) == (ESCALATING, NOBODY_FREE)
    await connection.close()


async def test_a_tool_that_is_not_offered_is_not_requested(notes: Notes) -> None:
    connection = told(notes, "i want to speak to a human", tools=())
    speak(connection)
    await notes.wait(ResponseEnded)
    assert notes.words() == CANNOT_TRANSFER
    assert notes.all(ToolRequested) == []
    await connection.close()


async def test_goodbye_is_answered_and_ends_the_call(notes: Notes) -> None:
    connection = told(notes, "goodbye")
    speak(connection)
    assert (await notes.wait(ToolRequested)).name == "end_call"
    await notes.wait(ResponseEnded)
    assert notes.words() == "Thank you for calling. Goodbye!"
    await connection.close()


async def test_the_error_scenario_breaks_once(notes: Notes) -> None:
    connection = told(notes, "hello", "thank you", "yes", scenario="error")
    speak(connection)
    await notes.wait(ResponseEnded)
    speak(connection)
    failed = await notes.wait(ProviderFailed)
    assert (failed.connection, failed.fatal) == (1, False)
    seen = len(notes.events)
    speak(connection)
    connection.request_response("x", None)
    await asyncio.sleep(0.05)
    assert len(notes.events) == seen
    await connection.close()
    second = told(notes, "hello", "thank you", scenario="error", connection=2)
    speak(second)
    speak(second)
    await notes.wait(ResponseEnded, 3)
    assert len(notes.all(ProviderFailed)) == 1
    await second.close()


async def test_a_connection_warns_of_its_limit_and_ends_there(notes: Notes) -> None:
    connection = told(notes, max_seconds=1)
    assert await notes.wait(ProviderExpiring) == ProviderExpiring(1, 0.5)
    assert (await notes.wait(ProviderFailed)).code == "session_expired"
    await connection.close()


async def test_speech_that_fails_is_a_failed_response(notes: Notes) -> None:
    seed = seed_of()
    settings = seed.settings.model_copy(update={"voice": VoiceSettings(voice_id="mute")})
    mute = type(seed)(seed.call_id, 1, settings, seed.model, "")
    connection = SimulatedConnection(mute, notes, QuickSpeech(), Told(), scenario_named(None))
    connection.request_response("t", None)
    assert (await notes.wait(ResponseEnded)).outcome is Outcome.FAILED
    await connection.close()


async def test_usage_grows_with_the_conversation_and_costs_nothing(notes: Notes) -> None:
    connection = told(notes, "hello", "thank you")
    speak(connection)
    await notes.wait(ResponseEnded)
    speak(connection)
    await notes.wait(ResponseEnded, 2)
    await asyncio.sleep(0)
    replies = [u for u in notes.usage if u.kind is UsageKind.REPLY]
    assert len({u.usage_id for u in notes.usage}) == len(notes.usage) == 4
    assert all(u.cost_usd == 0 and u.price_version == "free" for u in notes.usage)
    assert replies[0].audio_out == len(GREETING.split()) * MS_PER_WORD // 50
    assert replies[1].audio_in_cached == replies[0].audio_in < replies[1].audio_in
    assert replies[1].text_in_cached == replies[0].text_in < replies[1].text_in
    assert [u.seconds for u in notes.usage if u.kind is UsageKind.TRANSCRIPTION] == [0.7, 0.9]
    await connection.close()


async def test_nothing_is_heard_after_closing(notes: Notes) -> None:
    connection = told(notes, "tell me about your company", "hello")
    speak(connection)
    await notes.wait_for_audio(200)
    await connection.close()
    seen = len(notes.events)
    speak(connection)
    connection.request_response("x", None)
    connection.add_context(Role.USER, "x")
    await asyncio.sleep(0.05)
    assert len(notes.events) == seen
