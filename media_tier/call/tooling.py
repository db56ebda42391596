"""Tools the AI asks for: run once each, answered once each, whatever happens to the connection in between."""

import json
from dataclasses import dataclass
from typing import Any

from media_tier.call.commands import Command, RunTool, SubmitToolResult, ToolOutcome
from media_tier.call.events import ToolFinished, ToolRequested
from media_tier.call.sentences import TOOL_FAILED

FILLER_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0
FAILED = {"error": "The tool failed.", "say": TOOL_FAILED}


@dataclass(slots=True)
class Request:
    """One tool call and what became of it. `wanted`: its result is still to be submitted."""

    call_id: str
    name: str
    arguments: dict[str, Any]
    response_id: str
    connection: int
    asked_at: float
    output: dict[str, Any] | None = None
    wanted: bool = True
    same_as: str | None = None
    """The earlier request of a lost connection whose effect this one shares."""


class Tooling:
    """Open and finished requests of a call."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._requests: dict[str, Request] = {}
        self._filler_due: float | None = None
        self._carried: list[ToolOutcome] = []

    @property
    def open(self) -> bool:
        """A tool runs whose result the AI waits for."""
        return any(request.output is None and request.wanted for request in self._requests.values())

    def requested(self, event: ToolRequested, now: float, immediate: dict[str, Any] | None) -> list[Command]:
        """Run it, unless it is answered on the spot, unknown, or was already asked for on a lost connection."""
        if event.call_id in self._requests:
            return []
        request = Request(event.call_id, event.name, event.arguments, event.response_id, event.connection, now)
        self._requests[event.call_id] = request
        if immediate is not None:
            return self._answer(request, immediate)
        if event.name not in self._names:
            return self._answer(request, {"error": f"There is no tool named {event.name}."})
        earlier = self._earlier(request)
        if earlier is not None:
            if earlier.output is not None:
                return self._answer(request, earlier.output)
            request.same_as = earlier.call_id
            return []
        if self._filler_due is None:
            self._filler_due = now + FILLER_SECONDS
        return [RunTool(event.call_id, event.name, event.arguments)]

    def finished(self, event: ToolFinished) -> list[Command]:
        """Submit the result to whoever still waits for it."""
        request = self._requests.get(event.call_id)
        if request is None or request.output is not None:
            return []
        output = event.output if event.ok else FAILED
        commands = self._answer(request, output)
        for other in self._requests.values():
            if other.same_as == event.call_id and other.output is None:
                commands += self._answer(other, output)
        return commands

    def cancelled(self, call_ids: tuple[str, ...]) -> None:
        """The provider no longer wants these results."""
        for call_id in call_ids:
            if call_id in self._requests:
                self._requests[call_id].wanted = False

    def connection_lost(self, connection: int) -> list[tuple[Request, bool]]:
        """Requests of a broken connection cannot be answered there any more; returns them (with: has a result)."""
        lost = [request for request in self._requests.values() if request.connection == connection and request.wanted]
        for request in lost:
            request.wanted = False
        return [(request, request.output is not None) for request in lost]

    def outcomes(self) -> tuple[ToolOutcome, ...]:
        """Every effect so far, for seeding a new connection."""
        own = [
            ToolOutcome(request.call_id, request.name, request.arguments, request.output)
            for request in self._requests.values()
            if request.same_as is None and request.name in self._names
        ]
        return (*self._carried, *own)

    def due(self, now: float) -> tuple[bool, list[Command]]:
        """Whether the filler should be said now, and answers for tools that took too long."""
        filler = self._filler_due is not None and now >= self._filler_due
        if filler or not self.open:
            self._filler_due = None
        commands: list[Command] = []
        for request in list(self._requests.values()):
            if request.output is None and now >= request.asked_at + TIMEOUT_SECONDS:
                commands += self.finished(ToolFinished(request.call_id, {}, ok=False))
        return filler and self.open, commands

    def deadline(self) -> float | None:
        """When `due` wants to be asked next."""
        times = [r.asked_at + TIMEOUT_SECONDS for r in self._requests.values() if r.output is None]
        if self._filler_due is not None:
            times.append(self._filler_due)
        return min(times, default=None)

    def snapshot(self) -> list[dict[str, Any]]:
        """Finished and running effects, for a checkpoint."""
        return [
            {"call_id": o.call_id, "name": o.name, "arguments": o.arguments, "output": o.output}
            for o in self.outcomes()
        ]

    def restore(self, stored: list[dict[str, Any]]) -> None:
        """Take over the effects of an earlier process."""
        self._carried = [ToolOutcome(o["call_id"], o["name"], o["arguments"], o["output"]) for o in stored]

    def _earlier(self, request: Request) -> Request | None:
        wanted = _fingerprint(request.name, request.arguments)
        for outcome in self._carried:
            if _fingerprint(outcome.name, outcome.arguments) == wanted and outcome.output is not None:
                return Request(outcome.call_id, outcome.name, outcome.arguments, "", 0, 0.0, outcome.output)
        for other in self._requests.values():
            lost = other.connection < request.connection and other.same_as is None
            if lost and _fingerprint(other.name, other.arguments) == wanted:
                return other
        return None

    def _answer(self, request: Request, output: dict[str, Any]) -> list[Command]:
        request.output = output
        if not request.wanted:
            return []
        others = any(
            other.output is None and other.wanted and other.response_id == request.response_id
            for other in self._requests.values()
        )
        return [SubmitToolResult(request.call_id, request.name, output, request_response=not others)]


def _fingerprint(name: str, arguments: dict[str, Any]) -> str:
    return name + json.dumps(arguments, sort_keys=True, default=str)
