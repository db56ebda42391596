"""One end, one reason: races between everything that can end a call."""

from itertools import permutations

import pytest

from media_tier.call.commands import AppendTranscript, Command, Finish, RequestResponse, StopPlayback, SubmitToolResult
from media_tier.call.events import (
    EndRequested,
    Event,
    LegDropped,
    Outcome,
    Party,
    PlaybackFinished,
    PlaybackStarted,
    PromptMissing,
    ProviderFailed,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    Tick,
    ToolFinished,
    ToolRequested,
    Transcribed,
)
from media_tier.call.phases import MOVES, ImpossibleMove, Phase, moved
from media_tier.call.session import CallSession
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import GOODBYE
from tests.call.script import (
    CONNECTED,
    OPENAI_LIKE,
    ai_says,
    caller_says,
    configuration,
    greeted,
    new,
    only,
    play,
    prompt_id,
    sentences,
)

WINNERS: dict[str, EndReason] = {
    "hang-up": EndReason.USER_ENDED,
    "phrase": EndReason.USER_ENDED,
    "tool": EndReason.AI_ENDED,
    "time": EndReason.MAX_DURATION,
    "provider": EndReason.PROVIDER_UNAVAILABLE,
}
ENDS: dict[str, Event] = {
    "hang-up": EndRequested(Party.CALLER),
    "phrase": Transcribed("turn-1", "goodbye"),
    "tool": ToolRequested("call-1", "end_call", {}, "", 1),
    "time": Tick(),
    "provider": ProviderFailed(1, "gone", fatal=True),
}


@pytest.mark.parametrize("order", list(permutations(ENDS)), ids="-".join)
def test_five_ends_at_the_same_moment_have_one_winner(order: tuple[str, ...]) -> None:
    session = new(max_duration_minutes=1, silence_timeout_seconds=300)
    greeted(session)
    play(session, *caller_says("I think", 57_000)[:2])
    commands: list[Command] = []
    for name in order:
        commands += session.receive(ENDS[name], 60.0 if name == "time" else 59.999)
    commands += [command for _, command in play(session, until=100_000)]
    finishes = [command for command in commands if isinstance(command, Finish)]
    assert len(finishes) == 1 and commands[-1] is finishes[0]
    assert finishes[0].reason is WINNERS[order[0]]


def test_the_caller_hangs_up_without_a_goodbye() -> None:
    session = new()
    greeted(session)
    said = play(session, *ai_says("We are open from nine to five", 2000, audio_ms=2900)[:-1])
    said = play(session, (3020, EndRequested(Party.CALLER)))
    assert not sentences(said)
    assert said[-1] == (3020, Finish(EndReason.USER_ENDED, EndedBy.CALLER))
    row = only(said, AppendTranscript)[-1][1]
    assert (row.text, row.final, row.interrupted) == ("We are", True, True)
    assert session.receive(EndRequested(Party.CALLER), 4.0) == []
    assert session.next_deadline() is None


def test_a_hang_up_during_the_goodbye_keeps_the_reason() -> None:
    session = new(max_duration_minutes=1, silence_timeout_seconds=300)
    greeted(session)
    play(session, until=60_001)
    assert only(play(session, (61_000, EndRequested(Party.CALLER))), Finish)[0][1].reason is EndReason.MAX_DURATION


def test_a_caller_who_vanishes_during_the_goodbye_is_not_waited_for() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("goodbye", 2000))
    assert only(play(session, (3100, LegDropped(Party.CALLER))), Finish)[0][1].by is EndedBy.CALLER


def test_current_words_are_heard_before_the_goodbye() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("well", 1500), *ai_says("We are open", 3000, audio_ms=3000)[:-1])
    said = play(session, *caller_says("goodbye", 3100, "turn-2", lasting=50))
    assert only(said, StopPlayback) == []
    assert not sentences(said)
    said = play(session, (6020, PlaybackFinished("response-1-item", 3000)))
    assert sentences(said) == [(6020, GOODBYE)]


def test_a_tool_request_while_closing_is_refused_and_asks_for_no_answer() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("goodbye", 2000))
    said = play(session, (3100, ToolRequested("call-1", "look_up", {}, "response-1", 1)))
    assert [result.request_response for _, result in only(said, SubmitToolResult)] == [False]


def test_a_goodbye_that_is_never_reported_heard_is_bounded() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("goodbye", 2000))
    assert [at for at, _ in only(play(session, until=30_000), Finish)] == [18_000]


def test_a_closing_call_that_moved_says_goodbye_again() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("goodbye", 2000))
    moved_session = CallSession.resumed(configuration(), session.snapshot(), elapsed_ms=3100, transcript=())
    said = play(moved_session, (0, CONNECTED))
    assert sentences(said) == [(0, GOODBYE)]
    said = play(moved_session, (900, PlaybackFinished(prompt_id(said, GOODBYE), 900)))
    assert said[-1] == (900, Finish(EndReason.USER_ENDED, EndedBy.CALLER))


def test_every_phase_can_reach_the_end_and_only_along_the_table() -> None:
    for phase in Phase:
        assert phase is Phase.ENDED or Phase.ENDED in MOVES[phase]
    with pytest.raises(ImpossibleMove):
        moved(Phase.ENDED, Phase.WITH_AI)


def test_a_goodbye_without_a_rendering_is_said_by_the_ai() -> None:
    session = new()
    greeted(session)
    tag = prompt_id(play(session, *caller_says("goodbye", 2000)), GOODBYE)
    said = play(session, (3010, PromptMissing(tag)))
    assert [request.tag for _, request in only(said, RequestResponse)] == [tag]
    said = play(
        session,
        (3300, ResponseStarted("response-1", tag)),
        (3310, ResponseTranscribed("response-1", "item-1", GOODBYE, 2000)),
        (3320, PlaybackStarted("item-1")),
        (3330, ResponseEnded("response-1", Outcome.COMPLETED, {"item-1": 2000})),
    )
    assert not only(said, Finish)
    assert play(session, (5320, PlaybackFinished("item-1", 2000)))[-1][1] == Finish(
        EndReason.USER_ENDED, EndedBy.CALLER
    )


def test_a_goodbye_the_ai_can_no_longer_say_is_skipped() -> None:
    session = new()
    greeted(session)
    tag = prompt_id(play(session, *caller_says("goodbye", 2000)), GOODBYE)
    said = play(session, (3010, PromptMissing(tag)), (3500, ProviderFailed(1, "closed")))
    assert said[-1] == (3500, Finish(EndReason.USER_ENDED, EndedBy.CALLER))


def test_a_result_that_comes_while_closing_is_passed_on_without_asking_for_speech() -> None:
    session = new(OPENAI_LIKE, "look_up")
    greeted(session)
    play(session, (1500, ToolRequested("call-1", "look_up", {}, "response-1", 1)), *caller_says("goodbye", 1600))
    said = play(session, (2700, ToolFinished("call-1", {"n": 1})))
    assert only(said, SubmitToolResult) == [
        (2700, SubmitToolResult("call-1", "look_up", {"n": 1}, request_response=False))
    ]
