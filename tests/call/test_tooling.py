"""Tools: one run, one answer, whatever happens to the connection."""

from media_tier.call.commands import (
    AddContext,
    OpenProvider,
    PlayPrompt,
    RequestResponse,
    RunTool,
    SubmitToolResult,
    TellStatus,
    ToolOutcome,
)
from media_tier.call.events import (
    LegConnected,
    Outcome,
    Party,
    PlaybackFinished,
    PlaybackStarted,
    ProviderFailed,
    ProviderReady,
    ResponseEnded,
    ResponseStarted,
    ToolFinished,
    ToolRequested,
    ToolsCancelled,
)
from media_tier.call.session import CallSession
from shared.domain.sentences import ALL_BUSY, TOOL_FAILED, TOOL_RUNNING
from tests.call.script import OPENAI_LIKE, ai_says, caller_says, configuration, greeted, new, only, play, sentences

ORDER = {"order_number": "42"}
CONNECTED_AGAIN = LegConnected(Party.CALLER, resumed=True)
ASKED = ToolRequested("call-1", "look_up", ORDER, "response-1", 1)


def asked() -> CallSession:
    """A call in which the AI asked for a tool at 4000 ms and said nothing else."""
    session = new(OPENAI_LIKE, "look_up")
    greeted(session)
    play(session, *caller_says("Where is my order?", 2000), (3900, ResponseStarted("response-1")))
    return session


def test_a_request_runs_and_is_answered() -> None:
    session = asked()
    said = play(
        session,
        (4000, ASKED),
        (4010, ASKED),
        (4020, ResponseEnded("response-1", Outcome.COMPLETED)),
        (4500, ToolFinished("call-1", {"status": "shipped"})),
        (4600, ToolFinished("call-1", {"status": "again"})),
    )
    assert only(said, RunTool) == [(4000, RunTool("call-1", "look_up", ORDER))]
    assert only(said, SubmitToolResult) == [(4500, SubmitToolResult("call-1", "look_up", {"status": "shipped"}))]
    assert (4000, TellStatus("tool_running")) in said


def test_only_the_last_answer_of_a_response_asks_it_to_go_on() -> None:
    session = asked()
    play(session, (4000, ASKED), (4000, ToolRequested("call-2", "look_up", {}, "response-1", 1)))
    said = play(session, (4400, ToolFinished("call-2", {})), (4500, ToolFinished("call-1", {})))
    assert [(r.call_id, r.request_response) for _, r in only(said, SubmitToolResult)] == [
        ("call-2", False),
        ("call-1", True),
    ]


def test_an_unknown_tool_is_refused_at_once() -> None:
    said = play(asked(), (4000, ToolRequested("call-1", "format_disk", {}, "response-1", 1)))
    assert not only(said, RunTool)
    assert "error" in only(said, SubmitToolResult)[0][1].output


def test_a_failure_and_a_timeout_are_told_with_the_sentence_to_say() -> None:
    session = asked()
    said = play(session, (4000, ASKED), (4300, ToolFinished("call-1", {"error": "db down"}, ok=False)))
    assert only(said, SubmitToolResult)[0][1].output == {"error": "db down", "say": TOOL_FAILED}
    session = asked()
    said = play(session, (4000, ASKED), until=9500)
    ((at, result),) = only(said, SubmitToolResult)
    assert at == 9000 and result.output["say"] == TOOL_FAILED and result.output["reason"] == "timeout"
    assert not only(play(session, (9600, ToolFinished("call-1", {}))), SubmitToolResult)


def test_a_filler_after_a_second_of_quiet_once() -> None:
    session = asked()
    said = play(session, (4000, ASKED), (4100, ResponseEnded("response-1", Outcome.COMPLETED)), until=5100)
    assert sentences(said) == [(5000, TOOL_RUNNING)]
    play(session, (5100, PlaybackStarted("prompt-2")), (6000, PlaybackFinished("prompt-2", 900)))
    assert not only(play(session, until=8900), PlayPrompt)


def test_no_filler_while_the_ai_speaks_or_after_a_quick_result() -> None:
    session = asked()
    said = play(session, (4000, ASKED), (4900, ToolFinished("call-1", {})), until=6000)
    assert not sentences(said)
    session = asked()
    talk = ai_says("Let me see, that may take a little while", 4000, audio_ms=2500)
    said = play(session, *talk[1:3], (4025, ASKED), *talk[3:], until=7000)
    assert sentences(said) == [(6520, TOOL_RUNNING)]


def test_withdrawn_requests_are_not_answered() -> None:
    session = asked()
    said = play(session, (4000, ASKED), (4100, ToolsCancelled(("call-1",), 1)), (4500, ToolFinished("call-1", {})))
    assert not only(said, SubmitToolResult)


def test_nobody_is_free_when_a_human_is_asked_for() -> None:
    said = play(asked(), (4000, ToolRequested("call-1", "transfer_to_human", {"reason": "x"}, "response-1", 1)))
    ((_, result),) = only(said, SubmitToolResult)
    assert result.request_response and result.output["say"] == ALL_BUSY
    assert not only(said, RunTool)


def test_a_result_that_came_while_no_connection_was_there_goes_with_the_next() -> None:
    session = asked()
    play(session, (4000, ASKED))
    said = play(session, (4100, ProviderFailed(1, "closed")))
    ((_, opened),) = only(said, OpenProvider)
    assert opened.tools_done == (ToolOutcome("call-1", "look_up", ORDER, None),)
    assert not only(play(session, (4200, ToolFinished("call-1", {"status": "shipped"}))), SubmitToolResult)
    said = play(session, (4400, ProviderReady(2)))
    assert any("shipped" in context.text for _, context in only(said, AddContext))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["resume"]


def test_a_new_connection_waits_for_the_tool_that_still_runs() -> None:
    session = asked()
    play(session, (4000, ASKED), (4100, ProviderFailed(1, "closed")))
    assert not only(play(session, (4400, ProviderReady(2))), RequestResponse)
    said = play(session, (4900, ToolFinished("call-1", {"status": "shipped"})))
    assert [type(command) for _, command in said][:2] == [AddContext, RequestResponse]


def test_the_same_request_after_a_reconnect_gets_the_remembered_outcome() -> None:
    session = asked()
    play(session, (4000, ASKED), (4100, ProviderFailed(1, "closed")), (4400, ProviderReady(2)))
    again = ToolRequested("call-9", "look_up", ORDER, "response-2", 2)
    running = play(session, (4500, ResponseStarted("response-2", connection=2)), (4600, again))
    assert not only(running, RunTool) and not only(running, SubmitToolResult)
    said = play(session, (4900, ToolFinished("call-1", {"status": "shipped"})))
    assert only(said, SubmitToolResult) == [(4900, SubmitToolResult("call-9", "look_up", {"status": "shipped"}))]
    assert not only(said, AddContext)
    third = play(session, (5000, ToolRequested("call-10", "look_up", ORDER, "response-2", 2)))
    assert not only(third, RunTool) and only(third, SubmitToolResult)


def test_once_the_answer_was_heard_the_same_request_runs_again() -> None:
    session = asked()
    play(session, (4000, ASKED), (4100, ProviderFailed(1, "closed")), (4200, ToolFinished("call-1", {"n": 1})))
    play(session, (4400, ProviderReady(2)), *ai_says("It is shipped.", 4500, "response-2"))
    said = play(session, (9000, ToolRequested("call-9", "look_up", ORDER, "response-3", 2)))
    assert only(said, RunTool)


def test_another_process_knows_what_ran() -> None:
    session = asked()
    play(session, (4000, ASKED), (4500, ToolFinished("call-1", {"status": "shipped"})))
    moved = CallSession.resumed(
        configuration(), session.snapshot(), elapsed_ms=5000, transcript=(), tool_names=frozenset({"look_up"})
    )
    ((_, opened),) = only(play(moved, (0, ResponseStarted("x")), (1, CONNECTED_AGAIN)), OpenProvider)
    assert opened.connection == 2
    assert opened.tools_done == (ToolOutcome("call-1", "look_up", ORDER, {"status": "shipped"}),)
    said = play(moved, (400, ProviderReady(2)))
    assert [request.tag for _, request in only(said, RequestResponse)] == ["resume"]
