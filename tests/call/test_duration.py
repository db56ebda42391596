"""The longest a call may take."""

from typing import Any

from media_tier.call.commands import Finish, PlayPrompt, TellStatus
from media_tier.call.events import LegDropped, Party, PlaybackFinished, PlaybackStarted, SpeechStarted, SpeechStopped
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import ONE_MINUTE_LEFT, TIME_IS_UP
from tests.call.script import ai_says, caller_says, greeted, new, only, play, prompt_id, sentences

PATIENT: dict[str, Any] = {"silence_timeout_seconds": 300}


def test_a_warning_a_minute_before_and_then_the_end() -> None:
    session = new(max_duration_minutes=2, **PATIENT)
    greeted(session)
    said = play(session, until=61_000)
    assert sentences(said) == [(60_000, ONE_MINUTE_LEFT)]
    assert (60_000, TellStatus("duration_warning")) in said
    playback = prompt_id(said, ONE_MINUTE_LEFT)
    play(session, (61_000, PlaybackStarted(playback)), (66_000, PlaybackFinished(playback, 5000)))
    said = play(session, until=121_000)
    assert sentences(said) == [(120_000, TIME_IS_UP)]
    said = play(session, (128_000, PlaybackFinished(prompt_id(said, TIME_IS_UP), 7000)))
    assert said[-1] == (128_000, Finish(EndReason.MAX_DURATION, EndedBy.POLICY))


def test_the_warning_waits_until_it_cuts_nobody_off() -> None:
    session = new(max_duration_minutes=2, **PATIENT)
    greeted(session)
    said = play(session, (59_000, SpeechStarted("turn-1")), (63_000, SpeechStopped("turn-1")))
    assert [at for at, _ in only(said, PlayPrompt)] == [63_000]


def test_a_one_minute_call_has_no_warning() -> None:
    session = new(max_duration_minutes=1, **PATIENT)
    greeted(session)
    assert sentences(play(session, until=61_000)) == [(60_000, TIME_IS_UP)]


def test_the_goodbye_waits_for_the_last_words_but_not_for_long() -> None:
    session = new(max_duration_minutes=1, **PATIENT)
    greeted(session)
    steps = [*caller_says("Go on", 55_000), *ai_says("Blah " * 40, 57_000, audio_ms=60_000)]
    said = play(session, *steps[:-1], until=66_000)
    assert sentences(said) == [(65_000, TIME_IS_UP)]
    assert only(play(session, until=81_000), Finish) == [(80_000, Finish(EndReason.MAX_DURATION, EndedBy.POLICY))]


def test_the_clock_runs_while_the_call_is_parked() -> None:
    session = new(max_duration_minutes=1, **PATIENT)
    greeted(session)
    said = play(session, (50_000, LegDropped(Party.CALLER)), until=100_000)
    assert only(said, Finish)
    assert only(said, Finish)[0][0] <= 80_000
