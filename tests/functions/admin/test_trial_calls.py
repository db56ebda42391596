"""Test calls, and looking for what was said."""

from typing import Any

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.transcript_index import DynamoTranscriptIndex
from shared.contracts.records.call import Role, TranscriptSegment
from shared.contracts.records.user import Participation
from shared.services.call_placement import place
from shared.services.transcript_search import forget_call, index_call
from tests.functions.admin.console import ADMIN, AGENT, OTHER_ADMIN, Console, refusal
from tests.functions.admin.matrix import stored_call
from tests.functions.admin.test_calls import accesses
from tests.services.world import OWN_ORIGIN, World

CALLS = "/integration-accounts/phone-a/test-calls"
NUMBER = "+12025550188"


def ask(console: Console, to: str = NUMBER, **body: Any) -> Any:
    """Ask for a test call."""
    return console.ask(ADMIN, "POST", CALLS, {"to": to} | body)


def message(response: Any) -> str:
    """The sentence of a refusal."""
    return str(response.json()["error"]["message"])


def spoken(world: World, call_id: str, *lines: str, company_id: str = "company-a") -> None:
    """A call in which this was said, closed and indexed."""
    stored_call(world, f"bot-{company_id[-1]}", call_id)
    for number, text in enumerate(lines):
        segment = TranscriptSegment(
            segment_id=f"s{number}", role=Role.USER, text=text, start_ms=number * 1000, end_ms=number * 1000 + 900
        )
        world.calls_table.put(keys.segment(company_id, call_id, segment.segment_id), segment)
    index_call(world.calls, DynamoTranscriptIndex(world.calls_table), company_id, call_id)
    world.pass_time(minutes=1)


def hits(console: Console, text: str, more: str = "", person: Any = ADMIN) -> list[str]:
    """Ids of the calls that were found."""
    answer = console.get(person, f"/calls/search?text={text}{more}")
    assert answer.status_code == 200, answer.text
    return [hit["call"]["callId"] for hit in answer.json()["items"]]


def test_a_phone_is_called_and_the_test_is_judged(console: Console) -> None:
    console.carriers.with_accounts()
    asked = ask(console, "+1 202 555 0188")
    assert asked.status_code == 202, asked.text
    trial = asked.json()
    assert (trial["state"], trial["to"]) == ("requested", "+1202XXX0188")
    [(company, outbound_id, _)] = console.carriers.queues.wishes
    assert outbound_id == trial["testCallId"]
    place(console.carriers.outbound, company, outbound_id)
    one = f"{CALLS}/{outbound_id}"
    placed = console.get(ADMIN, one).json()
    assert placed["state"] == "placed" and placed["callId"] is not None
    assert console.get(ADMIN, f"/calls/{placed['callId']}").json()["call"]["testCall"] is True
    assert console.get(ADMIN, "/calls?testCall=true&accountId=phone-a").json()["items"][0]["channel"] == "twilio"
    assert console.get(ADMIN, "/calls?accountId=chat-a").json()["items"] == []
    judged = console.ask(ADMIN, "PUT", one + "/verdict", {"successful": False, "comment": "No sound"})
    assert judged.status_code == 204
    [verdict, *_] = console.get(ADMIN, f"/audit?entityId={outbound_id}").json()["items"]
    assert verdict["action"] == "test_call.judged"
    assert {change["field"]: change["after"] for change in verdict["changes"]} == {
        "successful": "false",
        "comment": '"No sound"',
    }
    assert refusal(console.get(OTHER_ADMIN, one)) == (404, "not_found")


def test_test_calls_are_refused_with_a_sentence(console: Console) -> None:
    console.carriers.with_accounts()
    assert set(ask(console, "5550188").json()["error"]["fields"]) == {"to"}
    assert message(ask(console, "+4930901820")) == "Calls to this country (DE) are not allowed for your company."
    assert refusal(ask(console, chatbotId="bot-b")) == (403, "not_permitted")
    assert ask(console).status_code == 202
    busy = ask(console)
    assert (refusal(busy), message(busy)) == ((429, "rate_limited"), "Another test call is still going on.")
    assert busy.headers["retry-after"] == "60"


def test_a_browser_gets_a_session_of_a_real_call_that_is_tagged(console: Console) -> None:
    started = console.ask(ADMIN, "POST", "/chatbots/bot-a/test-session")
    assert started.status_code == 201, started.text
    body = started.json()
    assert body["websocketUrl"] == f"wss{OWN_ORIGIN.removeprefix('https')}/api/widget/call/{body['sessionId']}/ws"
    call = console.world.calls.get("company-a", body["callId"])
    session = console.world.sessions.get(body["sessionId"])
    assert call is not None and session is not None
    assert (call.test_call, session.origin, call.customer.email) == (True, OWN_ORIGIN, "admin-a@shop.example")
    assert console.get(ADMIN, "/audit").json()["items"][0]["action"] == "test_call.started"
    assert refusal(console.ask(ADMIN, "POST", "/chatbots/bot-b/test-session")) == (404, "not_found")


def test_transcripts_are_searched_and_what_was_found_is_marked(console: Console, world: World) -> None:
    spoken(world, "first", "Hello", "I want a refund for my order")
    spoken(world, "second", "What is the order status?", "And a refund, please", "refund refund", "refund again")
    spoken(world, "foreign", "refund", company_id="company-b")
    assert hits(console, "REFUND") == ["second", "first"]
    assert hits(console, "refund hello") == ["first"]
    assert hits(console, "%22order status%22") == ["second"]
    assert hits(console, "refund", "&chatbotId=bot-x") == hits(console, "refund", "&testCall=true") == []
    assert hits(console, "refund", "&until=2026-11-24") == []
    assert hits(console, "refund", person=OTHER_ADMIN) == ["foreign"]
    answer = console.get(ADMIN, "/calls/search?text=refund&limit=1").json()
    [hit] = answer["items"]
    assert len(hit["lines"]) == 3
    assert hit["lines"][0]["parts"] == [
        {"text": "And a ", "match": False},
        {"text": "refund", "match": True},
        {"text": ", please", "match": False},
    ]
    assert hits(console, "refund", f"&limit=1&cursor={answer['nextCursor']}") == ["first"]
    assert refusal(console.get(ADMIN, "/calls/search?text=...")) == (400, "invalid_request")
    forget_call(world.calls, DynamoTranscriptIndex(world.calls_table), "company-a", "first")
    assert hits(console, "hello") == []


def test_a_search_shows_agents_only_their_calls_and_is_noted(console: Console, world: World) -> None:
    spoken(world, "first", "refund")
    spoken(world, "second", "refund")
    part = Participation(company_id="company-a", call_id="first", user_id="agent-a", since=world.now)
    world.participations.add(part)
    assert hits(console, "refund", person=AGENT) == ["first"]
    assert accesses(console) == [("support_agent#agent-a", "transcript.opened", "first")]


def test_a_transcript_is_shown_line_by_line(console: Console, world: World) -> None:
    spoken(world, "first", "Hello", "Goodbye")
    lines = console.get(ADMIN, "/calls/first/segments").json()["items"]
    assert [(line["role"], line["text"], line["startMs"], line["endMs"]) for line in lines] == [
        ("user", "Hello", 0, 900),
        ("user", "Goodbye", 1000, 1900),
    ]
    assert accesses(console) == [("company_admin#admin-a", "transcript.opened", "first")]
