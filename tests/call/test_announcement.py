"""The opening of a call, and when recording may begin."""

from typing import Any

from media_tier.call.commands import (
    AddContext,
    AppendTranscript,
    OpenProvider,
    PlayPrompt,
    RequestResponse,
    StartRecording,
    StopPlayback,
    UseProvider,
)
from media_tier.call.events import (
    LegConnected,
    LegDropped,
    Outcome,
    Party,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    PromptMissing,
    ProviderFailed,
    ProviderReady,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
)
from shared.contracts.records.call import Role
from shared.contracts.settings.call_settings import DEFAULT_GREETING, DISCLOSURE
from shared.domain.sentences import RECORDING_ANNOUNCEMENT, fixed_sentences
from tests.call.script import CONNECTED, OPENAI_LIKE, caller_says, configuration, new, only, play, sentences

RECORDED: dict[str, Any] = {"recording": {"enabled": True}, "disclosure": {"enabled": True}}


def test_the_opening_is_spoken_in_order_while_the_provider_connects() -> None:
    said = play(new(**RECORDED), (0, CONNECTED))
    assert said[0] == (0, OpenProvider(1))
    assert sentences(said) == [(0, DISCLOSURE), (0, RECORDING_ANNOUNCEMENT), (0, DEFAULT_GREETING)]


def test_recording_begins_when_the_announcement_was_heard() -> None:
    session = new(**RECORDED)
    said = play(session, (0, CONNECTED), (10, PlaybackStarted("prompt-1")), (900, PlaybackFinished("prompt-1", 890)))
    assert not only(said, StartRecording)
    said = play(session, (910, PlaybackStarted("prompt-2")), (3000, PlaybackFinished("prompt-2", 2090)))
    assert only(said, StartRecording) == [(3000, StartRecording())]
    assert session.snapshot()["recording"]
    said = play(session, (4000, LegDropped(Party.CALLER)), (5000, LegConnected(Party.CALLER, resumed=True)))
    assert not only(said, StartRecording), "it is on already"


def test_recording_begins_at_once_without_an_announcement() -> None:
    said = play(new(recording={"enabled": True, "announce": False}), (0, CONNECTED))
    assert only(said, StartRecording) == [(0, StartRecording())]
    assert sentences(said) == [(0, DEFAULT_GREETING)]


def test_nothing_is_recorded_when_recording_is_off() -> None:
    session = new()
    said = play(session, (0, CONNECTED), (900, PlaybackFinished("prompt-1", 890)), until=60_000)
    assert not only(said, StartRecording)


def test_the_announcement_cannot_be_talked_over() -> None:
    session = new(**RECORDED)
    play(session, (0, CONNECTED), (10, ProviderReady(1)), (20, PlaybackFinished("prompt-1", 5)))
    said = play(session, (30, PlaybackStarted("prompt-2")), (100, SpeechStarted("turn-1")), until=3000)
    assert not only(said, StopPlayback)


def test_an_announcement_cut_off_by_a_dropped_leg_is_said_again() -> None:
    session = new(**RECORDED)
    play(session, (0, CONNECTED), (20, PlaybackFinished("prompt-1", 5)), (30, PlaybackStarted("prompt-2")))
    cut = play(
        session,
        (500, LegDropped(Party.CALLER)),
        (510, PlaybackStopped("prompt-2", 470)),
        (510, PlaybackStopped("prompt-3", 0)),
    )
    assert only(cut, StopPlayback) and not only(cut, StartRecording)
    back = play(session, (4000, LegConnected(Party.CALLER, resumed=True)))
    assert sentences(back) == [(4000, RECORDING_ANNOUNCEMENT), (4000, DEFAULT_GREETING)]
    assert only(play(session, (6000, PlaybackFinished("prompt-4", 2000))), StartRecording)


def test_what_was_heard_is_told_to_the_provider_once_it_is_in_use() -> None:
    session = new()
    said = play(session, (0, CONNECTED), (10, PlaybackStarted("prompt-1")), (2000, PlaybackFinished("prompt-1", 1990)))
    assert not only(said, AddContext)
    assert only(said, AppendTranscript)[-1][1] == AppendTranscript(
        "segment-1", Role.ASSISTANT, DEFAULT_GREETING, 10, 2000, final=True
    )
    play(session, until=2400)
    said = play(session, (2500, ProviderReady(1)))
    assert said[:2] == [(2500, UseProvider(1)), (2500, AddContext(Role.ASSISTANT, DEFAULT_GREETING))]


def test_a_greeting_may_be_interrupted_and_only_its_heard_part_counts() -> None:
    session = new(greeting="Hello and welcome to the very long greeting of this company")
    play(session, (0, CONNECTED), (10, PlaybackStarted("prompt-1")), (300, ProviderReady(1)))
    said = play(session, (1000, SpeechStarted("turn-1", 200)), (1050, PlaybackStopped("prompt-1", 1040)))
    assert only(said, StopPlayback) == [(1000, StopPlayback())]
    assert only(said, AddContext) == [(1050, AddContext(Role.ASSISTANT, "Hello and"))]
    assert only(said, AppendTranscript)[-1][1].interrupted
    assert not only(said, PlayPrompt)


def test_without_a_rendering_the_provider_says_it_exactly() -> None:
    session = new(recording={"enabled": True})
    said = play(session, (0, CONNECTED), (5, PromptMissing("prompt-1")), (6, PromptMissing("prompt-2")))
    assert not only(said, RequestResponse)
    ((_, request),) = only(play(session, (400, ProviderReady(1))), RequestResponse)
    assert request.tag == "prompt-1"
    assert request.instructions is not None and RECORDING_ANNOUNCEMENT in request.instructions
    said = play(
        session,
        (600, ResponseStarted("response-1", "prompt-1")),
        (700, ResponseTranscribed("response-1", "item-1", RECORDING_ANNOUNCEMENT, 2000)),
        (710, PlaybackStarted("item-1")),
        (800, ResponseEnded("response-1", Outcome.COMPLETED, {"item-1": 2000})),
    )
    assert not only(said, StartRecording) and not only(said, RequestResponse)
    said = play(session, (2710, PlaybackFinished("item-1", 2000)))
    assert only(said, StartRecording)
    assert [request.tag for _, request in only(said, RequestResponse)] == ["prompt-2"]


def test_a_caller_who_speaks_before_the_greeting_ends_is_answered() -> None:
    session = new()
    play(session, (0, CONNECTED), (10, PlaybackStarted("prompt-1")), (300, ProviderReady(1)))
    play(session, *caller_says("Hi", 400), (450, PlaybackStopped("prompt-1", 300)))
    assert session.snapshot()["owed"]


def test_fixed_sentences_hold_what_this_configuration_needs() -> None:
    spoken = fixed_sentences(configuration(OPENAI_LIKE, **RECORDED))
    assert spoken[:3] == (DISCLOSURE, RECORDING_ANNOUNCEMENT, DEFAULT_GREETING)
    plain = fixed_sentences(configuration(OPENAI_LIKE, max_duration_minutes=1, tools={"enabled": False}))
    assert set(plain) < {*spoken}
    assert len(fixed_sentences(configuration(OPENAI_LIKE, fallback="queue_for_human"))) == len(spoken) - 2 + 4


def test_an_announcement_the_ai_fails_to_say_is_tried_three_times_and_then_not_recorded() -> None:
    session = new(recording={"enabled": True})
    play(session, (0, CONNECTED), (5, PlaybackFinished("prompt-2", 5)), (10, ProviderReady(1)))
    tag, at = "prompt-1", 100
    for attempt in range(3):
        said = play(session, (at, PromptMissing(tag)))
        assert [request.tag for _, request in only(said, RequestResponse)] == [tag]
        response = f"response-{attempt}"
        said = play(
            session, (at + 100, ResponseStarted(response, tag)), (at + 200, ResponseEnded(response, Outcome.FAILED))
        )
        prompts = only(said, PlayPrompt)
        assert [prompt.text for _, prompt in prompts] == [RECORDING_ANNOUNCEMENT] * (attempt < 2)
        tag, at = (prompts[0][1].playback_id if prompts else ""), at + 1000
    assert not only(play(session, until=20_000), StartRecording)


def test_a_sentence_the_ai_was_asked_for_survives_its_connection() -> None:
    session = new()
    play(session, (0, CONNECTED), (10, ProviderReady(1)), (20, PromptMissing("prompt-1")))
    play(session, (300, ResponseStarted("response-1", "prompt-1")), (400, ProviderFailed(1, "closed")))
    said = play(session, (800, ProviderReady(2)))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["prompt-1"]


def test_a_sentence_the_ai_was_asked_for_is_said_again_after_a_dropped_leg() -> None:
    session = new()
    play(session, (0, CONNECTED), (10, ProviderReady(1)), (20, PromptMissing("prompt-1")))
    play(session, (300, ResponseStarted("response-1", "prompt-1")), (400, LegDropped(Party.CALLER)))
    play(session, (410, ResponseEnded("response-1", Outcome.CANCELLED)))
    said = play(session, (900, LegConnected(Party.CALLER, resumed=True)))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["prompt-1"]
