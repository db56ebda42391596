"""The transcript: heard, not generated, in the order in which things were said."""

from media_tier.call.commands import AppendTranscript, OpenProvider
from media_tier.call.events import (
    Outcome,
    PlaybackFinished,
    PlaybackStarted,
    ProviderFailed,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    Transcribed,
)
from media_tier.call.transcript import HISTORY_CHARACTERS, HISTORY_LINES, Transcript
from shared.contracts.records.call import Role, TranscriptSegment
from tests.call.script import ai_says, caller_says, greeted, new, only, play


def test_a_turn_begins_when_the_caller_began_to_speak() -> None:
    session = new()
    greeted(session)
    said = play(
        session,
        (2000, SpeechStarted("turn-1", 300)),
        (3000, SpeechStopped("turn-1", 700)),
        (3100, Transcribed("turn-1", " Hello there. ", confidence=0.5)),
    )
    assert only(said, AppendTranscript) == [
        (3100, AppendTranscript("segment-2", Role.USER, "Hello there.", 1700, 2300, final=True))
    ]


def test_confidence_is_kept_only_when_wanted() -> None:
    session = new(transcription={"include_confidence": True})
    greeted(session)
    said = play(session, (2000, SpeechStarted("turn-1")), (2100, Transcribed("turn-1", "Hi", confidence=0.5)))
    assert only(said, AppendTranscript)[0][1].confidence == 0.5


def test_growing_words_are_shown_but_not_at_every_change() -> None:
    session = new()
    greeted(session)
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    partial = [(2000 + 100 * n, Transcribed("turn-1", " ".join(words[:n]), final=False)) for n in range(1, 8)]
    said = play(session, (2000, SpeechStarted("turn-1")), *partial, (2800, Transcribed("turn-1", " ".join(words))))
    shown = [(at, row.final) for at, row in only(said, AppendTranscript)]
    assert shown == [(2100, False), (2600, False), (2800, True)]


def test_a_turn_that_could_not_be_understood_leaves_nothing() -> None:
    session = new()
    greeted(session)
    said = play(session, (2000, SpeechStarted("turn-1")), (2400, SpeechStopped("turn-1")))
    assert not only(said + play(session, (2500, Transcribed("turn-1", None))), AppendTranscript)


def test_a_late_transcription_finds_its_place() -> None:
    session = new()
    greeted(session)
    steps = caller_says("When are you open?", 2000)
    play(session, *steps[:2], *ai_says("Nine to five.", 3100))
    said = play(session, (6000, Transcribed("turn-1", "When are you open?")))
    assert only(said, AppendTranscript)[0][1].start_ms == 2000
    ((_, opened),) = only(play(session, (7000, ProviderFailed(1, "closed"))), OpenProvider)
    assert [item.text for item in opened.history[1:]] == ["When are you open?", "Nine to five."]


def test_an_answer_is_final_when_it_was_heard() -> None:
    session = new()
    greeted(session)
    said = play(session, *ai_says("We are open from nine to five", 3000, audio_ms=2900))
    rows = [(at, row.text, row.final) for at, row in only(said, AppendTranscript)]
    assert rows[-1] == (5920, "We are open from nine to five", True)
    assert rows[:-1] and all(not final and len(text) < 29 for _, text, final in rows[:-1])


def test_words_that_arrive_after_the_sound_correct_the_row() -> None:
    session = new()
    greeted(session)
    said = play(
        session,
        (3000, ResponseStarted("response-1")),
        (3010, PlaybackStarted("item-1")),
        (3900, PlaybackFinished("item-1", 890)),
        (3950, ResponseTranscribed("response-1", "item-1", "Good", 890)),
        (4000, ResponseTranscribed("response-1", "item-1", " day.", 890, final=True)),
        (4010, ResponseEnded("response-1", Outcome.COMPLETED, {"item-1": 890})),
    )
    rows = [row for _, row in only(said, AppendTranscript)]
    assert [row.text for row in rows] == ["Good", "Good day."]
    assert {row.segment_id for row in rows} == {"segment-2"} and all(row.final for row in rows)


def test_without_transcription_nothing_is_shown_but_the_conversation_is_kept() -> None:
    session = new(transcription={"enabled": False})
    said = greeted(session)
    said += play(session, *caller_says("Hi", 2000), *ai_says("Hello.", 3100))
    assert not only(said, AppendTranscript)
    ((_, opened),) = only(play(session, (7000, ProviderFailed(1, "closed"))), OpenProvider)
    assert len(opened.history) == 3


def test_the_history_is_bounded() -> None:
    transcript = Transcript(shown=True, confidence=False)
    for n in range(HISTORY_LINES + 20):
        transcript.close(transcript.open(Role.USER, n), f"line {n}", n)
    history = transcript.history()
    assert len(history) == HISTORY_LINES and history[-1].text == f"line {HISTORY_LINES + 19}"
    for n in range(5):
        transcript.close(transcript.open(Role.USER, 1000 + n), "x" * (HISTORY_CHARACTERS // 3), n)
    assert sum(len(item.text) for item in transcript.history()) <= HISTORY_CHARACTERS


def test_loaded_segments_keep_their_ids_and_new_ones_follow() -> None:
    transcript = Transcript(shown=True, confidence=False, next_id=2)
    transcript.load([TranscriptSegment(segment_id="segment-9", role=Role.USER, text="a", start_ms=0, end_ms=1)])
    assert transcript.open(Role.USER, 5).segment_id == "segment-10"


def test_words_that_were_shown_stay_when_the_rest_is_lost() -> None:
    for last in (Transcribed("turn-1", None), ProviderFailed(1, "closed")):
        session = new()
        greeted(session)
        play(session, (2000, SpeechStarted("turn-1")), (2300, Transcribed("turn-1", "I would", final=False)))
        rows = [row for _, row in only(play(session, (2600, last)), AppendTranscript)]
        assert [(row.text, row.final) for row in rows] == [("I would", True)]


def test_a_turn_lost_without_words_leaves_no_line() -> None:
    session = new()
    greeted(session)
    play(session, (2000, SpeechStarted("turn-1")))
    ((_, opened),) = only(play(session, (2600, ProviderFailed(1, "closed"))), OpenProvider)
    assert [item.role for item in opened.history] == [Role.ASSISTANT]
