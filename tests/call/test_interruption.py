"""Barge-in."""

from media_tier.call.commands import (
    AppendTranscript,
    CancelResponse,
    Command,
    DropAudio,
    Finish,
    RequestResponse,
    StopPlayback,
    TellSpeaking,
    TruncateResponse,
)
from media_tier.call.events import (
    EndRequested,
    Outcome,
    Party,
    PlaybackStopped,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    Transcribed,
)
from media_tier.call.session import CallSession
from shared.contracts.settings.ai_model import Capabilities
from tests.call.script import GEMINI_LIKE, OPENAI_LIKE, Said, ai_says, caller_says, greeted, new, only, play

ITEM = "response-1-item"
ANSWER = "We are open from nine to five on all working days"
OWN_CANCEL = Capabilities(can_truncate=True, can_cancel=True)


def answering(capabilities: Capabilities = OPENAI_LIKE, **settings: object) -> CallSession:
    """A call in which the AI is in the middle of a generated answer of 4 s that became audible at 4020 ms."""
    session = new(capabilities, interruption=settings)
    greeted(session)
    play(session, *caller_says("When are you open?", 2000), *ai_says(ANSWER, 4000, audio_ms=4000)[:-1])
    return session


def generating(capabilities: Capabilities = OPENAI_LIKE, **settings: object) -> CallSession:
    """The same, but the answer is still being generated."""
    session = new(capabilities, interruption=settings)
    greeted(session)
    play(session, *caller_says("When are you open?", 2000), *ai_says(ANSWER, 4000, audio_ms=4000)[:-2])
    return session


def done(said: list[Said]) -> list[Command]:
    """The commands an interruption consists of."""
    kinds = (StopPlayback, DropAudio, CancelResponse, TruncateResponse)
    return [command for _, command in said if isinstance(command, kinds)]


def test_long_enough_speech_interrupts_at_once() -> None:
    session = generating(OWN_CANCEL)
    said = play(session, (5000, SpeechStarted("turn-2", 120)), (5060, PlaybackStopped(ITEM, 1000)))
    assert done(said) == [
        StopPlayback(),
        DropAudio("response-1"),
        CancelResponse("response-1"),
        TruncateResponse("response-1", ITEM, 1000),
    ]
    assert (5000, TellSpeaking(Party.AI, False)) in said and (5000, TellSpeaking(Party.CALLER, True)) in said
    row = only(said, AppendTranscript)[-1][1]
    assert (row.text, row.interrupted, row.final, row.end_ms - row.start_ms) == ("We are open", True, True, 1000)


def test_a_provider_that_cancels_by_itself_is_not_told_to() -> None:
    assert done(play(generating(), (5000, SpeechStarted("turn-2", 120)))) == [StopPlayback(), DropAudio("response-1")]


def test_a_generated_answer_is_not_cancelled() -> None:
    said = play(answering(OWN_CANCEL), (5000, SpeechStarted("turn-2", 120)))
    assert done(said) == [StopPlayback(), DropAudio("response-1")]


def test_a_model_that_cannot_truncate_is_not_asked_to() -> None:
    session = answering(GEMINI_LIKE)
    assert not only(
        play(session, (5000, SpeechStarted("turn-2", 120)), (5060, PlaybackStopped(ITEM, 900))), TruncateResponse
    )


def test_no_more_is_truncated_than_was_generated() -> None:
    said = play(answering(), (7000, SpeechStarted("turn-2", 120)), (7060, PlaybackStopped(ITEM, 4100)))
    assert only(said, TruncateResponse) == [(7060, TruncateResponse("response-1", ITEM, 4000))]


def test_what_was_never_heard_leaves_no_row() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("When?", 2000), *ai_says(ANSWER, 4000)[:2])
    said = play(session, (4100, SpeechStarted("turn-2", 120)), (4150, PlaybackStopped(ITEM, 0)))
    assert only(said, TruncateResponse) == [(4150, TruncateResponse("response-1", ITEM, 0))]
    assert not only(said, AppendTranscript)


def test_a_short_burst_does_not_interrupt() -> None:
    session = answering(debounce_ms=300)
    said = play(session, (5000, SpeechStarted("turn-2", 50)), (5200, SpeechStopped("turn-2")), until=6000)
    assert not done(said)


def test_speech_interrupts_once_it_lasted_long_enough() -> None:
    session = answering(debounce_ms=300)
    said = play(session, (5000, SpeechStarted("turn-2", 50)), until=6000)
    assert only(said, StopPlayback) == [(5250, StopPlayback())]


def test_interruptions_are_counted_once_each() -> None:
    session = answering()
    play(
        session,
        (5000, SpeechStarted("turn-2", 120)),
        (5010, ResponseInterrupted("response-1")),
        (5020, SpeechStopped("turn-2")),
        (5030, SpeechStarted("turn-3", 110)),
        (5060, PlaybackStopped(ITEM, 900)),
        (5070, ResponseInterrupted("response-1")),
    )
    assert only(play(session, (6000, EndRequested(Party.CALLER))), Finish)[0][1].interruption_count == 1


def test_the_providers_own_interruption_stops_playback() -> None:
    said = play(answering(), (5000, ResponseInterrupted("response-1")))
    assert done(said) == [StopPlayback(), DropAudio("response-1")]


def test_when_interrupting_is_not_allowed_nothing_stops() -> None:
    session = answering(allowed=False)
    said = play(
        session,
        (5000, SpeechStarted("turn-2", 300)),
        (5200, ResponseInterrupted("response-1")),
        (6000, SpeechStopped("turn-2")),
        until=7000,
    )
    assert not done(said)
    assert (5000, TellSpeaking(Party.CALLER, True)) in said


def test_listed_backchannels_do_not_interrupt() -> None:
    session = answering(ignored_backchannels=["mhm", "I see"])
    said = play(
        session,
        (5000, SpeechStarted("turn-2", 120)),
        (5300, Transcribed("turn-2", "Mhm,", final=False)),
        (5800, Transcribed("turn-2", "Mhm, I see.")),
        (5900, SpeechStopped("turn-2")),
        until=7000,
    )
    assert not done(said)


def test_a_backchannel_that_goes_on_interrupts() -> None:
    session = answering(ignored_backchannels=["mhm"])
    said = play(
        session,
        (5000, SpeechStarted("turn-2", 120)),
        (5300, Transcribed("turn-2", "Mhm", final=False)),
        (5900, Transcribed("turn-2", "Mhm but wait", final=False)),
    )
    assert only(said, StopPlayback) == [(5900, StopPlayback())]


def test_without_words_a_backchannel_list_delays_but_does_not_prevent() -> None:
    session = answering(ignored_backchannels=["mhm"])
    assert only(play(session, (5000, SpeechStarted("turn-2", 120)), until=7000), StopPlayback) == [
        (5600, StopPlayback())
    ]


def test_words_that_arrive_after_the_cut_complete_what_was_heard() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("When?", 2000), *ai_says("We are", 4000, audio_ms=600)[:-2])
    play(session, (4520, SpeechStarted("turn-2", 120)), (4530, PlaybackStopped(ITEM, 500)))
    said = play(
        session,
        (4540, ResponseTranscribed("response-1", ITEM, " open", 1000)),
        (4550, ResponseEnded("response-1", Outcome.CANCELLED, {ITEM: 1000})),
    )
    rows = [row for _, row in only(said, AppendTranscript)]
    assert all(row.interrupted and row.final for row in rows)
    assert not rows or rows[-1].text in ("We", "We are")


def test_the_answer_to_a_turn_stays_owed_when_the_old_answer_is_cut_late() -> None:
    session = answering()
    play(session, (5000, SpeechStarted("turn-2", 120)), (5200, SpeechStopped("turn-2")))
    said = play(session, (5250, PlaybackStopped(ITEM, 900)), until=14_000)
    assert [(at, request.tag) for at, request in only(said, RequestResponse)] == [(13_200, "retry")]


def test_a_model_without_speech_events_ends_the_turn_with_its_answer() -> None:
    session = new(GEMINI_LIKE.model_copy(update={"emits_speech_events": False}))
    greeted(session)
    said = play(session, (2000, SpeechStarted("turn-1")), (3000, ResponseStarted("response-1")))
    assert (3000, TellSpeaking(Party.CALLER, False)) in said
