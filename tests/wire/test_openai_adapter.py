"""The OpenAI adapter against the stand-in server, over loopback."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.standins.conversation import StandInScript
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.openai_rules import Refused, updated
from infra.local.standins.tones import silence, tone
from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.call.events import (
    Outcome,
    ProviderFailed,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    Transcribed,
)
from shared.contracts.records.call import Role, UsageKind
from tests.wire.openai_calls import UTTERANCE, complaints, connected, serving
from tests.wire.openai_fixtures import Heard, settings, speak


@pytest.fixture
async def stand_in() -> AsyncIterator[OpenAiStandIn]:
    async with serving() as server:
        yield server


async def test_a_turn_of_the_caller_is_heard_understood_and_answered(stand_in: OpenAiStandIn) -> None:
    heard = Heard()
    connection = await connected(stand_in, heard)
    speak(connection, UTTERANCE)
    ended = await heard.next(ResponseEnded)
    started = heard.of(SpeechStarted)[0]
    assert heard.of(SpeechStopped)[0].turn_id == started.turn_id
    assert heard.of(Transcribed)[-1] == Transcribed(started.turn_id, "good morning", True, None, 1)
    assert [said.text for said in heard.of(Transcribed)] == ["good m", "good morning", "good morning"]
    assert (ended.outcome, ended.code) == (Outcome.COMPLETED, "")
    words = [said for said in heard.of(ResponseTranscribed) if not said.final]
    assert "".join(said.text for said in words) == "You said good morning"
    assert [said.audio_ms for said in words] == sorted(said.audio_ms for said in words)
    (item_id,) = ended.audio_ms
    received = b"".join(pcm for _, item, pcm in heard.audio if item == item_id)
    assert len(received) // 48 == ended.audio_ms[item_id] == 20 * len("You said good morning")
    kinds = {entry.kind: entry for entry in heard.usage}
    assert kinds[UsageKind.TRANSCRIPTION].usage_id == started.turn_id
    assert kinds[UsageKind.TRANSCRIPTION].seconds == pytest.approx(0.3, abs=0.05)
    assert kinds[UsageKind.REPLY].usage_id == ended.response_id and kinds[UsageKind.REPLY].cost_usd > 0
    assert stand_in.requests[0][0] == "/v1/realtime?model=gpt-realtime-2.1"
    assert stand_in.requests[0][1]["Authorization"] == "Bearer sk-local"
    await connection.close()
    assert complaints(stand_in) == [] and heard.of(ProviderFailed) == []


async def test_speech_times_count_back_from_now(stand_in: OpenAiStandIn) -> None:
    heard = Heard()
    given = settings(vad={"silence_duration_ms": 200, "prefix_padding_ms": 300})
    connection = await connected(stand_in, heard, given=given)
    speak(connection, silence(1000) + tone(100))
    began = await heard.next(SpeechStarted)
    # 100 ms of speech have been sent by now, and the padding of 300 ms is no speech.
    assert began.ago_ms == pytest.approx(100, abs=20)
    speak(connection, tone(100) + silence(200))
    stopped = await heard.next(SpeechStopped)
    assert stopped.ago_ms == pytest.approx(200, abs=20)
    await connection.close()


async def test_configuration_is_acknowledged_and_history_told_before_connect_returns(stand_in: OpenAiStandIn) -> None:
    heard = Heard()
    connection = await connected(
        stand_in,
        heard,
        history=(HistoryItem(Role.ASSISTANT, "Welcome!"), HistoryItem(Role.USER, "Hi"), HistoryItem(Role.HUMAN, "Me")),
        tools_done=(
            ToolOutcome("call_7", "lookup", {"number": "1"}, {"status": "sent"}),
            ToolOutcome("call_8", "lookup", {"number": "2"}, None),
        ),
    )
    assert stand_in.events()[:2] == ["session.created", "session.updated"]
    connection.submit_tool_result("call_8", "lookup", {"status": "lost"}, True)
    connection.add_context(Role.ASSISTANT, "One moment.")
    await heard.next(ResponseEnded)
    items = [event["item"] for event in stand_in.sent("conversation.item.create")]
    assert [(item["type"], item.get("role"), item.get("call_id")) for item in items] == [
        ("message", "assistant", None),
        ("message", "user", None),
        ("message", "system", None),
        ("function_call", None, "call_7"),
        ("function_call_output", None, "call_7"),
        ("function_call", None, "call_8"),
        ("function_call_output", None, "call_8"),
        ("message", "assistant", None),
    ]
    assert items[0]["content"] == [{"type": "output_text", "text": "Welcome!"}]
    assert complaints(stand_in) == []
    await connection.close()


async def test_a_requested_response_has_its_tag_and_the_sessions_instructions(
    stand_in: OpenAiStandIn,
) -> None:
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("greeting", "Say exactly: Good day")
    assert (await heard.next(ResponseStarted)).tag == "greeting"
    await heard.next(ResponseEnded)
    assert "".join(said.text for said in heard.of(ResponseTranscribed)) == "Good day"
    (sent,) = stand_in.sent("response.create")
    assert sent["response"]["instructions"] == "Be kind.\n\nSay exactly: Good day"
    await connection.close()


async def test_requests_wait_for_the_response_that_is_being_generated(stand_in: OpenAiStandIn) -> None:
    heard = Heard()
    connection = await connected(stand_in, heard)
    for tag in ("one", "two", "three"):
        connection.request_response(tag, f"Say exactly: {tag}")
    await heard.next(ResponseEnded, 3)
    assert [begun.tag for begun in heard.of(ResponseStarted)] == ["one", "two", "three"]
    order = [type(event) for event in heard.events if isinstance(event, ResponseStarted | ResponseEnded)]
    assert order == [ResponseStarted, ResponseEnded] * 3
    assert complaints(stand_in) == []
    await connection.close()


async def test_a_request_that_loses_the_race_against_the_servers_own_response_is_repeated(
    stand_in: OpenAiStandIn,
) -> None:
    heard = Heard()
    connection = await connected(stand_in, heard)
    speak(connection, UTTERANCE)
    # Sent before we can know that the server has begun to answer by itself.
    connection.request_response("late", "Say exactly: still there?")
    await heard.next(ResponseEnded, 2)
    assert [begun.tag for begun in heard.of(ResponseStarted)] == [None, "late"]
    assert complaints(stand_in) == ["conversation_already_has_active_response"]
    assert heard.of(ProviderFailed) == []
    await connection.close()


async def test_barge_in_is_reported_and_the_item_truncated_to_what_was_heard(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(speak=("a rather long sentence " * 20,), speed_factor=10.0, late_deltas=2)
    heard = Heard()
    connection = await connected(stand_in, heard)
    speak(connection, UTTERANCE)
    await heard.until(lambda: len(heard.audio) >= 3)
    response_id, item_id, _ = heard.audio[0]
    speak(connection, UTTERANCE)
    await heard.next(ResponseInterrupted)
    ended = await heard.next(ResponseEnded)
    assert (ended.response_id, ended.outcome, ended.code) == (response_id, Outcome.CANCELLED, "turn_detected")
    assert heard.events.index(heard.of(SpeechStarted)[1]) < heard.events.index(heard.of(ResponseInterrupted)[0])
    connection.truncate(response_id, item_id, 130)
    connection.cancel(response_id)
    await heard.next(ResponseEnded, 2)
    (cut,) = stand_in.sent("conversation.item.truncate")
    assert (cut["item_id"], cut["content_index"], cut["audio_end_ms"]) == (item_id, 0, 130)
    assert stand_in.sent("response.cancel") == [] and complaints(stand_in) == []
    assert len([pcm for response, _, pcm in heard.audio if response == response_id]) * 160 > ended.audio_ms[item_id]
    assert heard.usage[0].kind is UsageKind.TRANSCRIPTION
    assert ended.response_id in {entry.usage_id for entry in heard.usage}
    await connection.close()


async def test_truncation_stays_within_what_was_received(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(speak=("a rather long sentence " * 20,), speed_factor=10.0, late_deltas=0)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("talk", None)
    await heard.until(lambda: len(heard.audio) >= 2)
    response_id, item_id, _ = heard.audio[0]
    connection.cancel(response_id)
    connection.cancel(response_id)
    ended = await heard.next(ResponseEnded)
    assert ended.code == "client_cancelled" and heard.of(ResponseInterrupted) == []
    connection.truncate(response_id, item_id, 10**6)
    connection.truncate(response_id, "item_unknown", 100)
    connection.request_response("more", "Say exactly: bye")
    await heard.next(ResponseEnded, 2)
    (cut,) = stand_in.sent("conversation.item.truncate")
    assert cut["audio_end_ms"] == ended.audio_ms[item_id]
    # The second cancel crossed the end of the response: refused, and of no consequence.
    assert set(complaints(stand_in)) <= {"response_cancel_not_active"}
    await connection.close()


async def test_an_item_of_which_nothing_was_heard_is_deleted(stand_in: OpenAiStandIn) -> None:
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("talk", "Say exactly: hello hello")
    ended = await heard.next(ResponseEnded)
    (item_id,) = ended.audio_ms
    connection.truncate(ended.response_id, item_id, ended.audio_ms[item_id])
    connection.truncate(ended.response_id, item_id, 0)
    connection.request_response("more", "Say exactly: bye")
    await heard.next(ResponseEnded, 2)
    assert [event["item_id"] for event in stand_in.sent("conversation.item.delete")] == [item_id]
    assert stand_in.sent("conversation.item.truncate") == [] and complaints(stand_in) == []
    await connection.close()


async def test_a_tool_is_called_and_its_result_leads_to_one_response(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(tools={1: ("lookup", {"number": "42"})}, speed_factor=40.0)
    heard = Heard()
    connection = await connected(stand_in, heard)
    speak(connection, UTTERANCE)
    asked = await heard.next(ToolRequested)
    assert (asked.name, asked.arguments, asked.connection) == ("lookup", {"number": "42"}, 1)
    assert heard.events.index(asked) < heard.events.index(await heard.next(ResponseEnded))
    connection.submit_tool_result(asked.call_id, asked.name, {"status": "sent"}, True)
    await heard.next(ResponseEnded, 2)
    assert "".join(said.text for said in heard.of(ResponseTranscribed)) == "The tool lookup is done"
    assert len(stand_in.sent("response.create")) == 1 and complaints(stand_in) == []
    await connection.close()


async def test_a_tool_call_of_a_cancelled_response_is_not_executed(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(tools={1: ("lookup", {"number": "4" * 400})}, speed_factor=40.0)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("ask", None)
    begun = await heard.next(ResponseStarted)
    connection.cancel(begun.response_id)
    ended = await heard.next(ResponseEnded)
    assert ended.outcome is Outcome.CANCELLED
    assert "response.function_call_arguments.done" in stand_in.events()
    assert heard.of(ToolRequested) == []
    await connection.close()


@pytest.mark.parametrize("transcription", ["late", "failed"])
async def test_transcription_may_come_after_the_answer_or_not_at_all(
    stand_in: OpenAiStandIn, transcription: Any
) -> None:
    stand_in.script = StandInScript(transcription=transcription, speed_factor=40.0)
    heard = Heard()
    connection = await connected(stand_in, heard)
    speak(connection, UTTERANCE)
    await heard.next(ResponseEnded)
    await heard.until(lambda: any(said.final for said in heard.of(Transcribed)))
    final = heard.of(Transcribed)[-1]
    assert final.text == ("good morning" if transcription == "late" else None)
    after = heard.events.index(final) > heard.events.index(heard.of(ResponseEnded)[0])
    assert after is (transcription == "late")
    await connection.close()


async def test_confidence_comes_from_log_probabilities_when_asked_for(stand_in: OpenAiStandIn) -> None:
    heard = Heard()
    given = settings(transcription={"include_confidence": True})
    connection = await connected(stand_in, heard, given=given)
    speak(connection, UTTERANCE)
    await heard.until(lambda: any(said.final for said in heard.of(Transcribed)))
    assert heard.of(Transcribed)[-1].confidence == pytest.approx(0.9, abs=0.001)
    await connection.close()


async def test_a_transcription_model_without_probabilities_does_not_cost_the_call(
    stand_in: OpenAiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_probabilities(current: Any, change: Any, *, has_spoken: bool) -> dict[str, Any]:
        if "include" in change:
            raise Refused("invalid_value", "Not supported by this model.", "session.include[0]")
        return updated(current, change, has_spoken=has_spoken)

    monkeypatch.setattr("infra.local.standins.openai_session.updated", without_probabilities)
    heard = Heard()
    given = settings(transcription={"include_confidence": True})
    connection = await connected(stand_in, heard, given=given)
    speak(connection, UTTERANCE)
    await heard.until(lambda: any(said.final for said in heard.of(Transcribed)))
    assert heard.of(Transcribed)[-1].confidence is None
    assert ["include" in event["session"] for event in stand_in.sent("session.update")] == [True, False]
    await connection.close()


async def test_a_tool_call_with_senseless_arguments_is_answered_for_the_call(stand_in: OpenAiStandIn) -> None:
    senseless: Any = ["no", "object"]
    stand_in.script = StandInScript(tools={1: ("lookup", senseless)}, speed_factor=40.0)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("ask", None)
    await heard.next(ResponseEnded, 2)
    assert heard.of(ToolRequested) == [] and complaints(stand_in) == []
    (answer,) = stand_in.sent("conversation.item.create")
    assert "error" in answer["item"]["output"] and len(stand_in.sent("response.create")) == 2
    await connection.close()


async def test_a_rate_limited_response_fails_alone(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(rate_limited_turns=frozenset({1}), speed_factor=40.0)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("one", None)
    connection.request_response("two", None)
    await heard.next(ResponseEnded, 2)
    assert [(ended.outcome, ended.code) for ended in heard.of(ResponseEnded)] == [
        (Outcome.FAILED, "inference_rate_limit_exceeded"),
        (Outcome.COMPLETED, ""),
    ]
    assert heard.of(ProviderFailed) == []
    await connection.close()
