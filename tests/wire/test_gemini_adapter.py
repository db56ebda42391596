"""The Gemini adapter against the stand-in, over TLS on loopback."""

import asyncio

import pytest

from infra.local.standins.tones import silence
from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.call.events import (
    Event,
    Outcome,
    ProviderResumable,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    ToolsCancelled,
    Transcribed,
)
from media_tier.providers import gemini
from shared.contracts.records.call import Role
from tests.wire.gemini_fixtures import UTTERANCE, model_at, seed, settings, standing_in
from tests.wire.openai_fixtures import Heard, speak

pytestmark = pytest.mark.realtime

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"


def words(heard: Heard, response_id: str) -> str:
    return "".join(event.text for event in heard.of(ResponseTranscribed) if event.response_id == response_id)


def kinds(events: list[Event], *wanted: type[Event]) -> list[str]:
    return [type(event).__name__ for event in events if isinstance(event, wanted)]


async def test_a_spoken_turn_is_answered() -> None:
    heard = Heard()
    async with standing_in(["hello there"]) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        ended = await heard.next(ResponseEnded)
        await heard.until(lambda: bool(heard.usage))
        await connection.close()
    told = kinds(heard.events, SpeechStarted, SpeechStopped, Transcribed, ResponseStarted, ResponseEnded)
    assert told == [
        "SpeechStarted",
        "SpeechStopped",
        *["Transcribed"] * 3,
        "ResponseStarted",
        "ResponseEnded",
    ]
    assert [(event.text, event.final) for event in heard.of(Transcribed)] == [
        ("hello", False),
        ("hello there", False),
        ("hello there", True),
    ]
    assert {event.turn_id for event in heard.of(Transcribed)} == {"g1-t1"}
    assert words(heard, "g1-r1").strip() == "You said hello there"
    # 20 ms for each letter.
    assert ended == ResponseEnded("g1-r1", Outcome.COMPLETED, {"g1-r1-i1": 400}, connection=1)
    assert sum(len(pcm) for _, _, pcm in heard.audio) == 400 * 48
    assert {(response, item) for response, item, _ in heard.audio} == {("g1-r1", "g1-r1-i1")}
    assert heard.usage[0].usage_id == "g1-u1"
    assert heard.usage[0].audio_out == 10
    assert heard.usage[0].cost_usd > 0


async def test_words_that_come_after_the_answer_began_belong_to_the_question() -> None:
    heard = Heard()
    async with standing_in(["hello there"], transcription="late") as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.until(lambda: any(event.final for event in heard.of(Transcribed)))
        await connection.close()
    assert kinds(heard.events, ResponseStarted, Transcribed)[0] == "ResponseStarted"
    final = [event for event in heard.of(Transcribed) if event.final]
    assert [(event.turn_id, event.text) for event in final] == [("g1-t1", "hello there")]
    assert len(heard.of(SpeechStarted)) == 1


async def test_words_are_final_once_it_is_quiet_though_the_model_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemini, "QUIET_SECONDS", 0.05)
    heard = Heard()
    # The sixth message is the last of the caller's words, and then the server falls silent for good.
    async with standing_in(["goodbye then"], stall_after=6) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.until(lambda: any(event.final for event in heard.of(Transcribed)))
        await connection.close()
    assert heard.of(Transcribed)[-1] == Transcribed("g1-t1", "goodbye then", connection=1)
    assert not heard.of(ResponseStarted)


async def test_a_noise_is_nothing_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemini, "NOTHING_SECONDS", 0.05)
    heard = Heard()
    async with standing_in() as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.next(Transcribed)
        await asyncio.sleep(0.1)
        await connection.close()
    assert heard.of(Transcribed) == [Transcribed("g1-t1", None, connection=1)]


async def test_context_waits_for_the_answer_that_is_due_and_a_request_does_not() -> None:
    heard = Heard()
    # The server hears the question and never answers.
    async with standing_in(["hello there"], stall_after=6) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.next(SpeechStopped)
        connection.add_context(Role.ASSISTANT, "One minute left.")
        await asyncio.sleep(0.05)
        assert not stand_in.sent("client_content")
        connection.request_response("retry", None)
        await connection.close()
    told = [content["turns"][0]["parts"][0]["text"] for content in stand_in.sent("client_content")]
    assert told == ["One minute left.", "…"]


async def test_speech_is_dated_back_to_when_it_began() -> None:
    heard = Heard()
    async with standing_in(["yes"]) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, silence(500) + UTTERANCE)
        started, stopped = await heard.next(SpeechStarted), await heard.next(SpeechStopped)
        await connection.close()
    # Everything was sent before the first answer came: speech began 360 ms and ended 160 ms before the end of it.
    assert started.ago_ms == pytest.approx(360, abs=30)
    assert stopped.ago_ms == pytest.approx(160, abs=30)


async def test_sound_arrives_at_sixteen_kilohertz() -> None:
    async with standing_in() as stand_in:
        connection = await model_at(stand_in).connect(seed(), Heard())
        speak(connection, silence(1_000))
        await connection.close()
    sounds = [message["audio"] for message in stand_in.sent("realtime_input")]
    assert {sound["mime_type"] for sound in sounds} == {"audio/pcm;rate=16000"}
    size = sum(len(sound["data"]) * 3 // 4 for sound in sounds)
    assert size == pytest.approx(32_000, abs=300)


async def test_the_caller_interrupts() -> None:
    heard = Heard()
    async with standing_in(["go on", "stop"], speak=(LONG, "All right"), speed_factor=4.0, late_deltas=2) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.until(lambda: len(heard.audio) >= 2)
        speak(connection, UTTERANCE)
        interrupted = await heard.next(ResponseInterrupted)
        await heard.next(ResponseEnded, 2)
        await heard.next(ProviderResumable, 3)
        await connection.close()
    assert interrupted.response_id == "g1-r1"
    first, second = heard.of(ResponseEnded)
    assert (first.response_id, first.outcome) == ("g1-r1", Outcome.CANCELLED)
    assert 0 < first.audio_ms["g1-r1-i1"] < 20 * len(LONG)
    assert (second.response_id, second.outcome) == ("g1-r2", Outcome.COMPLETED)
    order = kinds(heard.events, SpeechStarted, ResponseInterrupted, ResponseEnded, ResponseStarted)
    assert order == [
        *("SpeechStarted", "ResponseStarted", "SpeechStarted", "ResponseInterrupted", "ResponseEnded"),
        *("ResponseStarted", "ResponseEnded"),
    ]
    finals = [(event.turn_id, event.text) for event in heard.of(Transcribed) if event.final]
    assert finals == [("g1-t1", "go on"), ("g1-t2", "stop")]
    # The late sound of the first response came on the wire and was not handed on.
    sent = sum("modelTurn" in message.get("serverContent", {}) for message in stand_in.told())
    assert sent == len(heard.audio) + 2


async def test_an_answer_that_is_generated_but_still_heard_can_be_interrupted() -> None:
    heard = Heard()
    async with standing_in(["go on", "stop"], speak=(LONG,), speed_factor=100.0) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.next(ResponseEnded)
        speak(connection, UTTERANCE)
        interrupted = await heard.next(ResponseInterrupted)
        await heard.next(ResponseEnded, 2)
        await connection.close()
    assert interrupted.response_id == "g1-r1"
    assert [event.response_id for event in heard.of(ResponseEnded)] == ["g1-r1", "g1-r2"]


async def test_without_barge_in_the_answer_goes_on() -> None:
    heard = Heard()
    async with standing_in(["go on", "stop"], speak=(LONG,), speed_factor=10.0) as stand_in:
        calm = settings(interruption={"allowed": False})
        connection = await model_at(stand_in).connect(seed(given=calm), heard)
        speak(connection, UTTERANCE)
        await heard.until(lambda: len(heard.audio) >= 1)
        speak(connection, UTTERANCE)
        ended = await heard.next(ResponseEnded)
        await connection.close()
    assert ended.outcome is Outcome.COMPLETED
    assert not heard.of(ResponseInterrupted)


async def test_a_tool_is_run_and_its_result_spoken_of() -> None:
    heard = Heard()
    async with standing_in(["where is it"], tools={1: ("lookup", {"number": "7"})}) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        tool = await heard.next(ToolRequested)
        await heard.next(ResponseEnded)
        connection.submit_tool_result(tool.call_id, tool.name, {"state": "sent"}, True)
        await heard.next(ResponseEnded, 2)
        await connection.close()
        answers = stand_in.sent("tool_response")
    assert (tool.name, tool.arguments, tool.response_id) == ("lookup", {"number": "7"}, "g1-r1")
    assert heard.of(ResponseEnded)[0].audio_ms == {}
    answered = {"id": tool.call_id, "name": "lookup", "response": {"output": {"state": "sent"}}}
    assert answers == [{"functionResponses": [answered]}]
    assert words(heard, "g1-r2").strip() == "The tool lookup is done"


async def test_new_input_cancels_a_tool_and_its_result_is_not_sent() -> None:
    heard = Heard()
    async with standing_in(["where is it", "never mind"], tools={1: ("lookup", {"number": "7"})}) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        tool = await heard.next(ToolRequested)
        speak(connection, UTTERANCE)
        cancelled = await heard.next(ToolsCancelled)
        connection.submit_tool_result(tool.call_id, tool.name, {"state": "sent"}, True)
        await heard.next(ResponseEnded, 2)
        await connection.close()
    assert not stand_in.sent("tool_response")
    assert cancelled.call_ids == (tool.call_id,)
    assert words(heard, "g1-r2").strip() == "You said never mind"


async def test_context_waits_for_the_end_of_the_turn_that_it_would_interrupt() -> None:
    heard = Heard()
    async with standing_in(["tell me all about it"]) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.next(ResponseEnded)
        connection.add_context(Role.ASSISTANT, "Let me check that.")
        assert not stand_in.sent("client_content"), "all is generated, and not all of it was heard"
        await heard.next(ProviderResumable, 2)
        await asyncio.sleep(0.05)
        await connection.close()
    assert len(stand_in.sent("client_content")) == 1
    contents = [message["serverContent"] for _, message in stand_in.log if "serverContent" in message]
    assert any(content.get("turnComplete") for content in contents)
    assert not any(content.get("interrupted") for content in contents)


async def test_context_waits_for_the_tool_that_it_would_cancel() -> None:
    heard = Heard()
    async with standing_in(["where is it"], tools={1: ("lookup", {"number": "7"})}) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        tool = await heard.next(ToolRequested)
        connection.add_context(Role.ASSISTANT, "Let me check that.")
        await asyncio.sleep(0.05)
        assert not stand_in.sent("client_content")
        connection.submit_tool_result(tool.call_id, tool.name, {"error": "broken"}, True)
        await heard.next(ResponseEnded, 2)
        await heard.next(ProviderResumable, 2)
        await connection.close()
    answers, told = stand_in.sent("tool_response"), stand_in.sent("client_content")
    assert not heard.of(ToolsCancelled)
    assert answers[0]["functionResponses"][0]["response"] == {"error": "broken"}
    turn = {"role": "model", "parts": [{"text": "Let me check that."}]}
    assert told == [{"turns": [turn], "turnComplete": False}]
    assert heard.of(ResponseEnded)[1].outcome is Outcome.COMPLETED


async def test_a_response_is_asked_for_and_carries_its_tag() -> None:
    heard = Heard()
    async with standing_in() as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        connection.request_response("greeting", "Say exactly: Welcome to us")
        started = await heard.next(ResponseStarted)
        await heard.next(ResponseEnded)
        await connection.close()
    assert started == ResponseStarted("g1-r1", "greeting", 1)
    assert words(heard, "g1-r1").strip() == "Welcome to us"
    assert not heard.of(SpeechStarted)


async def test_a_request_waits_for_the_answer_that_it_would_cut_off() -> None:
    heard = Heard()
    async with standing_in(["go on"], speak=(LONG,), speed_factor=10.0) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.until(lambda: len(heard.audio) >= 1)
        connection.request_response("more", "Say exactly: And one more thing")
        await heard.next(ResponseEnded, 2)
        await connection.close()
    assert [event.outcome for event in heard.of(ResponseEnded)] == [Outcome.COMPLETED] * 2
    assert [event.tag for event in heard.of(ResponseStarted)] == [None, "more"]
    # The first answer is still being heard: asking for another one is no reason to silence it.
    assert not heard.of(ResponseInterrupted)


async def test_history_is_told_before_anything_else_and_gets_no_answer() -> None:
    heard = Heard()
    said = (
        HistoryItem(Role.ASSISTANT, "Welcome."),
        HistoryItem(Role.USER, "Where is my order?"),
        HistoryItem(Role.HUMAN, "I am looking."),
    )
    done = (ToolOutcome("c-1", "lookup", {"number": "7"}, {"state": "sent"}),)
    async with standing_in(["thanks"]) as stand_in:
        connection = await model_at(stand_in).connect(seed(history=said, tools_done=done), heard)
        await heard.next(ProviderResumable)
        assert not heard.of(ResponseStarted)
        speak(connection, UTTERANCE)
        await heard.next(ResponseEnded)
        await connection.close()
        first = stand_in.sent("client_content")[0]
        memory = next(iter(stand_in.handles.values()))
    assert first["turnComplete"] is True
    assert [turn["role"] for turn in first["turns"]] == ["model", "user", "user", "user"]
    assert memory.turns[1] == ("user", "Where is my order?")
    assert '"state":"sent"' in memory.turns[3][1]
