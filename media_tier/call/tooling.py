"""The AI's tool requests: each runs at most once and is answered at most once.

A request whose connection broke cannot be answered any more. Its outcome goes to the next connection as part of the
conversation, and if the AI asks for the same thing again it gets the remembered outcome instead of a second effect.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from media_tier.call.commands import Command, RunTool, SubmitToolResult, ToolOutcome
from media_tier.call.events import ToolRequested
from shared.domain.sentences import TOOL_FAILED

FILLER_S = 1.0
TIMEOUT_S = 5.0
FAILED_OUTPUT = {"error": "The tool failed.", "say": TOOL_FAILED}
UNKNOWN_OUTPUT = {"error": "There is no such tool.", "say": TOOL_FAILED}
UNCERTAIN_OUTPUT = {"error": "The connection was lost while the tool ran. It may or may not have been carried out."}


class State(Enum):
    """ORPHANED: its connection is gone, only the outcome matters."""

    OPEN = "open"
    ANSWERED = "answered"
    ORPHANED = "orphaned"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Request:
    """One thing the AI asked for. `source` is the earlier request whose run it shares."""

    call_id: str
    name: str
    arguments: dict[str, Any]
    response_id: str
    connection: int
    state: State = State.OPEN
    output: dict[str, Any] | None = None
    filler_at: float | None = None
    timeout_at: float | None = None
    source: str | None = None
    uncertain: bool = False

    @property
    def running(self) -> bool:
        return self.output is None and self.state is not State.CANCELLED


class Tooling:
    """Book of the requests that still matter, keyed by connection and call id."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._book: dict[tuple[int, str], Request] = {}
        self._seen: set[tuple[int, str]] = set()

    def request(self, event: ToolRequested, connection: int, now: float) -> list[Command]:
        """A new request: run it, answer it from memory, or refuse it. A repeated one is ignored."""
        key = (connection, event.call_id)
        if key in self._seen:
            return []
        request = Request(event.call_id, event.name, event.arguments, event.response_id, connection)
        earlier = self._remembered(request)
        self._seen.add(key)
        self._book[key] = request
        if earlier is not None:
            request.source = earlier.source or earlier.call_id
            request.timeout_at, request.filler_at = earlier.timeout_at, earlier.filler_at
            return [] if earlier.output is None else self._answer(request, earlier.output)
        if event.name not in self._names:
            return self._answer(request, UNKNOWN_OUTPUT)
        request.filler_at, request.timeout_at = now + FILLER_S, now + TIMEOUT_S
        return [RunTool(event.call_id, event.name, event.arguments)]

    def answer(self, event: ToolRequested, connection: int, output: dict[str, Any], *, respond: bool) -> list[Command]:
        """Answer a request at once, without running anything; a repeated one is ignored."""
        key = (connection, event.call_id)
        if key in self._seen:
            return []
        self._seen.add(key)
        last = not self._open_in(connection, event.response_id)
        return [SubmitToolResult(event.call_id, event.name, output, request_response=respond and last)]

    def finish(self, call_id: str, output: dict[str, Any], ok: bool) -> list[Command]:
        """A run ended: answer every request that waits for it."""
        commands: list[Command] = []
        for request in list(self._book.values()):
            if call_id in (request.call_id if request.source is None else None, request.source) and request.running:
                result = output if ok else {**FAILED_OUTPUT, **output, "say": TOOL_FAILED}
                commands += self._answer(request, result)
        return commands

    def expire(self, now: float) -> list[Command]:
        """Give up on runs that take too long."""
        commands: list[Command] = []
        for request in list(self._book.values()):
            if request.running and request.timeout_at is not None and now >= request.timeout_at:
                commands += self._answer(request, {**FAILED_OUTPUT, "reason": "timeout"})
        return commands

    def cancel(self, call_ids: tuple[str, ...], connection: int) -> None:
        """The provider no longer wants these."""
        for call_id in call_ids:
            request = self._book.get((connection, call_id))
            if request is not None and request.state is State.OPEN:
                request.state = State.CANCELLED

    def orphan(self, connection: int) -> None:
        """The connection is gone."""
        for request in self._book.values():
            if request.connection == connection and request.state is not State.CANCELLED:
                request.state = State.ORPHANED

    def settle(self) -> None:
        """An answer was heard: what is finished need not be remembered."""
        self._book = {key: request for key, request in self._book.items() if request.running}

    def outcomes(self) -> tuple[ToolOutcome, ...]:
        """What a new connection must know."""
        return tuple(
            ToolOutcome(request.call_id, request.name, request.arguments, request.output)
            for request in self._book.values()
            if request.state in (State.ORPHANED, State.ANSWERED) and request.source is None
        )

    def orphaned_results(self) -> list[ToolOutcome]:
        """Finished outcomes whose connection is gone and that no request on a newer one asks for."""
        if not self._book:
            return []
        adopted = {r.source for r in self._book.values() if r.state in (State.OPEN, State.ANSWERED)}
        return [
            ToolOutcome(request.call_id, request.name, request.arguments, request.output)
            for request in self._book.values()
            if request.state is State.ORPHANED
            and request.source is None
            and request.output is not None
            and request.call_id not in adopted
        ]

    def filler_due(self, now: float) -> bool:
        """Some run takes long enough that the caller should be told; the caller of this says so at most once."""
        return bool(self._book) and any(
            r.running and r.filler_at is not None and now >= r.filler_at for r in self._book.values()
        )

    def filler_said(self) -> None:
        """The caller was told: not again for what runs now."""
        for request in self._book.values():
            request.filler_at = None

    @property
    def running(self) -> bool:
        """Something runs whose result the caller waits for."""
        return bool(self._book) and any(request.running for request in self._book.values())

    def open_on(self, connection: int | None) -> bool:
        """A request of this connection awaits its answer."""
        return any(r.connection == connection and r.state is State.OPEN for r in self._book.values())

    def deadlines(self) -> list[float]:
        """When something is due."""
        if not self._book:
            return []
        running = [request for request in self._book.values() if request.running]
        return [at for request in running for at in (request.filler_at, request.timeout_at) if at is not None]

    def snapshot(self) -> list[dict[str, Any]]:
        """JSON-able requests that still matter."""
        return [
            {"call_id": r.call_id, "name": r.name, "arguments": r.arguments, "output": r.output}
            for r in self._book.values()
            if r.source is None and r.state is not State.CANCELLED
        ]

    def restore(self, requests: list[dict[str, Any]]) -> None:
        """Take over from another process; what ran there has an uncertain outcome."""
        for saved in requests:
            request = Request(saved["call_id"], saved["name"], saved["arguments"], "", 0, State.ORPHANED)
            request.uncertain = saved["output"] is None
            request.output = UNCERTAIN_OUTPUT if request.uncertain else saved["output"]
            self._book[0, request.call_id] = request

    def _remembered(self, request: Request) -> Request | None:
        for earlier in self._book.values():
            same = (earlier.name, earlier.arguments) == (request.name, request.arguments)
            if same and earlier.state is State.ORPHANED and not earlier.uncertain:
                return earlier
        return None

    def _answer(self, request: Request, output: dict[str, Any]) -> list[Command]:
        request.output = output
        if request.state is not State.OPEN:
            return []
        request.state = State.ANSWERED
        last = not self._open_in(request.connection, request.response_id)
        return [SubmitToolResult(request.call_id, request.name, output, request_response=last)]

    def _open_in(self, connection: int, response_id: str) -> bool:
        wanted = (connection, response_id)
        return any((r.connection, r.response_id) == wanted for r in self._book.values() if r.state is State.OPEN)
