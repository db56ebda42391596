"""A process leaves: the call falls silent, writes down what was heard, asks to be taken over; the next one knows."""

import json

from media_tier.call.commands import (
    AppendTranscript,
    AskToReconnect,
    CancelResponse,
    PlayPrompt,
    RequestResponse,
    StopPlayback,
)
from media_tier.call.events import (
    DrainRequested,
    LegConnected,
    LegDropped,
    Party,
    PlaybackStopped,
    PromptMissing,
    ProviderReady,
    ResponseStarted,
    SpeechStarted,
    ToolRequested,
    Transcribed,
)
from media_tier.call.session import CallSession
from shared.contracts.records.call import Role, TranscriptSegment
from shared.domain.sentences import ONE_MOMENT
from tests.call.script import Said, ai_says, caller_says, configuration, greeted, new, only, play

BACK = LegConnected(Party.CALLER, resumed=True)


def segments(said: list[Said]) -> list[TranscriptSegment]:
    """What is stored of these commands."""
    last = {line.segment_id: line for _, line in only(said, AppendTranscript) if line.final}
    return [
        TranscriptSegment(
            segment_id=line.segment_id,
            role=line.role,
            text=line.text,
            start_ms=line.start_ms,
            end_ms=line.end_ms,
            interrupted=line.interrupted,
        )
        for line in last.values()
    ]


def moved(session: CallSession, said: list[Said], elapsed_ms: int) -> CallSession:
    """The call on another process."""
    core = json.loads(json.dumps(session.snapshot()))
    return CallSession.resumed(configuration(), core, elapsed_ms=elapsed_ms, transcript=segments(said))


def test_a_sentence_that_takes_too_long_is_cut_and_stored_before_the_call_leaves() -> None:
    session = new()
    greeted(session)
    before = play(
        session, *caller_says("When?", 2000), *ai_says("We are open from nine to five", 3200, audio_ms=9000)[:-1]
    )
    before += play(session, (4200, DrainRequested(2.0)), until=6300)
    assert [at for at, _ in only(before, StopPlayback)] == [6200]
    assert not only(before, AskToReconnect), "it is not known yet what was heard"
    told = play(session, (6400, PlaybackStopped("response-1-item", 3000)))
    assert [type(command) for _, command in told][-1] is AskToReconnect
    ((_, line),) = only(told, AppendTranscript)
    assert (line.final, line.interrupted, line.text) == (True, True, "We are")
    other = moved(session, before + told, 7000)
    said = play(other, (0, BACK), (300, ProviderReady(2)))
    assert [prompt.text for _, prompt in only(said, PlayPrompt)] == [ONE_MOMENT]
    ((_, request),) = only(said, RequestResponse)
    assert request.instructions is not None and '"We are"' in request.instructions


def test_a_call_leaves_as_soon_as_the_answer_was_heard() -> None:
    session = new()
    greeted(session)
    said = play(
        session,
        *caller_says("When?", 2000),
        (2900, DrainRequested(9.0)),
        *ai_says("Nine to five", 3200, audio_ms=2000),
        until=9000,
    )
    assert [at for at, _ in only(said, AskToReconnect)] == [5220]
    assert not only(said, StopPlayback)
    assert not only(play(moved(session, said, 6000), (0, BACK), (300, ProviderReady(2))), RequestResponse)


def test_a_question_that_was_not_answered_in_time_is_answered_by_the_next_process() -> None:
    session = new()
    greeted(session)
    asking, *asked = caller_says("When?", 2000)
    said = play(session, asking, (2100, DrainRequested(1.0)), *asked, until=4000)
    assert [at for at, _ in only(said, AskToReconnect)] == [3100]
    late = play(session, (4010, ResponseStarted("response-1")))
    assert only(late, CancelResponse), "who has left does not speak any more"
    other = play(moved(session, said, 4100), (0, BACK), (300, ProviderReady(2)))
    assert [request.tag for _, request in only(other, RequestResponse)] == ["resume"]


def test_a_caller_who_is_cut_off_is_written_down_as_far_as_understood() -> None:
    session = new()
    greeted(session)
    said = play(
        session,
        (2000, SpeechStarted("turn-1")),
        (2500, Transcribed("turn-1", "I would like", final=False)),
        (2600, DrainRequested(1.0)),
        until=4000,
    )
    assert [(line.role, line.text) for line in segments(said)] == [(Role.USER, "I would like")]
    assert [at for at, _ in only(said, AskToReconnect)] == [3600]


def test_a_question_known_only_from_the_transcript_is_answered() -> None:
    session = new()
    greeted(session)
    core = json.loads(json.dumps(session.snapshot()))
    said = play(session, *caller_says("When?", 2000))
    other = CallSession.resumed(configuration(), core, elapsed_ms=4000, transcript=segments(said))
    assert only(play(other, (0, BACK), (300, ProviderReady(2))), RequestResponse), "the process was killed meanwhile"


def test_an_answer_heard_after_the_last_checkpoint_is_not_given_again() -> None:
    session = new()
    greeted(session)
    said = play(session, *caller_says("When?", 2000))
    core = json.loads(json.dumps(session.snapshot()))
    assert core["owed"]
    said += play(session, *ai_says("Nine to five", 3200, audio_ms=900), until=6000)
    other = CallSession.resumed(configuration(), core, elapsed_ms=6500, transcript=segments(said))
    assert not only(play(other, (0, BACK), (300, ProviderReady(2))), RequestResponse)


def test_a_tool_that_runs_is_waited_for() -> None:
    session = CallSession(configuration(), tool_names=frozenset({"look_up"}))
    greeted(session)
    play(session, *caller_says("When?", 1500), (2600, ToolRequested("tool-1", "look_up", {}, "response-1")))
    assert not only(play(session, (2700, DrainRequested(5.0)), until=7000), AskToReconnect)


def test_a_caller_who_is_away_already_leaves_at_once() -> None:
    session = new()
    greeted(session)
    said = play(session, (2000, LegDropped(Party.CALLER)), (2500, DrainRequested(5.0)), until=2600)
    assert [at for at, _ in only(said, AskToReconnect)] == [2500]


def test_without_a_rendering_the_moment_is_passed_over() -> None:
    session = new()
    greeted(session)
    said = play(session, *caller_says("When?", 2000))
    other = moved(session, said, 4000)
    said = play(other, (0, BACK))
    playback = only(said, PlayPrompt)[0][1].playback_id
    said = play(other, (10, PromptMissing(playback)), (300, ProviderReady(2)))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["resume"]
