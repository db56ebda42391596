"""Twilio's webhooks: who is believed, what a call is told to do next, and what is left behind."""

import asyncio
import re
import xml.etree.ElementTree as ElementTree
from datetime import timedelta
from typing import Any

import pytest

from functions.webhooks.twilio_webhooks import KINDS, SPOKEN
from shared.adapters.aws.dynamo import keys
from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason
from shared.contracts.records.carrier_call import CarrierPhase, HandOver
from shared.contracts.settings.integration import AccountLink
from shared.ports.phone_lines import PhoneRefused
from shared.services import inbound_calls
from shared.services.call_placement import place
from shared.services.carrier_calls import identity
from shared.services.inbound_calls import GONE_WRONG, LINES_BUSY, NOT_NOW
from shared.services.outbound_calls import Wish, request_call
from shared.services.sessions import hash_token
from tests.functions.webhooks.carriers import CALL_SID, Carriers, incoming, sign
from tests.services.carrier_world import CALLER, SECRETS, account_sid
from tests.services.world import OWN_ORIGIN, settings


def said(text: str) -> str:
    """The sentence of a document that says one and hangs up."""
    root = ElementTree.fromstring(text)
    assert [element.tag for element in root] == ["Say", "Hangup"]
    return root[0].text or ""


def hangs_up(text: str) -> bool:
    """Whether a document only hangs up."""
    return [element.tag for element in ElementTree.fromstring(text)] == ["Hangup"]


def stream_url(text: str) -> str:
    """Where a document connects its stream to."""
    stream = ElementTree.fromstring(text).find("Connect/Stream")
    assert stream is not None, text
    return stream.attrib["url"]


async def test_a_call_is_stored_and_its_stream_gets_a_ticket_for_it_alone(carriers: Carriers) -> None:
    answer = await carriers.twilio("voice")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/xml")
    connect = ElementTree.fromstring(answer.text)[0]
    assert connect.attrib["action"] == f"{OWN_ORIGIN}/api/webhooks/twilio/connect?accountId=phone-a"
    url = stream_url(answer.text)
    [call] = carriers.world.calls()
    prefix = f"wss://calls.example/api/webhooks/twilio/stream/phone-a/{call.session_id}."
    assert url.startswith(prefix) and "?" not in url
    session = carriers.world.world.sessions.get(call.session_id)
    assert session is not None
    assert session.token_hash == hash_token(url.removeprefix(prefix)) and not session.token_used
    assert session.origin == "twilio:phone-a"
    assert session.connect_by - session.created_at == timedelta(seconds=60)
    assert (call.channel, call.direction, call.status) == ("twilio", "inbound", CallStatus.PENDING)
    assert (call.account_id, call.carrier_call_id, call.caller_number) == ("phone-a", CALL_SID, CALLER)
    assert call.chatbot_id == "bot-a"
    parameters = {element.attrib["name"]: element.attrib["value"] for element in connect[0]}
    assert parameters == {
        "chatbotId": "bot-a",
        "accountId": "phone-a",
        "sessionId": call.session_id,
        "callId": call.call_id,
    }
    [event] = carriers.events()
    assert (event.kind, event.outcome, event.status, event.caller) == ("call_initiated", "success", 200, "+1415XXX0123")


async def test_nobody_is_believed_without_the_accounts_signature(carriers: Carriers) -> None:
    for what in KINDS:
        await _refuses_forgeries(carriers, what)
    assert carriers.world.calls() == [] and carriers.world.calls("company-b") == []
    assert {event.outcome for event in carriers.events()} == {"rejected"}


async def _refuses_forgeries(carriers: Carriers, what: str) -> None:
    path = f"/api/webhooks/twilio/{what}?accountId=phone-a"
    form = list(incoming().items())
    right = sign(OWN_ORIGIN + path, form)
    wrong = {
        "missing": await carriers.twilio(what, signature=""),
        "garbage": await carriers.twilio(what, signature="ü" * 28),
        "of another company": await carriers.twilio(what, signature=sign(OWN_ORIGIN + path, form, "b")),
        "of another address": await carriers.twilio(what, signature=sign(OWN_ORIGIN + path + "&x=1", form)),
        "of http": await carriers.twilio(what, signature=sign(f"http://calls.example{path}", form)),
        "of the server's own address": await carriers.twilio(what, signature=sign(f"http://10.0.0.7:9000{path}", form)),
        "with a parameter changed": await carriers.twilio(what, signature=right, To="+12025550199"),
        "with a parameter more": await carriers.twilio(what, signature=right, fields=[("Extra", "1")]),
        "with a parameter twice": await carriers.twilio(what, signature=right, fields=[("To", "+12025550122")]),
        "with another query": await carriers.twilio(what, "accountId=phone-a&chatbotId=bot-b", signature=right),
        "unknown account": await carriers.twilio(what, "accountId=nobody"),
        "no account": await carriers.twilio(what, ""),
        "impossible account": await carriers.twilio(what, "accountId=" + "x" * 900),
        "a WhatsApp account": await carriers.twilio(what, "accountId=chat-a"),
        "another company's account": await carriers.twilio(what, "accountId=phone-b"),
    }
    answers = {(answer.status_code, answer.text, answer.headers["content-type"]) for answer in wrong.values()}
    assert answers == {(403, "Forbidden", "text/plain; charset=utf-8")}


async def test_the_header_that_names_another_algorithm_changes_nothing(carriers: Carriers) -> None:
    path = "/api/webhooks/twilio/voice?accountId=phone-a"
    headers = {
        "x-twilio-signature": "anything",
        "x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_SHA256",
        "content-type": "application/x-www-form-urlencoded",
    }
    answer = await carriers.request("POST", path, content="CallSid=CA1", headers=headers)
    assert answer.status_code == 403


async def test_unknown_accounts_cost_what_known_ones_do(carriers: Carriers) -> None:
    requests: list[str] = []
    carriers.world.kms.meta.events.register("before-call.kms", lambda model, **_: requests.append(model.name))
    table: list[str] = []
    dynamo = carriers.world.world.client._client
    count = dynamo.meta.events.register
    count("before-call.dynamodb", lambda model, **_: table.append(model.name))

    async def cost(query: str) -> tuple[int, int]:
        requests.clear()
        table.clear()
        assert (await carriers.twilio("voice", query, signature="wrong")).status_code == 403
        return len(requests), len(table)

    await cost("accountId=first-ever")  # the decoy is made once for each container
    assert await cost("accountId=phone-a") == await cost("accountId=nobody")
    assert await cost("accountId=phone-a") == await cost("accountId=nobody")


async def test_a_flood_of_forgeries_does_not_fill_the_log(carriers: Carriers) -> None:
    for _ in range(70):
        await carriers.twilio("voice", signature="wrong")
    assert len(carriers.events()) == 60


SOMEBODY_ELSES: list[tuple[str | None, dict[str, Any]]] = [
    ("accountId=phone-a&chatbotId=bot-b", {}),
    ("accountId=phone-a&chatbotId=no-such-bot", {}),
    (None, {"AccountSid": account_sid("b")}),
    (None, {"To": "+12025550122"}),
]


async def test_a_signed_request_that_names_somebody_elses_things_is_refused(carriers: Carriers) -> None:
    for query, changes in SOMEBODY_ELSES:
        assert (await carriers.twilio("voice", query, **changes)).status_code == 403
    assert carriers.world.calls() == [] and carriers.world.calls("company-b") == []
    assert [(event.outcome, event.status) for event in carriers.events()] == [("failed", 403)] * 4
    assert all(event.detail for event in carriers.events())


async def test_a_chatbot_that_shares_the_account_answers_where_the_address_names_it(carriers: Carriers) -> None:
    world = carriers.world
    other = world.world.chatbot(chatbot_id="bot-c", call_settings_version=0)
    world.world.chatbots.publish(other, settings())
    link = AccountLink(company_id="company-a", account_id="phone-a", chatbot_id="bot-c", enabled_at=world.world.now)
    world.accounts.link(link)
    stream_url((await carriers.twilio("voice", "chatbotId=bot-c&accountId=phone-a")).text)
    [call] = world.calls()
    assert call.chatbot_id == "bot-c"
    world.accounts.unlink("company-a", "phone-a", "bot-c")
    again = await carriers.twilio("voice", "chatbotId=bot-c&accountId=phone-a", CallSid="CA" + "2" * 32)
    assert again.status_code == 403


async def test_a_number_that_cannot_take_calls_says_so(carriers: Carriers) -> None:
    world = carriers.world.world
    world.company(call_enabled=False)
    assert said((await carriers.twilio("voice")).text) == NOT_NOW
    world.company(concurrent=0)
    assert said((await carriers.twilio("voice")).text) == LINES_BUSY
    world.company()
    account = carriers.world.twilio()
    carriers.world.accounts.update(account.model_copy(update={"active": False}))
    assert said((await carriers.twilio("voice")).text) == NOT_NOW
    assert carriers.world.calls() == []
    assert [event.outcome for event in carriers.events()] == ["failed"] * 3
    assert [event.detail for event in carriers.events()][2] == "This account is disabled."


async def test_one_caller_cannot_take_every_line(carriers: Carriers) -> None:
    for number in range(30):
        stream_url((await carriers.twilio("voice", CallSid=f"CA{number:032x}")).text)
    assert said((await carriers.twilio("voice", CallSid="CA" + "f" * 32)).text) == LINES_BUSY
    stream_url((await carriers.twilio("voice", CallSid="CA" + "e" * 32, From="+14155550199")).text)


async def test_callers_without_a_proper_number_are_answered(carriers: Carriers) -> None:
    callers = ["Anonymous", "client:bob", "sip:bob@example.com", "", "+266696687"]
    for number, caller in enumerate(callers):
        stream_url((await carriers.twilio("voice", From=caller, CallSid=f"CA{number:032x}")).text)
    stored = {call.carrier_call_id: call.caller_number for call in carriers.world.calls()}
    assert [stored[f"CA{number:032x}"] for number in range(5)] == [None, None, None, None, "+266696687"]


async def test_the_same_call_announced_again_gets_another_ticket_and_no_other_record(carriers: Carriers) -> None:
    urls = {stream_url((await carriers.twilio("voice")).text) for _ in range(4)}
    assert len(urls) == 4
    [call] = carriers.world.calls()
    session = carriers.world.world.sessions.get(call.session_id)
    assert session is not None
    tokens = {hash_token(url.rpartition(".")[2]) for url in urls}
    assert session.token_hash in tokens and session.resume_hash in tokens
    assert [event.outcome for event in carriers.events()] == ["success", "duplicate", "duplicate", "duplicate"]


async def test_the_same_call_announced_at_once_by_several_requests_is_one_call(carriers: Carriers) -> None:
    await carriers.twilio("voice", CallSid="CA" + "2" * 32)  # everything is warm
    answers = await asyncio.gather(*(carriers.twilio("voice") for _ in range(6)))
    urls = [stream_url(answer.text) for answer in answers]
    assert len(set(urls)) == 6 and len({url.rpartition(".")[0] for url in urls}) == 1
    assert len(carriers.world.calls()) == 2
    slots = carriers.world.world.live.item(keys.call_slots("company-a"))
    assert slots is not None and len(slots["slots"]["SS"]) == 2


async def test_a_stream_that_ends_rejoins_its_call_until_the_call_is_over(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    [call] = carriers.world.calls()
    attached = carriers.world.world.calls.replace(call, {"status": CallStatus.ACTIVE, "owner": "media-1", "epoch": 1})
    assert attached is not None
    again = stream_url((await carriers.twilio("connect", CallStatus="in-progress")).text)
    session = carriers.world.world.sessions.get(call.session_id)
    assert session is not None and session.resume_hash == hash_token(again.rpartition(".")[2])
    assert carriers.world.paused  # its process had time to store the end
    ended = {"status": CallStatus.COMPLETED, "ended_at": carriers.world.world.now, "owner": None}
    assert carriers.world.world.calls.replace(attached, ended) is not None
    assert hangs_up((await carriers.twilio("connect", CallStatus="in-progress")).text)


async def test_a_caller_who_hung_up_is_not_connected_again(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    for status in ("completed", "failed", "no-answer"):
        assert hangs_up((await carriers.twilio("connect", CallStatus=status)).text)
    assert hangs_up((await carriers.twilio("connect", CallSid="CA" + "9" * 32)).text)


async def test_goodbyes_are_not_followed_by_another_greeting(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    [call] = carriers.world.calls()
    carriers.world.world.calls.replace(call, {"status": CallStatus.ENDING, "owner": "media-1"})
    assert hangs_up((await carriers.twilio("connect", CallStatus="in-progress")).text)


async def test_a_stream_that_never_holds_is_given_up(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    answers = [(await carriers.twilio("connect", CallStatus="in-progress")).text for _ in range(13)]
    assert all("<Stream" in text for text in answers[:12])
    assert said(answers[12]) == GONE_WRONG
    assert carriers.world.paused == [1.0] * 13


async def test_a_caller_is_bridged_to_a_person_once_and_comes_back_if_nobody_answers(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    asked = HandOver(number="+12025550177", asked_at=carriers.world.world.now)
    carrier = identity(carriers.world.twilio(), CALL_SID)
    carriers.world.carrier_calls.set_hand_over(carrier, asked, carriers.world.world.now)
    dial = ElementTree.fromstring((await carriers.twilio("connect", CallStatus="in-progress")).text)[0]
    assert dial.tag == "Dial" and dial[0].text == "+12025550177"
    assert dial.attrib["callerId"] == "+12025550111" and dial.attrib["answerOnBridge"] == "true"
    assert dial.attrib["action"].endswith("/dial?accountId=phone-a")
    for status in ("busy", "no-answer", "failed", "canceled"):
        stream_url((await carriers.twilio("dial", DialCallStatus=status, CallStatus="in-progress")).text)
    assert hangs_up((await carriers.twilio("dial", DialCallStatus="completed")).text)
    stream_url((await carriers.twilio("connect", CallStatus="in-progress")).text)


async def test_a_caller_is_never_bridged_to_a_premium_number(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    asked = HandOver(number="+19005551234", asked_at=carriers.world.world.now)
    carrier = identity(carriers.world.twilio(), CALL_SID)
    carriers.world.carrier_calls.set_hand_over(carrier, asked, carriers.world.world.now)
    stream_url((await carriers.twilio("connect", CallStatus="in-progress")).text)
    assert carriers.events()[-1].outcome == "failed"


async def test_a_call_nobody_connected_is_ended_by_its_status(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    at = "Wed, 25 Nov 2026 09:31:00 +0000"
    for _ in range(3):
        answer = await carriers.twilio("status", CallStatus="completed", CallDuration="7", Timestamp=at)
        assert (answer.status_code, answer.text) == (204, "")
    [call] = carriers.world.calls()
    assert (call.status, call.end_reason, call.ended_by) == (
        CallStatus.ABANDONED,
        EndReason.NEVER_CONNECTED,
        EndedBy.CALLER,
    )
    assert carriers.world.queues.ended == [("company-a", call.call_id)]
    assert [event.outcome for event in carriers.events()] == ["success", "success", "duplicate", "duplicate"]


async def test_a_call_that_a_process_holds_is_left_to_it(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    [call] = carriers.world.calls()
    held = carriers.world.world.calls.replace(call, {"status": CallStatus.ACTIVE, "owner": "media-1", "epoch": 1})
    await carriers.twilio("status", CallStatus="completed")
    assert carriers.world.calls() == [held]
    carrier = carriers.world.carrier_calls.get("company-a", "phone-a", CALL_SID)
    assert carrier is not None and carrier.facts.phase is CarrierPhase.ENDED


async def test_statuses_only_move_forward(carriers: Carriers) -> None:
    await carriers.twilio("voice")
    for status in ("completed", "ringing", "in-progress", "queued", "no-such-status", ""):
        await carriers.twilio("status", CallStatus=status)
    carrier = carriers.world.carrier_calls.get("company-a", "phone-a", CALL_SID)
    assert carrier is not None and carrier.facts.phase is CarrierPhase.ENDED
    [call] = carriers.world.calls()
    assert call.status is CallStatus.ABANDONED


async def test_a_call_whose_end_came_first_is_over(carriers: Carriers) -> None:
    await carriers.twilio("status", CallStatus="completed")
    assert carriers.world.calls() == []
    assert hangs_up((await carriers.twilio("voice")).text)
    [call] = carriers.world.calls()
    assert call.status is CallStatus.ABANDONED


async def test_whatever_breaks_the_caller_hears_a_sentence(
    carriers: Carriers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"cannot reach the database about {CALLER}")

    monkeypatch.setattr(type(carriers.world.carrier_calls), "get", broken)
    monkeypatch.setattr(type(carriers.world.world.calls), "get", broken)
    for what in SPOKEN:
        answer = await carriers.twilio(what, "accountId=phone-a&callId=x", CallStatus="in-progress")
        assert (answer.status_code, said(answer.text)) == (200, GONE_WRONG), what
        event = carriers.events()[-1]
        assert event.outcome == "failed" and CALLER not in event.model_dump_json() + caplog.text


async def test_even_without_any_database_the_caller_hears_a_sentence(
    carriers: Carriers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"cannot store {CALLER}")

    monkeypatch.setattr(type(carriers.world.accounts), "owner", broken)
    monkeypatch.setattr(type(carriers.world.events), "append", broken)
    assert said((await carriers.twilio("voice")).text) == GONE_WRONG
    assert (await carriers.twilio("status", CallStatus="completed")).status_code == 204
    assert CALLER not in caplog.text and SECRETS["auth_token"].format("a") not in caplog.text


async def test_the_fallback_speaks_and_names_twilios_error(carriers: Carriers) -> None:
    assert said((await carriers.twilio("fallback", ErrorCode="11200", ErrorUrl="https://x")).text) == GONE_WRONG
    [event] = carriers.events()
    assert (event.kind, event.outcome, event.detail) == ("fallback", "failed", "Twilio error 11200")


async def test_a_stream_error_is_in_the_log(carriers: Carriers) -> None:
    assert (await carriers.twilio("stream-status", StreamEvent="stream-started")).status_code == 204
    await carriers.twilio("stream-status", StreamEvent="stream-error", StreamError="31920 handshake")
    assert [(event.kind, event.outcome, event.detail) for event in carriers.events()] == [
        ("stream_started", "success", ""),
        ("stream_error", "failed", "31920 handshake"),
    ]


async def test_a_signed_request_without_a_proper_call_is_answered(carriers: Carriers) -> None:
    for sid in ("", "CA1", "MZ" + "1" * 32, "CA" + "z" * 32, "CA" + "1" * 32 + "\n"):
        assert said((await carriers.twilio("voice", CallSid=sid)).text) == GONE_WRONG
        assert (await carriers.twilio("status", CallSid=sid)).status_code == 204
    assert carriers.world.calls() == []


async def test_bodies_have_a_limit_and_other_methods_are_refused(carriers: Carriers) -> None:
    path = "/api/webhooks/twilio/voice?accountId=phone-a"
    assert (await carriers.request("POST", path, content=b"a" * 65_537)).status_code == 413
    assert (await carriers.request("POST", path + "&x=" + "y" * 3000)).status_code == 413
    assert (await carriers.request("POST", path, content=b"\xff\xfe")).status_code == 403
    assert (await carriers.request("POST", path, content=b"&".join([b"a=1"] * 300))).status_code == 403
    assert (await carriers.request("GET", path)).status_code == 405


async def test_nothing_stored_shows_a_secret_or_a_ticket(carriers: Carriers) -> None:
    url = stream_url((await carriers.twilio("voice")).text)
    stored = str(carriers.world.world.items())
    assert url.rpartition(".")[2] not in stored
    assert re.search("twilio-auth-token|EAA-access|meta-app-secret", stored) is None


async def _placed(carriers: Carriers) -> CallRecord:
    """A call of ours that is ringing; the worker has not yet stored its CallSid."""
    wish = Wish("company-a", "phone-a", CALLER, "test", "admin-1")
    outbound = request_call(carriers.world.outbound, wish)
    carriers.world.lines.errors.append(PhoneRefused("lost", uncertain=True))
    placed = place(carriers.world.outbound, "company-a", outbound.outbound_id)
    assert placed is not None and placed.call_id is not None
    call = carriers.world.world.calls.get("company-a", placed.call_id)
    assert call is not None
    return call


async def test_somebody_we_called_picks_up_and_is_connected_even_if_the_worker_died(carriers: Carriers) -> None:
    call = await _placed(carriers)
    query = f"accountId=phone-a&callId={call.call_id}"
    ringing = await carriers.twilio("status", query, CallStatus="ringing", Direction="outbound-api")
    assert ringing.status_code == 204
    carriers.world.world.pass_time(seconds=40)
    url = stream_url((await carriers.twilio("answer", query, CallStatus="in-progress")).text)
    session = carriers.world.world.sessions.get(call.session_id)
    assert session is not None and session.resume_hash == hash_token(url.rpartition(".")[2])
    stored = carriers.world.world.calls.get("company-a", call.call_id)
    assert stored is not None and stored.carrier_call_id == CALL_SID
    other = await carriers.twilio("answer", query, CallSid="CA" + "8" * 32, CallStatus="in-progress")
    assert hangs_up(other.text)
    machine = await carriers.twilio("amd", query, AnsweredBy="machine_start")
    again = await carriers.twilio("amd", query, AnsweredBy="machine_start")
    assert machine.status_code == again.status_code == 204
    assert carriers.world.lines.hung_up == [CALL_SID]


async def test_an_unanswered_call_of_ours_ends(carriers: Carriers) -> None:
    call = await _placed(carriers)
    query = f"accountId=phone-a&callId={call.call_id}"
    for status in ("no-answer", "ringing", "initiated"):
        await carriers.twilio("status", query, CallStatus=status)
    stored = carriers.world.world.calls.get("company-a", call.call_id)
    assert stored is not None and stored.status is CallStatus.ABANDONED


async def test_an_address_cannot_name_another_accounts_call(carriers: Carriers) -> None:
    call = await _placed(carriers)
    query = f"accountId=phone-b&callId={call.call_id}"
    assert hangs_up((await carriers.twilio("answer", query, letter="b", CallStatus="in-progress")).text)
    await carriers.twilio("status", query, letter="b", CallStatus="completed")
    assert carriers.world.world.calls.get("company-a", call.call_id) == call
    incoming_call = "CA" + "3" * 32
    await carriers.twilio("voice", CallSid=incoming_call)
    [ours] = [found for found in carriers.world.calls() if found.direction == "inbound"]
    query = f"accountId=phone-a&callId={ours.call_id}"
    answer = await carriers.twilio("answer", query, CallSid=incoming_call, CallStatus="in-progress")
    assert hangs_up(answer.text)
    sibling = carriers.world.twilio().model_copy(update={"account_id": "phone-c"})
    assert inbound_calls.bind(carriers.world.carrier, sibling, CALL_SID, call.call_id) is None
