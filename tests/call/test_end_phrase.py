"""Phrases of the caller that end the call, and the AI's own way to end it."""

import pytest

from media_tier.call.commands import CancelResponse, Finish, StopPlayback, SubmitToolResult, TellStatus
from media_tier.call.events import (
    PlaybackFinished,
    PlaybackStarted,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    ToolRequested,
    Transcribed,
)
from media_tier.call.policies.end_phrase import asks_to_wait, ends_call
from shared.contracts.records.call import EndedBy, EndReason
from shared.contracts.settings.call_settings import EndPhraseMatch
from shared.domain.sentences import GOODBYE
from tests.call.script import ai_says, caller_says, greeted, new, only, play, prompt_id, sentences


@pytest.mark.parametrize(
    ("text", "anywhere", "at_the_end"),
    [
        ("Okay, goodbye!", True, True),
        ("GOODBYE", True, True),
        ("Goodbye, and thanks", True, False),
        ("goodbyes are hard", False, False),
        ("good bye", False, False),
        ("", False, False),
    ],
)
def test_whole_words_in_any_case(text: str, anywhere: bool, at_the_end: bool) -> None:
    assert ends_call(text, "goodbye", EndPhraseMatch.ANYWHERE) is anywhere
    assert ends_call(text, "goodbye", EndPhraseMatch.END_OF_UTTERANCE) is at_the_end


def test_a_phrase_of_several_words() -> None:
    assert ends_call("Please hang UP, now", "hang up", EndPhraseMatch.ANYWHERE)
    assert not ends_call("hang it up", "hang up", EndPhraseMatch.ANYWHERE)
    assert not ends_call("anything", "!", EndPhraseMatch.ANYWHERE)
    assert not asks_to_wait("I have waited a moment")


def test_the_phrase_ends_the_call_after_a_goodbye() -> None:
    session = new()
    greeted(session)
    said = play(session, *caller_says("Okay, goodbye!", 2000))
    assert sentences(said) == [(3000, GOODBYE)]
    assert (3000, TellStatus("ending")) in said
    said = play(session, (3010, ResponseStarted("response-1")), (5000, PlaybackFinished(prompt_id(said, GOODBYE), 2)))
    assert only(said, CancelResponse) == [(3010, CancelResponse("response-1"))]
    assert said[-1] == (5000, Finish(EndReason.USER_ENDED, EndedBy.CALLER))


def test_words_that_may_still_change_do_not_end_the_call() -> None:
    session = new()
    greeted(session)
    said = play(session, (2000, SpeechStarted("turn-1")), (2500, Transcribed("turn-1", "goodbye", final=False)))
    assert not sentences(said)


def test_the_goodbye_is_not_interrupted() -> None:
    session = new()
    greeted(session)
    said = play(session, *caller_says("goodbye", 2000))
    said = play(session, (3100, PlaybackStarted(prompt_id(said, GOODBYE))), (3500, SpeechStarted("turn-2", 300)))
    assert not only(said, StopPlayback)


def test_the_ai_ends_the_call_with_its_own_goodbye() -> None:
    session = new()
    greeted(session)
    answer = ai_says("All done. Goodbye!", 3500)
    play(session, *caller_says("That was all", 2000), *answer[:3])
    said = play(session, (3525, ToolRequested("call-1", "end_call", {}, "response-1")), *answer[3:])
    assert [result.request_response for _, result in only(said, SubmitToolResult)] == [False]
    assert not sentences(said)
    assert said[-1] == (5520, Finish(EndReason.AI_ENDED, EndedBy.AI))


def test_the_ai_ends_the_call_without_a_goodbye() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("That was all", 2000), (3500, ResponseStarted("response-1")))
    said = play(session, (3600, ToolRequested("call-1", "end_call", {}, "response-1")), until=9000)
    assert sentences(said) == [(8600, GOODBYE)]


def test_a_goodbye_that_arrives_after_the_tool_is_heard() -> None:
    session = new()
    greeted(session)
    play(session, *caller_says("That was all", 2000), (3500, ResponseStarted("response-1")))
    said = play(
        session,
        (3600, ToolRequested("call-1", "end_call", {}, "response-1")),
        (3700, ResponseTranscribed("response-1", "response-1-item", "Bye now!", 1000, final=True)),
        *ai_says("", 3700, audio_ms=1000)[2:],
    )
    assert not sentences(said)
    assert said[-1][1] == Finish(EndReason.AI_ENDED, EndedBy.AI)
