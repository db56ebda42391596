"""Who may ask OpenAI Realtime for a response, and when.

The server generates one response at a time and refuses a second one. It also starts responses by itself, so a request
can lose a race it could not see. Invariant: every request is answered by a response or by a failed one, in order.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from media_tier.call.events import Event, Outcome, ResponseEnded, ResponseStarted
from media_tier.ports import Clock
from media_tier.providers import openai_wire as wire
from media_tier.providers.openai_answers import Answers
from media_tier.providers.openai_reports import ACTIVE_RESPONSE, CANCEL_NOT_ACTIVE, ErrorReported

LOST_AFTER_SECONDS = 8.0
"""A request that nothing came of for so long no longer holds others back."""

RETRY_SECONDS = 0.2
MOST_REFUSALS = 5
"""Times a request is repeated because of a response that the server has and we may not see."""


@dataclass(slots=True)
class _Request:
    event_id: str
    tag: str | None
    instructions: str | None
    refusals: int = 0


class ResponseRequests:
    """The requests of one connection: at most one on its way, the others waiting."""

    def __init__(
        self,
        answers: Answers,
        send: Callable[[bytes], None],
        clock: Clock,
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """`later(seconds, callback)` calls back once."""
        self._answers, self._send, self._clock, self._later = answers, send, clock, later
        self._held = False
        self._waiting: deque[_Request] = deque()
        self._sent: _Request | None = None
        self._sent_at = 0.0
        self._count = 0
        self._cancelled: dict[str, str] = {}

    def ask(self, tag: str | None, instructions: str | None) -> None:
        """Queue a request."""
        self._waiting.append(_Request(self._next_id(), tag, instructions))
        self.flush()

    def ask_to_go_on(self) -> None:
        """Queue the request that follows tool results; one for all that are answered by the time it is sent."""
        if not any(request.tag is None for request in self._waiting):
            self.ask(None, None)

    def cancel(self, response_id: str) -> None:
        """Stop a response that is still being generated."""
        if self._answers.is_active(response_id):
            event_id = self._next_id()
            self._cancelled[event_id] = response_id
            self._send(wire.cancel(event_id, response_id))

    def flush(self) -> None:
        """Send the next request if nothing is being generated; to be called after each message of the server."""
        if self._sent is not None and self._answers.answered_request == self._sent.event_id:
            self._sent = None
        if self._held or not self._waiting or self._answers.any_active():
            return
        if self._sent is not None and self._clock() - self._sent_at < LOST_AFTER_SECONDS:
            return
        self._sent, self._sent_at = self._waiting.popleft(), self._clock()
        self._send(wire.respond(self._sent.event_id, self._sent.tag, self._sent.instructions))

    def refused(self, error: ErrorReported, connection: int) -> Sequence[Event]:
        """Learn from an error; returns what is to be told when a request will have no response."""
        if error.code == CANCEL_NOT_ACTIVE and error.event_id is not None:
            self._answers.forget(self._cancelled.pop(error.event_id, ""))
            return ()
        request = self._sent
        if request is None or error.event_id not in (request.event_id, None):
            return ()
        if error.code == ACTIVE_RESPONSE and request.refusals < MOST_REFUSALS:
            # The server began one by itself; ours follows when that is over.
            self._sent = None
            request.refusals += 1
            self._waiting.appendleft(request)
            if not self._answers.any_active():
                # It exists without having been announced: asking again at once would only be refused again.
                self._held = True
                self._later(RETRY_SECONDS * request.refusals, self._release)
            return ()
        if error.event_id is None:
            return ()
        self._sent = None
        return (
            ResponseStarted(request.event_id, request.tag, connection),
            ResponseEnded(request.event_id, Outcome.FAILED, {}, error.code, connection),
        )

    def _release(self) -> None:
        self._held = False
        self.flush()

    def _next_id(self) -> str:
        self._count += 1
        return f"ours-{self._count}"
