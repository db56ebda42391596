"""Whole calls against the simulated world: six scenarios, every possible provider drop, and an hour on two models."""

from itertools import pairwise
from typing import Any

import pytest

from media_tier.call.commands import (
    AppendTranscript,
    CloseProvider,
    OpenProvider,
    PlayPrompt,
    RequestResponse,
    RunTool,
    StartRecording,
    SubmitToolResult,
    TruncateResponse,
    UseProvider,
)
from media_tier.call.events import PlaybackFinished, PlaybackStarted, PlaybackStopped
from shared.contracts.records.call import EndedBy, EndReason, Role
from shared.contracts.settings.ai_model import Capabilities
from shared.contracts.settings.call_settings import DEFAULT_GREETING, DISCLOSURE
from shared.domain.sentences import (
    ALL_BUSY,
    GOODBYE,
    NOT_HEARD,
    RECORDING_ANNOUNCEMENT,
    SILENCE_GOODBYE,
    STILL_THERE,
    TECHNICAL_DIFFICULTIES,
    TIME_IS_UP,
)
from tests.call.script import GEMINI_LIKE, OPENAI_LIKE, configuration
from tests.call.world import Use, World

HOURS = "Our business hours are Monday through Friday, 9 AM to 5 PM."
WELCOME = "You are welcome, is there anything else that I can do for you today?"


def answer(text: str) -> str | Use:
    if "order" in text:
        return Use("check_order_status", {"order_number": "42"})
    if "human" in text:
        return Use("transfer_to_human", {"reason": "asked"})
    return HOURS if "hours" in text else WELCOME


def world(capabilities: Capabilities = OPENAI_LIKE, **options: object) -> World:
    settings = options.pop("settings", {})
    assert isinstance(settings, dict)
    return World(configuration(capabilities, **settings), frozenset({"check_order_status"}), answer, **options)  # type: ignore[arg-type]  # options are World's own fields


def final_lines(world: World) -> list[tuple[Role, str]]:
    rows = {row.segment_id: row for row in world.all(AppendTranscript) if row.final}
    return [(row.role, row.text) for row in sorted(rows.values(), key=lambda row: row.start_ms)]


def test_success() -> None:
    call = world()
    call.caller_says(6.0, "What are your business hours?")
    call.caller_says(14.0, "Okay, goodbye!")
    call.run()
    assert [(f.reason, f.by) for f in call.finishes] == [(EndReason.USER_ENDED, EndedBy.CALLER)]
    lines = final_lines(call)
    assert lines[1:3] == [(Role.USER, "What are your business hours?"), (Role.ASSISTANT, HOURS)]
    assert lines[-2:] == [(Role.USER, "Okay, goodbye!"), (Role.ASSISTANT, GOODBYE)]


def test_interruption() -> None:
    call = world()
    call.caller_says(6.0, "What are your business hours?")
    call.caller_says(9.0, "Thanks, that is all I wanted")
    call.caller_says(18.0, "goodbye")
    call.run()
    assert call.finishes[0].interruption_count == 1
    (truncate,) = call.all(TruncateResponse)
    ((_, stopped),) = call.heard(PlaybackStopped)
    assert truncate.played_ms == stopped.played_ms > 0
    cut = [row for row in call.all(AppendTranscript) if row.interrupted]
    assert len(cut) == 1
    assert cut[0].final and cut[0].text and HOURS.startswith(cut[0].text) and cut[0].text != HOURS


def test_silence_timeout() -> None:
    call = world(settings={"silence_timeout_seconds": 30}).run()
    assert [p.text for p in call.all(PlayPrompt)][1:] == [STILL_THERE, NOT_HEARD, SILENCE_GOODBYE]
    assert [(f.reason, f.by) for f in call.finishes] == [(EndReason.SILENCE_TIMEOUT, EndedBy.POLICY)]
    assert 35 < call.now < 60


def test_error() -> None:
    call = world(connects=lambda number: False).run()
    assert call.all(PlayPrompt)[-1].text == TECHNICAL_DIFFICULTIES
    assert [(f.reason, f.by) for f in call.finishes] == [(EndReason.PROVIDER_UNAVAILABLE, EndedBy.PROVIDER)]
    assert len(call.all(OpenProvider)) == 4


def test_escalation() -> None:
    call = world()
    call.caller_says(6.0, "I want to speak to a human")
    call.caller_says(17.0, "goodbye")
    call.run()
    (result,) = call.all(SubmitToolResult)
    assert result.output["status"] == "unavailable" and result.request_response
    assert not call.all(RunTool)
    assert (Role.ASSISTANT, ALL_BUSY) in final_lines(call)


def test_function_calling() -> None:
    call = world(tool_s=2.0)
    call.caller_says(6.0, "Where is my order?")
    call.caller_says(20.0, "goodbye")
    call.run()
    assert [tool.name for tool in call.all(RunTool)] == ["check_order_status"]
    assert [result.output for result in call.all(SubmitToolResult)] == [{"status": "shipped"}]
    spoken = [text for role, text in final_lines(call) if role is Role.ASSISTANT]
    assert spoken[1].startswith("Let me check that for you") and "shipped" in spoken[2]


def test_a_call_without_any_rendering() -> None:
    call = world(rendered=False, settings={"recording": {"enabled": True}, "disclosure": {"enabled": True}})
    call.caller_says(20.0, "What are your business hours?")
    call.caller_says(28.0, "Okay, goodbye!")
    call.run()
    spoken = [text for role, text in final_lines(call) if role is Role.ASSISTANT]
    assert spoken == [DISCLOSURE, RECORDING_ANNOUNCEMENT, DEFAULT_GREETING, HOURS, GOODBYE]
    assert len(call.all(StartRecording)) == 1
    assert call.finishes[0].reason is EndReason.USER_ENDED


def scripted(seed: int, **faults: Any) -> World:
    call = world(seed=seed, **faults)
    call.caller_says(6.6, "What are your business hours?")
    call.caller_says(16.0, "Where is my order?")
    call.caller_says(30.0, "Fine, thank you")
    call.caller_says(44.0, "goodbye", lasting=0.6)
    return call.run()


EVENTS = len(scripted(7).events)


@pytest.mark.parametrize("drop_at", range(1, EVENTS + 1))
def test_a_provider_drop_at_every_event_is_survived(drop_at: int) -> None:
    call = scripted(7, drop_at=drop_at)
    assert [(f.reason, f.by) for f in call.finishes] == [(EndReason.USER_ENDED, EndedBy.CALLER)]
    assert len([tool for tool in call.all(RunTool) if tool.name == "check_order_status"]) == 1
    lines = final_lines(call)
    users = [text for role, text in lines if role is Role.USER]
    assert users[-1] == "goodbye"
    assert any("shipped" in text for role, text in lines if role is Role.ASSISTANT)
    opened, closed = call.all(OpenProvider), call.all(CloseProvider)
    assert len(opened) - len(closed) <= 1
    if call.dropped_at is not None and call.owed_at_drop and not heard_through(call, call.dropped_at):
        spoken = [at for at, _ in call.heard(PlaybackStarted) if at > call.dropped_at]
        assert spoken and spoken[0] - call.dropped_at <= 3.0


@pytest.mark.parametrize("fault", ["leg_drop_at", "move_at"])
@pytest.mark.parametrize("at", range(1, EVENTS + 1))
def test_a_caller_who_drops_at_any_event_comes_back_to_the_same_call(at: int, fault: str) -> None:
    call = scripted(7, **{fault: at})
    assert len(call.finishes) == 1
    assert call.finishes[0].reason is EndReason.USER_ENDED
    runs = [tool for tool in call.all(RunTool) if tool.name == "check_order_status"]
    assert len(runs) == 1 or (fault == "move_at" and len(runs) == 2), "an uncertain outcome may be tried again"
    lines = final_lines(call)
    asked = lines.index((Role.USER, "What are your business hours?"))
    assert not [text for _, text in lines[asked:] if text[:6] == DEFAULT_GREETING[:6]], "nobody is greeted twice"
    if fault == "move_at" and call.owed_at_drop and call.dropped_at is not None and len(call.all(OpenProvider)) > 1:
        spoken = [at for at, _ in call.heard(PlaybackStarted) if at > call.dropped_at]
        assert spoken and spoken[0] - call.dropped_at <= 2.0 + 3.0


def heard_through(call: World, at: float) -> bool:
    """Whether something that was audible at this time went on to its end."""
    begun = {event.playback_id for when, event in call.heard(PlaybackStarted) if when <= at}
    return any(event.playback_id in begun for when, event in call.heard(PlaybackFinished) if when > at)


@pytest.mark.parametrize(("capabilities", "life"), [(GEMINI_LIKE, 600), (OPENAI_LIKE, 3600)])
def test_an_hour_long_call_outlives_its_connections(capabilities: Capabilities, life: int) -> None:
    call = world(capabilities, settings={"max_duration_minutes": 60, "silence_timeout_seconds": 300})
    for minute in range(1, 60):
        call.caller_says(minute * 60.0, "What are your business hours?")
    call.run()
    assert [(f.reason, f.by) for f in call.finishes] == [(EndReason.MAX_DURATION, EndedBy.POLICY)]
    assert call.all(PlayPrompt)[-1].text == TIME_IS_UP
    used = [(at, command) for at, command in call.commands if isinstance(command, UseProvider)]
    assert len(used) == {600: 7, 3600: 2}[life]
    assert all(later - earlier < life for (earlier, _), (later, _) in pairwise(used))
    assert not [request for request in call.all(RequestResponse) if request.tag == "resume"]
    answers = [text for role, text in final_lines(call) if role is Role.ASSISTANT and text == HOURS]
    assert len(answers) == 59
