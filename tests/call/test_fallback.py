"""What the caller can do when no model can be reached."""

import pytest

from media_tier.call.commands import CloseProvider, Finish, OpenProvider, PlayPrompt, RunTool
from media_tier.call.events import Dtmf, PlaybackFinished, PromptMissing, ProviderFailed, ToolFinished
from media_tier.call.phases import Phase
from media_tier.call.session import CallSession
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import (
    ALL_BUSY,
    CALLBACK_NOTED,
    ENTER_NUMBER,
    GOODBYE,
    OFFER_CALLBACK,
    TECHNICAL_DIFFICULTIES,
)
from tests.call.script import CONNECTED, Said, Step, new, only, play, sentences

UNAVAILABLE = Finish(EndReason.PROVIDER_UNAVAILABLE, EndedBy.PROVIDER)


def without_provider(fallback: str) -> tuple[CallSession, list[Said]]:
    """A call whose provider refuses for good at 500 ms, after the greeting."""
    session = new(fallback=fallback)
    play(session, (0, CONNECTED), (400, PlaybackFinished("prompt-1", 390)))
    return session, play(session, (500, ProviderFailed(1, "no_quota", fatal=True)))


def keys(digits: str, at: int) -> list[Step]:
    return [(at + 300 * n, Dtmf(digit)) for n, digit in enumerate(digits)]


def heard(said: list[Said], at: int) -> list[Step]:
    """All prompts of a part of the call were heard."""
    return [(at, PlaybackFinished(command.playback_id, 1000)) for _, command in only(said, PlayPrompt)]


def test_reject_says_so_and_hangs_up() -> None:
    session, said = without_provider("reject")
    assert sentences(said) == [(500, TECHNICAL_DIFFICULTIES)]
    assert play(session, *heard(said, 4000))[-1] == (4000, UNAVAILABLE)


def test_reject_hangs_up_even_when_nothing_can_be_said() -> None:
    session, _ = without_provider("reject")
    assert play(session, (600, PromptMissing("prompt-2")))[-1] == (600, UNAVAILABLE)


@pytest.mark.parametrize(("fallback", "offer"), [("offer_callback", []), ("queue_for_human", [ALL_BUSY])])
def test_a_number_is_taken_by_keypad(fallback: str, offer: list[str]) -> None:
    session, said = without_provider(fallback)
    assert [text for _, text in sentences(said)] == [*offer, OFFER_CALLBACK]
    play(session, *heard(said, 6000))
    assert sentences(play(session, (7000, Dtmf("1")))) == [(7000, ENTER_NUMBER)]
    said = play(session, *keys("4915112345#", 9000))
    assert [run.arguments["phone_number"] for _, run in only(said, RunTool)] == ["4915112345"]
    assert [run.name for _, run in only(said, RunTool)] == ["schedule_callback"]
    said = play(session, (13_000, ToolFinished("fallback-callback", {"ok": True})))
    assert sentences(said) == []
    assert session.phase is Phase.CLOSING
    said = play(session, (13_100, PlaybackFinished("prompt-4" if offer else "prompt-3", 900)))
    assert sentences(said) == [(13_100, CALLBACK_NOTED)]
    assert play(session, *heard(said, 15_000))[-1] == (15_000, UNAVAILABLE)


def test_a_pause_after_enough_digits_ends_the_number() -> None:
    session, said = without_provider("offer_callback")
    play(session, *heard(said, 6000), (7000, Dtmf("1")))
    said = play(session, *keys("5551234", 8000), until=15_000)
    assert [at for at, _ in only(said, RunTool)] == [8000 + 6 * 300 + 5000]


def test_too_short_a_number_is_asked_for_again() -> None:
    session, said = without_provider("offer_callback")
    play(session, *heard(said, 6000), (7000, Dtmf("1")))
    said = play(session, *keys("555#", 8000))
    assert not only(said, RunTool)
    assert [text for _, text in sentences(said)] == [ENTER_NUMBER]


def test_a_callback_that_cannot_be_noted_is_not_promised() -> None:
    session, said = without_provider("offer_callback")
    said = play(session, *heard(said, 6000), (7000, Dtmf("1")))
    play(session, *heard(said, 7500), *keys("5551234#", 8000))
    said = play(session, until=16_000)
    assert sentences(said) == [(8000 + 7 * 300 + 5000, TECHNICAL_DIFFICULTIES)]


def test_nobody_presses_a_key() -> None:
    session, said = without_provider("offer_callback")
    said = play(session, *heard(said, 6000), (8000, Dtmf("3")), until=30_000)
    assert sentences(said) == [(23_000, GOODBYE)]
    assert play(session, until=60_000)[-1][1] == UNAVAILABLE


def test_no_connection_is_left_and_none_is_made() -> None:
    session, said = without_provider("offer_callback")
    assert only(said, CloseProvider) == [(500, CloseProvider(1))]
    assert not only(play(session, until=60_000), OpenProvider)
