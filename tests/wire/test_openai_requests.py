"""When responses are asked for: one at a time, none lost, none stuck."""

from collections.abc import Callable
from typing import Any

import orjson

from media_tier.audio.formats import PCM_24K
from media_tier.call.events import Outcome, ResponseEnded, ResponseStarted
from media_tier.providers.openai_answers import Answers
from media_tier.providers.openai_reports import ErrorReported
from media_tier.providers.openai_requests import LOST_AFTER_SECONDS, MOST_REFUSALS, ResponseRequests


class Server:
    """Plays the server's side by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[dict[str, Any]] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.answers = Answers(1, PCM_24K)
        self.requests = ResponseRequests(
            self.answers,
            lambda message: self.sent.append(orjson.loads(message)),
            lambda: self.now,
            lambda seconds, call: self.timers.append((seconds, call)),
        )

    def asked(self) -> list[Any]:
        return [event["response"]["metadata"].get("tag") for event in self.sent if event["type"] == "response.create"]

    def start(self, response_id: str, request: str | None) -> None:
        self.answers.started({"response": {"id": response_id, "metadata": {"request": request} if request else None}})
        self.requests.flush()

    def done(self, response_id: str) -> None:
        self.answers.done({"response": {"id": response_id, "status": "completed"}})
        self.requests.flush()

    def refuse(self, code: str, event_id: str | None) -> Any:
        events = self.requests.refused(ErrorReported(code, event_id=event_id), 1)
        self.requests.flush()
        return list(events)


def test_the_next_request_goes_out_when_the_response_is_over() -> None:
    server = Server()
    server.requests.ask("a", None)
    server.requests.ask("b", None)
    assert server.asked() == ["a"]
    server.start("r1", server.sent[0]["event_id"])
    assert server.asked() == ["a"]
    server.done("r1")
    assert server.asked() == ["a", "b"]


def test_a_response_the_server_began_itself_does_not_answer_our_request() -> None:
    server = Server()
    server.requests.ask_to_go_on()
    ours = server.sent[0]["event_id"]
    server.start("r1", None)
    assert server.refuse("conversation_already_has_active_response", ours) == []
    assert server.asked() == [None]
    server.done("r1")
    assert server.asked() == [None, None] and server.sent[1]["event_id"] == ours and server.timers == []


def test_results_of_one_set_lead_to_one_request() -> None:
    server = Server()
    server.start("r1", None)
    for _ in range(3):
        server.requests.ask_to_go_on()
    server.done("r1")
    assert server.asked() == [None]


def test_an_unannounced_response_is_waited_for_a_little_longer_each_time_and_then_given_up() -> None:
    server = Server()
    server.requests.ask("a", None)
    ours = server.sent[0]["event_id"]
    for attempt in range(1, MOST_REFUSALS + 1):
        assert server.refuse("conversation_already_has_active_response", ours) == []
        assert len(server.asked()) == attempt
        server.timers[-1][1]()
        assert len(server.asked()) == attempt + 1
    waits = [seconds for seconds, _ in server.timers]
    assert waits == sorted(waits) and waits[0] > 0 and sum(waits) < 5
    assert server.refuse("conversation_already_has_active_response", ours) == [
        ResponseStarted(ours, "a", 1),
        ResponseEnded(ours, Outcome.FAILED, {}, "conversation_already_has_active_response", 1),
    ]


def test_a_refused_request_is_told_as_a_failed_response_and_the_next_goes_out() -> None:
    server = Server()
    server.requests.ask("a", None)
    server.requests.ask("b", None)
    ours = server.sent[0]["event_id"]
    assert server.refuse("server_error", "somebody-elses") == []
    assert server.refuse("server_error", None) == []
    assert server.asked() == ["a"]
    assert server.refuse("server_error", ours) == [
        ResponseStarted(ours, "a", 1),
        ResponseEnded(ours, Outcome.FAILED, {}, "server_error", 1),
    ]
    assert server.asked() == ["a", "b"]


def test_a_request_that_nothing_comes_of_does_not_hold_others_for_ever() -> None:
    server = Server()
    server.requests.ask("lost", None)
    server.requests.ask("b", None)
    server.now += LOST_AFTER_SECONDS - 0.1
    server.requests.flush()
    assert server.asked() == ["lost"]
    server.now += 0.2
    server.requests.flush()
    assert server.asked() == ["lost", "b"]


def test_a_cancel_that_comes_too_late_frees_the_line() -> None:
    server = Server()
    server.start("r1", None)
    server.requests.ask("next", None)
    server.requests.cancel("r1")
    server.requests.cancel("r0")
    (cancel,) = server.sent
    assert (cancel["type"], cancel["response_id"]) == ("response.cancel", "r1")
    assert server.refuse("response_cancel_not_active", cancel["event_id"]) == []
    assert server.asked() == ["next"]
