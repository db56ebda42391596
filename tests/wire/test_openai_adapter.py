"""The OpenAI adapter against the stand-in server, over loopback."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.standins.conversation import StandInScript
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.openai_rules import Refused, updated
from infra.local.standins.tones import ToneBrains, silence, tone
from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.call.events import (
    Outcome,
    ProviderExpiring,
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
from media_tier.ports import ProviderUnavailable
from media_tier.providers.openai import OpenAiConnection, OpenAiRealtimeModel
from shared.contracts.records.call import Role, UsageKind
from tests.wire.openai_fixtures import Heard, assert_valid, seed, settings, speak

UTTERANCE = tone(300) + silence(200)
QUICK = StandInScript(speed_factor=40.0)


@pytest.fixture
async def stand_in() -> AsyncIterator[OpenAiStandIn]:
    """A stand-in; whatever we sent to it in the test must be valid for OpenAI's own types, and not be complained of."""
    async with OpenAiStandIn(ToneBrains(["good morning", "and then", "anything else"]), QUICK) as server:
        yield server
    for side, event in server.log:
        if side == "client":
            assert_valid(event)


def model(stand_in: OpenAiStandIn, **options: Any) -> OpenAiRealtimeModel:
    return OpenAiRealtimeModel(options.pop("key", "sk-local"), stand_in.url, time.monotonic, **options)


async def connected(stand_in: OpenAiStandIn, heard: Heard, **seeded: Any) -> OpenAiConnection:
    return await model(stand_in).connect(seed(**seeded), heard)


def complaints(stand_in: OpenAiStandIn) -> list[str]:
    return [
        str(event["error"]["code"]) for side, event in stand_in.log if side == "server" and event["type"] == "error"
    ]


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


async def test_running_out_of_quota_is_fatal_and_told_once(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(no_quota_turn=1)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("one", None)
    failed = await heard.next(ProviderFailed)
    assert (failed.code, failed.fatal, failed.connection) == ("insufficient_quota", True, 1)
    told = len(heard.events)
    speak(connection, UTTERANCE)
    connection.request_response("two", None)
    await connection.close()
    assert len(heard.events) == told and len(stand_in.sent("response.create")) == 1


@pytest.mark.parametrize(
    ("status", "fatal"), [(401, True), (403, True), (429, False), (500, False)], ids=["key", "denied", "busy", "down"]
)
async def test_a_refused_connection_is_fatal_only_for_good_reasons(
    stand_in: OpenAiStandIn, status: int, fatal: bool
) -> None:
    stand_in.script = StandInScript(refuse_status=status)
    with pytest.raises(ProviderUnavailable) as refusal:
        await connected(stand_in, Heard())
    assert (refusal.value.code, refusal.value.fatal) == (f"http_{status}", fatal)


async def test_a_wrong_key_is_fatal(stand_in: OpenAiStandIn) -> None:
    with pytest.raises(ProviderUnavailable) as refusal:
        await model(stand_in, key="sk-other").connect(seed(), Heard())
    assert (refusal.value.code, refusal.value.fatal) == ("http_401", True)


async def test_a_configuration_that_is_refused_is_fatal(stand_in: OpenAiStandIn) -> None:
    given = settings(voice={"voice_id": "fable"})
    with pytest.raises(ProviderUnavailable) as refusal:
        await connected(stand_in, Heard(), given=given)
    assert (refusal.value.code, refusal.value.fatal) == ("invalid_value", True)


@pytest.mark.parametrize("after", [0, 1])
async def test_a_server_that_stalls_during_setup_times_out(stand_in: OpenAiStandIn, after: int) -> None:
    stand_in.script = StandInScript(stall_after=after)
    with pytest.raises(ProviderUnavailable) as late:
        await model(stand_in, setup_seconds=0.3).connect(seed(), Heard())
    assert (late.value.code, late.value.fatal) == ("timeout", False)


async def test_a_server_that_stalls_later_is_left_to_the_call(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(stall_after=3)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("one", None)
    await heard.next(ResponseStarted)
    await asyncio.sleep(0.1)
    assert heard.of(ProviderFailed) == []
    await connection.close()


@pytest.mark.parametrize(
    ("close", "code"),
    [((3, 1001, "Your session hit the maximum duration of 60 minutes."), "expired"), ((3, 1011, "x"), "closed_1011")],
)
async def test_a_close_we_did_not_ask_for_is_a_failure(
    stand_in: OpenAiStandIn, close: tuple[int, int, str], code: str
) -> None:
    stand_in.script = StandInScript(close_after=close)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("one", None)
    failed = await heard.next(ProviderFailed)
    assert (failed.code, failed.fatal) == (code, False)
    await connection.close()
    assert len(heard.of(ProviderFailed)) == 1


async def test_the_cap_is_announced_and_then_enforced(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(cap_seconds=1.6)
    heard = Heard()
    connection = await model(stand_in, epoch=time.time).connect(seed(), heard)
    expiring = await heard.next(ProviderExpiring)
    assert 0 < expiring.seconds <= 1.6
    failed = await heard.next(ProviderFailed)
    assert (failed.code, failed.fatal) == ("expired", False)
    await connection.close()


async def test_a_drop_at_any_event_is_one_failure_and_a_new_connection_goes_on(stand_in: OpenAiStandIn) -> None:
    """A whole scripted call, cut after its 1st, 2nd, … server event."""
    total = await scripted_call(stand_in, None)
    assert total > 40
    for cut in range(2, total + 1):
        assert await scripted_call(stand_in, cut) == cut


async def scripted_call(stand_in: OpenAiStandIn, cut: int | None) -> int:
    """Greeting, a turn with a tool, an answer. Returns the number of server events; checks the drop if there is one."""
    stand_in._make_brain = ToneBrains(["good morning"])
    stand_in.script = StandInScript(tools={1: ("lookup", {})}, speed_factor=400.0, drop_after=cut)
    before, heard = len(stand_in.events()), Heard()
    connection: OpenAiConnection | None = None
    try:
        connection = await connected(stand_in, heard, history=(HistoryItem(Role.ASSISTANT, "Welcome!"),))
    except ProviderUnavailable as unavailable:
        assert cut == 2 and not unavailable.fatal and heard.events == []
        return cut

    def broken() -> bool:
        return bool(heard.of(ProviderFailed))

    speak(connection, UTTERANCE)
    await heard.until(lambda: bool(heard.of(ToolRequested)) or broken())
    if not broken():
        asked = heard.of(ToolRequested)[0]
        connection.submit_tool_result(asked.call_id, asked.name, {"ok": True}, True)
        await heard.until(lambda: len(heard.of(ResponseEnded)) == 2 or broken())
    if cut is not None:
        await heard.until(broken)
    count = len(stand_in.events()) - before
    await connection.close()
    failures = heard.of(ProviderFailed)
    assert [(failed.connection, failed.code, failed.fatal) for failed in failures] == (
        [] if cut is None else [(1, "closed_1006", False)]
    )
    if cut is not None:
        await goes_on(stand_in)
    return count


async def goes_on(stand_in: OpenAiStandIn) -> None:
    """Another connection, seeded with what was said, answers."""
    stand_in.script = StandInScript(speed_factor=400.0)
    heard = Heard()
    connection = await connected(stand_in, heard, connection=2, history=(HistoryItem(Role.USER, "good morning"),))
    connection.request_response("again", None)
    ended = await heard.next(ResponseEnded)
    assert (ended.outcome, ended.connection) == (Outcome.COMPLETED, 2)
    assert "".join(said.text for said in heard.of(ResponseTranscribed)) == "You said good morning"
    await connection.close()
    assert heard.of(ProviderFailed) == []
