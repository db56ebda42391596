"""What a broken connection had understood and done goes to the next one, and nothing goes there twice."""

import pytest

from media_tier.call.commands import AddContext, OpenProvider, RequestResponse
from media_tier.call.events import (
    ProviderFailed,
    ProviderReady,
    ProviderResumable,
    SpeechStarted,
    SpeechStopped,
    ToolFinished,
    ToolRequested,
    Transcribed,
)
from media_tier.call.session import CallSession
from shared.contracts.records.call import Role
from tests.call.script import GEMINI_LIKE, OPENAI_LIKE, Said, ai_says, caller_says, greeted, new, only, play

TOOL = "check_order_status"


def started(*, gemini: bool) -> CallSession:
    session = new(GEMINI_LIKE if gemini else OPENAI_LIKE, TOOL)
    greeted(session)
    return session


def replaced(session: CallSession, at: int, *, restored: bool) -> list[Said]:
    """The connection breaks and its successor is there 300 ms later."""
    return play(
        session, (at, ProviderFailed(1, "closed_1006")), (at + 300, ProviderReady(2, restored=restored)), until=at + 900
    )


def test_words_that_were_not_final_yet_are_kept_for_the_next_connection() -> None:
    session = started(gemini=False)
    play(
        session,
        (2000, SpeechStarted("turn-1")),
        (2800, SpeechStopped("turn-1")),
        (2900, Transcribed("turn-1", "Where is my order?", final=False)),
    )
    said = replaced(session, 3000, restored=False)
    ((_, opened),) = only(said, OpenProvider)
    assert (opened.history[-1].role, opened.history[-1].text) == (Role.USER, "Where is my order?")
    assert only(said, RequestResponse), "the answer is still owed"


@pytest.mark.parametrize("in_handle", [True, False])
def test_a_restored_session_is_told_the_result_its_handle_does_not_hold(in_handle: bool) -> None:
    session = started(gemini=True)
    play(session, (1500, ProviderResumable(1, "before")), *caller_says("Where is my order?", 2000))
    play(session, (3100, ToolRequested("tool-1", TOOL, {"order_number": "42"}, connection=1)))
    play(session, (3200, ToolFinished("tool-1", {"status": "shipped"})))
    if in_handle:
        play(session, (3300, ProviderResumable(1, "after")))
    said = replaced(session, 3400, restored=True)
    ((_, opened),) = only(said, OpenProvider)
    assert opened.resume_handle == ("after" if in_handle else "before")
    results = [told.text for _, told in only(said, AddContext) if "shipped" in told.text]
    assert len(results) == (0 if in_handle else 1)


def test_a_line_that_is_still_heard_is_known_to_the_handle_given_meanwhile() -> None:
    session = started(gemini=True)
    play(session, *caller_says("What are your hours?", 2000))
    play(session, *ai_says("Nine to five.", 3100)[:4])
    play(session, (3500, ProviderResumable(1, "while it is heard")))
    play(session, ai_says("Nine to five.", 3100)[4])
    said = replaced(session, 6000, restored=True)
    assert [told.text for _, told in only(said, AddContext)] == []
