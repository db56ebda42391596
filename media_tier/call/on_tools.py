"""What the AI wants done, and what came of it."""

from typing import Any

from media_tier.call import fallback_desk
from media_tier.call.call_state import Call
from media_tier.call.commands import Command, SubmitToolResult
from media_tier.call.ending import close
from media_tier.call.events import ToolFinished, ToolRequested, ToolsCancelled
from media_tier.call.phases import Phase
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import ALL_BUSY, GOODBYE

END_CALL = "end_call"
TRANSFER = "transfer_to_human"
NOBODY_FREE: dict[str, Any] = {
    "status": "unavailable",
    "message": "No team member is free right now. Tell the caller so and offer a callback.",
    "say": ALL_BUSY,
}
ENDING_OUTPUT: dict[str, Any] = {"status": "ending"}
OVER_OUTPUT: dict[str, Any] = {"error": "The call is ending."}


def requested(call: Call, event: ToolRequested) -> None:
    """The AI asks for a tool on the connection in use."""
    connection = call.link.resolve(event.connection)
    if connection is None:
        return
    response = call.floor.responses.get(event.response_id)
    if response is not None:
        response.used_tools = True
    if call.phase is not Phase.WITH_AI:
        call.out += call.tooling.answer(event, connection, OVER_OUTPUT, respond=False)
    elif event.name == END_CALL:
        commands = call.tooling.answer(event, connection, ENDING_OUTPUT, respond=False)
        call.out += commands
        if commands:
            close(call, EndReason.AI_ENDED, EndedBy.AI, GOODBYE, own_response=event.response_id or None)
    elif event.name == TRANSFER:
        _submit(call, call.tooling.answer(event, connection, NOBODY_FREE, respond=True))
    else:
        _submit(call, call.tooling.request(event, connection, call.clock.now))


def finished(call: Call, event: ToolFinished) -> None:
    """A run ended."""
    if event.call_id == fallback_desk.CALLBACK_CALL_ID and call.phase is Phase.FALLBACK:
        fallback_desk.carry_out(call, call.fallback.scheduled(event.ok))
        return
    _submit(call, call.tooling.finish(event.call_id, event.output, event.ok))


def cancelled(call: Call, event: ToolsCancelled) -> None:
    """The provider withdrew requests."""
    connection = call.link.resolve(event.connection)
    if connection is not None:
        call.tooling.cancel(event.call_ids, connection)


def overdue(call: Call) -> None:
    """Give up on runs that took too long."""
    _submit(call, call.tooling.expire(call.clock.now))


def _submit(call: Call, commands: list[Command]) -> None:
    closing = call.phase is not Phase.WITH_AI
    for command in commands:
        if isinstance(command, SubmitToolResult):
            if closing:
                command = SubmitToolResult(command.call_id, command.name, command.output, request_response=False)
            elif command.request_response:
                call.owed.answer = True
                call.patience.ask(call.clock.now)
        call.out.append(command)
