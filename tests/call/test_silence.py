"""The silence ladder."""

import pytest

from media_tier.call.commands import Finish, TellStatus
from media_tier.call.events import (
    Dtmf,
    LegConnected,
    LegDropped,
    Party,
    PlaybackFinished,
    PlaybackStarted,
    ToolFinished,
    ToolRequested,
)
from media_tier.call.session import CallSession
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import NOT_HEARD, SILENCE_GOODBYE, STILL_THERE
from tests.call.script import OPENAI_LIKE, Said, ai_says, caller_says, greeted, new, only, play, prompt_id, sentences


def ladder(session: CallSession, said: list[Said], at: int) -> list[Said]:
    """Let the latest sentence be heard in no time."""
    playback = prompt_id(said, sentences(said)[-1][1])
    return play(session, (at, PlaybackStarted(playback)), (at, PlaybackFinished(playback, 0)))


def test_two_warnings_then_the_end() -> None:
    session = new(silence_timeout_seconds=60)
    greeted(session, 1000)
    said = play(session, until=31_500)
    assert sentences(said) == [(31_000, STILL_THERE)]
    assert (31_000, TellStatus("silence_warning")) in said
    ladder(session, said, 31_500)
    said = play(session, until=47_000)
    assert sentences(said) == [(46_500, NOT_HEARD)]
    ladder(session, said, 47_000)
    said = play(session, until=63_000)
    assert sentences(said) == [(62_000, SILENCE_GOODBYE)]
    finish = ladder(session, said, 63_000)
    assert finish[-1] == (63_000, Finish(EndReason.SILENCE_TIMEOUT, EndedBy.POLICY))


def test_time_in_which_a_warning_plays_is_not_silence() -> None:
    session = new(silence_timeout_seconds=60)
    greeted(session, 1000)
    said = play(session, until=31_000 + 1)
    playback = prompt_id(said, STILL_THERE)
    play(session, (31_000, PlaybackStarted(playback)), (35_000, PlaybackFinished(playback, 4000)))
    assert sentences(play(session, until=52_000)) == [(50_000, NOT_HEARD)]


def test_speech_begins_the_ladder_again() -> None:
    session = new(silence_timeout_seconds=60)
    greeted(session, 1000)
    ladder(session, play(session, until=32_000), 32_000)
    play(session, *caller_says("I am here", 40_000), *ai_says("Good.", 41_500, audio_ms=1000))
    said = play(session, until=73_000)
    assert sentences(said) == [(42_520 + 30_000, STILL_THERE)]


def test_a_key_press_is_a_sign_of_life() -> None:
    session = new(silence_timeout_seconds=30)
    greeted(session, 1000)
    assert not sentences(play(session, (15_000, Dtmf("5")), until=29_000))


def test_a_running_tool_and_a_long_answer_are_not_silence() -> None:
    session = new(OPENAI_LIKE, "look_up", silence_timeout_seconds=30)
    greeted(session, 1000)
    said = play(session, *caller_says("Tell me everything", 2000), *ai_says("Well, " * 200, 3200, audio_ms=60_000))
    assert not sentences(said)
    play(session, (64_000, ToolRequested("call-1", "look_up", {})), (64_900, ToolFinished("call-1", {})))
    said = play(session, *ai_says("Found.", 65_100, "response-2", audio_ms=1000), until=81_500)
    assert sentences(said) == [(66_120 + 15_000, STILL_THERE)]


@pytest.mark.parametrize("words", ["Wait a moment", "Hold on, please!", "just a second", "could you give me a minute?"])
def test_asking_to_wait_gives_one_extra_timeout(words: str) -> None:
    session = new(silence_timeout_seconds=30)
    greeted(session, 1000)
    play(session, *caller_says(words, 2000), *ai_says("Take your time.", 3100, audio_ms=1000))
    said = play(session, until=51_000)
    assert sentences(said) == [(4120 + 30_000 + 15_000, STILL_THERE)]
    ladder(session, said, 51_000)
    play(session, *caller_says("I am back", 55_000, "turn-2"), *ai_says("Good.", 56_100, "response-2", audio_ms=1000))
    assert sentences(play(session, until=73_000)) == [(57_120 + 15_000, STILL_THERE)]


def test_a_parked_call_is_not_silent() -> None:
    session = new(silence_timeout_seconds=30)
    greeted(session, 1000)
    said = play(session, (11_000, LegDropped(Party.CALLER)), (36_000, LegConnected(Party.CALLER, resumed=True)))
    assert not sentences(said)
    assert sentences(play(session, until=42_000)) == [(41_000, STILL_THERE)]


def test_listening_is_shown_when_it_is_the_callers_turn() -> None:
    session = new()
    assert only(greeted(session, 1000), TellStatus) == [(1000, TellStatus("listening"))]
