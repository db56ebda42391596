"""Connections: first, renewed, repaired, given up."""

import pytest

from media_tier.call.commands import (
    AddContext,
    CloseProvider,
    DropAudio,
    HistoryItem,
    OpenProvider,
    RequestResponse,
    StopPlayback,
    TellStatus,
    UseProvider,
)
from media_tier.call.events import (
    Outcome,
    PlaybackFinished,
    PlaybackStopped,
    ProviderExpiring,
    ProviderFailed,
    ProviderReady,
    ProviderResumable,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    Transcribed,
)
from media_tier.call.phases import Phase
from media_tier.call.session import CallSession
from shared.contracts.records.call import Role
from tests.call.script import (
    CONNECTED,
    GEMINI_LIKE,
    OPENAI_LIKE,
    Said,
    ai_says,
    caller_says,
    configuration,
    greeted,
    model,
    new,
    only,
    play,
)

GREETING = HistoryItem(Role.ASSISTANT, "Hello! Thank you for calling. How can I assist you today?")
QUESTION = HistoryItem(Role.USER, "When are you open?")


def opened(said: list[Said]) -> list[tuple[int, int]]:
    """When which connection was begun."""
    return [(at, command.connection) for at, command in only(said, OpenProvider)]


def asked() -> CallSession:
    session = new()
    greeted(session)
    play(session, *caller_says(QUESTION.text, 2000))
    return session


def test_a_broken_connection_is_replaced_at_once_and_the_owed_answer_asked_for() -> None:
    session = asked()
    said = play(session, (3200, ProviderFailed(1, "closed")))
    assert said[0] == (3200, CloseProvider(1))
    assert (3200, TellStatus("provider_reconnecting")) in said
    assert only(said, OpenProvider) == [(3200, OpenProvider(2, (GREETING, QUESTION)))]
    said = play(session, (3600, ProviderReady(2)))
    assert said[0] == (3600, UseProvider(2))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["resume"]


def test_an_answer_cut_off_in_the_middle_is_continued() -> None:
    session = asked()
    steps = ai_says("We are open from nine to five on all working days", 3200, audio_ms=4000)
    play(session, *steps[:-2])
    said = play(session, (4220, ProviderFailed(1, "closed")), (4230, PlaybackStopped("response-1-item", 1000)))
    assert [c for _, c in said if isinstance(c, StopPlayback | DropAudio)] == [DropAudio("response-1"), StopPlayback()]
    said = play(session, (4600, ProviderReady(2)))
    assert only(said, AddContext) == [(4600, AddContext(Role.ASSISTANT, "We are open"))]
    ((_, request),) = only(said, RequestResponse)
    assert request.instructions is not None and '"We are open"' in request.instructions


def test_nothing_is_asked_for_when_nothing_is_owed() -> None:
    session = asked()
    play(session, *ai_says("Nine to five.", 3200))
    said = play(session, (9000, ProviderFailed(1, "closed")), (9400, ProviderReady(2)), until=12_000)
    assert not only(said, RequestResponse)
    assert (9400, TellStatus("listening")) in said


def test_a_greeting_goes_on_while_the_provider_is_repaired() -> None:
    session = new()
    said = play(session, (0, CONNECTED), (100, ProviderReady(1)), (200, ProviderFailed(1, "closed")))
    assert not only(said, StopPlayback)


def test_a_caller_cut_off_in_mid_sentence_may_finish_first() -> None:
    session = new()
    greeted(session)
    play(session, (2000, SpeechStarted("turn-1")), (2500, ProviderFailed(1, "closed")), (2700, ProviderReady(2)))
    said = play(
        session,
        (3000, SpeechStarted("turn-2", connection=2)),
        (4000, SpeechStopped("turn-2", connection=2)),
        (4200, ResponseStarted("response-1", connection=2)),
        until=6000,
    )
    assert not only(said, RequestResponse)


def test_three_retries_then_the_second_model_then_the_fallback() -> None:
    session = CallSession(configuration(fallback_model=model(GEMINI_LIKE, "second")))
    said = play(session, (0, CONNECTED))
    for number in range(1, 5):
        at = only(said, OpenProvider)[-1][0] + 100
        said += play(session, (at, ProviderFailed(number, "refused")), until=at + 1100)
    assert opened(said) == [(0, 1), (100, 2), (700, 3), (1800, 4), (1900, 5)]
    assert [c.fallback_model for _, c in only(said, OpenProvider)] == [False] * 4 + [True]
    play(session, (5000, ProviderFailed(5, "no_key", fatal=True)))
    assert session.phase is Phase.CLOSING


def test_a_fatal_failure_is_not_retried() -> None:
    session = new()
    said = play(session, (0, CONNECTED), (200, ProviderFailed(1, "bad_key", fatal=True)), until=300)
    assert opened(said) == [(0, 1)]
    assert session.phase is Phase.CLOSING


def test_a_connection_that_takes_too_long_is_given_up() -> None:
    session = new()
    said = play(session, (0, CONNECTED), (500, PlaybackFinished("prompt-1", 400)), until=10_100)
    assert opened(said) == [(0, 1), (10_000, 2)]
    assert (10_000, CloseProvider(1)) in said
    assert not play(session, (10_200, ProviderReady(1)))


def test_a_new_incident_after_a_steady_while_has_its_own_retries() -> None:
    session = new(silence_timeout_seconds=300)
    greeted(session)
    for number in range(1, 9):
        at = number * 15_000
        said = play(session, (at, ProviderFailed(number, "closed")), (at + 300, ProviderReady(number + 1)))
        assert opened(said) == [(at, number + 1)]


def test_a_connection_that_never_holds_exhausts_the_retries() -> None:
    session = new()
    greeted(session)
    said: list[Said] = []
    for number in range(1, 9):
        at = number * 3000
        said += play(session, (at, ProviderFailed(number, "closed")), (at + 1200, ProviderReady(number + 1)))
    assert len(opened(said)) == 3


def test_a_silent_provider_is_asked_again_and_then_replaced() -> None:
    session = asked()
    said = play(session, until=18_000)
    assert [(at, request.tag) for at, request in only(said, RequestResponse)] == [(10_800, "retry")]
    assert opened(said) == [(17_800, 2)]
    assert (17_800, CloseProvider(1)) in said


def test_an_answer_that_begins_but_never_sounds_is_a_stall_too() -> None:
    said = play(asked(), (4000, ResponseStarted("response-1")), until=19_500)
    assert opened(said) == [(19_000, 2)]


def test_a_failed_answer_is_asked_for_again_once() -> None:
    session = asked()
    failed = (
        (3500, ResponseStarted("response-1")),
        (3600, ResponseEnded("response-1", Outcome.FAILED)),
    )
    assert [r.tag for _, r in only(play(session, *failed), RequestResponse)] == ["retry"]


def test_a_turn_without_words_is_owed_no_answer() -> None:
    session = new()
    greeted(session)
    said = play(
        session, (2000, SpeechStarted("turn-1")), (2300, SpeechStopped("turn-1")), (2500, Transcribed("turn-1", None))
    )
    assert not only(said + play(session, until=20_000), RequestResponse)


@pytest.mark.parametrize(("cap", "renewed"), [(600, 540_300), (3600, 3_240_300), (100, 70_300)])
def test_our_own_cap_renews_without_being_told(cap: int, renewed: int) -> None:
    session = new(OPENAI_LIKE.model_copy(update={"max_connection_seconds": cap}), max_duration_minutes=60)
    greeted(session)
    said: list[Said] = []
    for at in range(60_000, renewed - 20_000, 60_000):
        turn, answer = f"turn-{at}", f"response-{at}"
        said += play(session, *caller_says("Still there", at, turn), *ai_says("Yes.", at + 1200, answer))
    said += play(session, until=renewed + 10)
    assert opened(said) == [(renewed, 2)]
    said = play(session, (renewed + 500, ProviderReady(2)))
    assert said[:2] == [(renewed + 500, UseProvider(2)), (renewed + 500, CloseProvider(1))]


def test_renewal_waits_for_a_quiet_moment_and_breaks_nothing() -> None:
    session = asked()
    answer = ai_says("It is a long story", 3200, audio_ms=9000)
    said = play(session, (3100, ProviderExpiring(1, 60.0)), *answer[:-1], until=12_000)
    assert not opened(said)
    said = play(session, answer[-1])
    assert opened(said) == [(12_220, 2)]
    said = play(session, (12_300, SpeechStarted("turn-2")), (12_700, ProviderReady(2)))
    assert not only(said, UseProvider)
    said = play(
        session,
        (13_000, SpeechStopped("turn-2")),
        (13_200, Transcribed("turn-2", "And then?")),
        *ai_says("The end.", 13_500, "response-2"),
    )
    assert only(said, UseProvider) == [(15_520, UseProvider(2))]
    assert only(said, CloseProvider) == [(15_520, CloseProvider(1))]
    assert [c.text for _, c in only(said, AddContext)] == ["And then?", "The end."]
    assert not only(said, RequestResponse)


def test_with_little_time_left_renewal_does_not_wait() -> None:
    session = asked()
    play(session, *ai_says("It is a long story " * 9, 3200, audio_ms=60_000)[:-2])
    said = play(session, (4000, ProviderExpiring(1, 12.0)), (4500, ProviderReady(2)), until=12_000)
    assert opened(said) == [(4000, 2)]
    assert only(said, UseProvider) == [(11_000, UseProvider(2))]
    assert [request.tag for _, request in only(said, RequestResponse)] == ["resume"]


def test_a_handle_replaces_the_history_and_a_refused_one_costs_no_attempt() -> None:
    session = new(GEMINI_LIKE)
    greeted(session)
    play(session, (1100, ProviderResumable(1, "handle-1")), *caller_says("Hi", 2000))
    said = play(session, (3100, ProviderFailed(1, "closed")))
    assert only(said, OpenProvider) == [(3100, OpenProvider(2, resume_handle="handle-1"))]
    said = play(session, (3200, ProviderFailed(2, "refused", resume_refused=True)))
    assert only(said, OpenProvider) == [(3200, OpenProvider(3, (GREETING, HistoryItem(Role.USER, "Hi"))))]


def test_a_restored_conversation_is_told_only_what_came_after_the_handle() -> None:
    session = new(GEMINI_LIKE)
    greeted(session)
    play(
        session, (1100, ProviderResumable(1, "handle-1")), *caller_says("Hi", 2000), (3100, ProviderFailed(1, "closed"))
    )
    said = play(session, (3400, ProviderReady(2, restored=True)))
    assert [context.text for _, context in only(said, AddContext)] == ["Hi"]
    session = new(GEMINI_LIKE)
    greeted(session)
    play(
        session, (1100, ProviderResumable(1, "handle-1")), *caller_says("Hi", 2000), (3100, ProviderFailed(1, "closed"))
    )
    said = play(session, (3400, ProviderReady(2, restored=False)))
    assert [context.text for _, context in only(said, AddContext)] == [GREETING.text, "Hi"]


def test_an_answer_that_fails_half_way_is_continued_once() -> None:
    session = asked()
    item = "response-1-item"
    play(session, *ai_says("We are open from nine", 3200)[:3], (3300, ResponseEnded("response-1", Outcome.FAILED)))
    said = play(session, (5220, PlaybackFinished(item, 2000)))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["resume"]


def test_after_an_instant_tool_answer_the_provider_is_still_expected_to_speak() -> None:
    session = asked()
    said = play(
        session,
        (3200, ResponseStarted("response-1")),
        (3300, ToolRequested("call-1", "nonsense", {}, "response-1", 1)),
        (3400, ResponseEnded("response-1", Outcome.COMPLETED)),
        until=12_000,
    )
    assert [(at, request.tag) for at, request in only(said, RequestResponse)] == [(11_300, "retry")]
