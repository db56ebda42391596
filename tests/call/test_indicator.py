"""Who is shown speaking: the AI's mark stays on between sentences and goes out at once when the caller speaks."""

from media_tier.call.commands import TellSpeaking
from media_tier.call.events import Party, PlaybackFinished, PlaybackStarted, ProviderReady, SpeechStarted
from media_tier.call.session import CallSession
from tests.call.script import CONNECTED, Said, Step, ai_says, caller_says, greeted, new, only, play


def shown(said: list[Said]) -> list[tuple[int, bool]]:
    """When the AI's mark went on or off."""
    return [(at, told.on) for at, told in only(said, TellSpeaking) if told.party is Party.AI]


def first_sentence_over() -> tuple[CallSession, list[Said]]:
    """The first of two opening sentences came to its end at 900 ms."""
    session = new(disclosure={"enabled": True})
    steps: list[Step] = [(0, CONNECTED), (10, PlaybackStarted("prompt-1")), (300, ProviderReady(1))]
    return session, play(session, *steps, (900, PlaybackFinished("prompt-1", 890)))


def test_sentences_that_follow_each_other_are_one_speech() -> None:
    session, said = first_sentence_over()
    said += play(session, (1150, PlaybackStarted("prompt-2")), (3000, PlaybackFinished("prompt-2", 1850)), until=5000)
    assert shown(said) == [(10, True), (3300, False)]


def test_a_longer_pause_is_shown() -> None:
    session, said = first_sentence_over()
    said += play(session, (1300, PlaybackStarted("prompt-2")))
    assert shown(said)[-2:] == [(1200, False), (1300, True)]


def test_a_caller_who_speaks_into_the_pause_has_the_floor_at_once() -> None:
    session = new()
    said = greeted(session)
    said += play(session, (1100, SpeechStarted("turn-1")))
    assert shown(said)[-1] == (1100, False)


def test_the_end_of_an_answer_is_shown_once() -> None:
    session = new()
    said = greeted(session)
    said += play(session, *caller_says("When?", 2000), *ai_says("We are open.", 3200), until=9000)
    on_and_off = [on for _, on in shown(said)]
    assert on_and_off == [True, False, True, False]
