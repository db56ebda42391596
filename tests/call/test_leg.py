"""The caller's connection drops and comes back, here or on another process."""

import json
from typing import Any

import pytest

from media_tier.call.commands import (
    AppendTranscript,
    AskToReconnect,
    CancelResponse,
    Finish,
    HistoryItem,
    OpenProvider,
    PlayPrompt,
    RequestResponse,
    StartRecording,
    StopPlayback,
    TellQuality,
    TellSpeaking,
    TellStatus,
)
from media_tier.call.events import (
    DrainRequested,
    LegConnected,
    LegDropped,
    MuteChanged,
    Party,
    PlaybackFinished,
    PlaybackStopped,
    ProviderReady,
    QualityMeasured,
    ResponseStarted,
    SpeechStarted,
)
from media_tier.call.session import CallSession
from shared.contracts.records.call import EndedBy, EndReason, Role, TranscriptSegment
from shared.domain.sentences import ONE_MOMENT
from tests.call.script import CONNECTED, ai_says, caller_says, configuration, greeted, new, only, play

DROPPED = LegDropped(Party.CALLER)
BACK = LegConnected(Party.CALLER, resumed=True)


def test_a_parked_call_ends_after_thirty_seconds() -> None:
    session = new()
    greeted(session)
    said = play(session, (5000, DROPPED), (20_000, DROPPED), until=40_000)
    assert only(said, Finish) == [(35_000, Finish(EndReason.CONNECTION_LOST, EndedBy.CARRIER))]


@pytest.mark.parametrize("first", [(), ((4000, DROPPED),)])
def test_a_connection_that_is_gone_for_good_ends_the_call_at_once(first: tuple[Any, ...]) -> None:
    session = new()
    greeted(session)
    said = play(session, *first, (5000, LegDropped(Party.CALLER, for_good=True)), until=60_000)
    assert only(said, Finish) == [(5000, Finish(EndReason.CONNECTION_LOST, EndedBy.CARRIER))]


def test_a_goodbye_under_way_stays_the_reason_whatever_becomes_of_the_connection() -> None:
    session = new()
    greeted(session)
    said = play(session, *caller_says("Goodbye", 2000), (3000, LegDropped(Party.CALLER, for_good=True)))
    assert only(said, Finish)[-1][1].reason is EndReason.USER_ENDED


def test_an_answer_cut_off_by_the_drop_is_continued() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("When?", 2000), *ai_says("We are open from nine to five", 3200, audio_ms=2900)[:-1])
    said = play(session, (4220, DROPPED), (4230, PlaybackStopped("response-1-item", 1000)))
    assert only(said, StopPlayback)
    assert only(said, AppendTranscript)[-1][1].text == "We are"
    said = play(session, (9000, BACK))
    assert (9000, TellSpeaking(Party.AI, False)) in said
    ((_, request),) = only(said, RequestResponse)
    assert request.tag == "resume" and request.instructions is not None and '"We are"' in request.instructions


def test_the_ai_does_not_speak_into_a_dead_line() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("When?", 2000), (3100, DROPPED))
    said = play(session, (3300, ResponseStarted("response-1")))
    assert only(said, CancelResponse) == [(3300, CancelResponse("response-1"))]
    assert only(play(session, (5000, BACK)), RequestResponse)


def test_nothing_is_asked_for_when_the_caller_had_the_floor() -> None:
    session = new()
    greeted(session)
    said = play(session, (5000, DROPPED), (9000, BACK))
    assert not only(said, RequestResponse) and not only(said, PlayPrompt)
    assert (9000, TellStatus("listening")) in said


def test_another_process_goes_on_where_this_one_was() -> None:
    chosen = configuration(recording={"enabled": True, "announce": False})
    session = CallSession(chosen)
    greeted(session)
    play(session, *caller_says("When?", 2000))
    core = json.loads(json.dumps(session.snapshot()))
    lines = [
        TranscriptSegment(segment_id="segment-1", role=Role.ASSISTANT, text="Hello!", start_ms=10, end_ms=900),
        TranscriptSegment(segment_id="segment-2", role=Role.USER, text="When?", start_ms=2000, end_ms=2800),
    ]
    moved = CallSession.resumed(chosen, core, elapsed_ms=7000, transcript=lines)
    said = play(moved, (100_000, BACK))
    assert only(said, OpenProvider)[0][1] == OpenProvider(
        2, (HistoryItem(Role.ASSISTANT, "Hello!"), HistoryItem(Role.USER, "When?"))
    )
    assert only(said, StartRecording)
    assert [prompt.text for _, prompt in only(said, PlayPrompt)] == [ONE_MOMENT], "while the model takes over"
    assert moved.elapsed_ms(101.0) == 8000
    said = play(moved, (100_500, ProviderReady(2)))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["resume"]
    said = play(moved, *ai_says("Nine to five.", 101_000), until=102_000)
    assert only(said, AppendTranscript)[0][1].segment_id == "segment-3"
    assert only(said, AppendTranscript)[0][1].start_ms == 8020


def test_an_announcement_that_was_not_heard_is_heard_on_the_other_process() -> None:
    chosen = configuration(recording={"enabled": True})
    session = CallSession(chosen)
    play(session, (0, CONNECTED))
    moved = CallSession.resumed(chosen, session.snapshot(), elapsed_ms=50, transcript=())
    said = play(moved, (0, BACK))
    assert len(only(said, PlayPrompt)) == 2 and not only(said, StartRecording)
    playback = only(said, PlayPrompt)[0][1].playback_id
    assert only(play(moved, (2000, PlaybackFinished(playback, 1900))), StartRecording)


def test_the_call_clock_goes_on_for_the_time_limit() -> None:
    chosen = configuration(max_duration_minutes=2, silence_timeout_seconds=300)
    session = CallSession(chosen)
    greeted(session)
    moved = CallSession.resumed(chosen, session.snapshot(), elapsed_ms=100_000, transcript=())
    said = play(moved, (0, BACK), until=60_000)
    assert only(said, TellStatus)[0] == (0, TellStatus("duration_warning"))
    assert (20_000, TellStatus("ending")) in said


def test_draining_asks_in_a_pause_or_after_three_seconds() -> None:
    session = new()
    greeted(session)
    assert only(play(session, (2000, DrainRequested())), AskToReconnect) == [(2000, AskToReconnect())]
    session = new()
    greeted(session)
    said = play(
        session, (2000, SpeechStarted("turn-1")), (2500, DrainRequested()), (3000, DrainRequested()), until=9000
    )
    assert only(said, AskToReconnect) == [(5500, AskToReconnect())]


def test_quality_is_told_when_it_changes() -> None:
    session = new()
    greeted(session)
    levels = [(80.0, 0), (90.0, 0), (90.0, 1), (399.0, 4), (400.0, 0), (20.0, 0)]
    said = play(session, *[(2000 + n, QualityMeasured(rtt, lost)) for n, (rtt, lost) in enumerate(levels)])
    assert [command.level for _, command in only(said, TellQuality)] == ["good", "fair", "poor", "good"]


def test_a_muted_microphone_changes_nothing_by_itself() -> None:
    session = new()
    greeted(session)
    play(session, until=1900)
    before = session.snapshot()
    assert play(session, (2000, MuteChanged(True))) == []
    assert session.snapshot() == {**before, "elapsed_ms": 2000}
