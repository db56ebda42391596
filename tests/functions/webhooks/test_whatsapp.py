"""WhatsApp's webhooks: who is believed, what becomes of calls and wishes, and that no order of reports matters."""

import copy
import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.webhooks.whatsapp_webhooks import is_signed
from shared.adapters.aws.dynamo import keys
from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason
from shared.contracts.records.call_permission import CallPermission
from shared.contracts.records.carrier_call import CarrierFacts, CarrierOutcome, CarrierPhase
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain import whatsapp_reports
from shared.services import whatsapp_calls
from shared.services.carrier_calls import Opening, open_outbound
from shared.services.outbound_calls import user_hash
from shared.services.sessions import Admitted, freeze, hash_token
from tests.functions.webhooks.carriers import WHATSAPP, Carriers, change, meta_signature
from tests.services.carrier_world import CALLER, SECRETS, CarrierWorld, phone_number_id
from tests.services.world import START

RECORDINGS = Path(__file__).parents[2] / "recordings" / "whatsapp"
CALL_ID = "wacid.HBgLFIXTURE0001=="
NEXT = itertools.count(1)


def recorded(name: str) -> dict[str, Any]:
    """A recorded payload."""
    return dict(json.loads((RECORDINGS / f"{name}.json").read_text()))


def value_of(payload: dict[str, Any]) -> dict[str, Any]:
    """What its one change holds."""
    return dict(payload["entry"][0]["changes"][0]["value"])


def altered(name: str, **call: Any) -> dict[str, Any]:
    """A recorded payload whose one call is altered; None takes a field away."""
    payload = recorded(name)
    target = payload["entry"][0]["changes"][0]["value"]["calls"][0]
    for key, new in call.items():
        target[key] = new
        if new is None:
            del target[key]
    return payload


async def test_the_handshake_returns_the_challenge_as_it_came(carriers: Carriers) -> None:
    def query(token: str, mode: str = "subscribe", account: str = "chat-a", challenge: str = "01158201444") -> str:
        return f"{WHATSAPP}?accountId={account}&hub.mode={mode}&hub.challenge={challenge}&hub.verify_token={token}"

    right = SECRETS["verify_token"].format("a")
    answer = await carriers.request("GET", query(right))
    assert (answer.status_code, answer.text) == (200, "01158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    wrong = [
        query("wrong"),
        query(""),
        query("%C3%BC"),
        query(right, mode="unsubscribe"),
        query(right, account="chat-b"),
        query(right, account="nobody"),
        query(right, account="phone-a"),
        query(right, challenge=""),
        query(right, challenge="x" * 201),
        WHATSAPP,
    ]
    for path in wrong:
        answer = await carriers.request("GET", path)
        assert (answer.status_code, answer.text) == (403, "Forbidden"), path
    assert carriers.events(kind="chat")[0].outcome == "success"


async def test_nobody_is_believed_without_the_apps_signature(carriers: Carriers) -> None:
    body = json.dumps(recorded("connect")).encode()
    wrong = [
        await carriers.whatsapp(body, signature=""),
        await carriers.whatsapp(body, signature="sha256="),
        await carriers.whatsapp(body, signature=meta_signature(body)[7:]),
        await carriers.whatsapp(body, signature=meta_signature(body, "b")),
        await carriers.whatsapp(body, signature=meta_signature(body[:-1])),
        await carriers.whatsapp(json.dumps(json.loads(body), indent=2).encode(), signature=meta_signature(body)),
        await carriers.whatsapp(change(value_of(recorded("connect")), number_id="999999999999999")),
        await carriers.whatsapp(change(value_of(recorded("connect")), number_id=phone_number_id("b"))),
        await carriers.whatsapp(b"not json"),
        await carriers.whatsapp(b"[" * 100_000),
        await carriers.whatsapp(b""),
        await carriers.whatsapp([1, None, {"entry": {"changes": 1}}]),
        await carriers.whatsapp(body, signature="", query="?accountId=chat-a"),
    ]
    assert {(answer.status_code, answer.text) for answer in wrong} == {(403, "Forbidden")}
    assert carriers.world.calls() == [] and carriers.world.queues.offers == []


async def test_one_apps_signature_vouches_for_its_own_numbers_only(carriers: Carriers) -> None:
    ours, theirs = recorded("connect"), recorded("connect")
    theirs["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = phone_number_id("b")
    ours["entry"] += theirs["entry"]
    assert (await carriers.whatsapp(ours)).status_code == 200
    assert len(carriers.world.calls()) == 1 and carriers.world.calls("company-b") == []


async def test_a_forgery_that_names_many_numbers_is_not_looked_at_for_long(
    carriers: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def owner(_: object, kind: str, number: str) -> None:
        asked.append(number)

    monkeypatch.setattr(type(carriers.world.accounts), "owner_of_number", owner)
    payload = recorded("connect")
    for number in range(200):
        payload["entry"] += change(value_of(recorded("connect")), number_id=f"9{number:014d}")["entry"]
    assert (await carriers.whatsapp(payload)).status_code == 403
    assert len(asked) == 20


async def test_a_call_is_stored_and_offered_while_it_rings(carriers: Carriers) -> None:
    carriers.world.world.pass_time(seconds=3)
    assert (await carriers.whatsapp(recorded("connect"))).status_code == 200
    [call], [offer] = carriers.world.calls(), carriers.world.queues.offers
    assert (call.channel, call.status, call.account_id) == ("whatsapp", CallStatus.PENDING, "chat-a")
    assert (call.carrier_call_id, call.caller_number, call.customer.name) == (CALL_ID, CALLER, "Ada Example")
    assert call.created_at == START
    session = carriers.world.world.sessions.get(call.session_id)
    assert session is not None and session.origin == "whatsapp:chat-a"
    assert hash_token(offer.token) == session.resume_hash
    assert (offer.call_id, offer.session_id, offer.carrier_call_id) == (call.call_id, call.session_id, CALL_ID)
    assert offer.sdp == value_of(recorded("connect"))["calls"][0]["session"]["sdp"]
    assert offer.answer_by == START + timedelta(seconds=50)
    [event] = carriers.events(kind="chat")
    assert (event.kind, event.outcome, event.caller) == ("call_initiated", "success", "+1415XXX0123")


async def test_a_caller_who_hides_their_number_is_answered(carriers: Carriers) -> None:
    await carriers.whatsapp(recorded("connect_hidden_number"))
    [call] = carriers.world.calls()
    assert call.caller_number == "US.1000000000000001"
    assert len(carriers.world.queues.offers) == 1


async def test_repeated_announcements_offer_once(carriers: Carriers) -> None:
    for _ in range(4):
        assert (await carriers.whatsapp(recorded("connect"))).status_code == 200
    assert len(carriers.world.calls()) == 1 and len(carriers.world.queues.offers) == 1
    outcomes = [event.outcome for event in carriers.events(kind="chat")]
    assert outcomes == ["success", "duplicate", "duplicate", "duplicate"]


async def test_an_offer_that_was_not_sent_is_sent_when_meta_repeats(
    carriers: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("the queue is away")

    with monkeypatch.context() as patch:
        patch.setattr(carriers.world.queues, "send", broken)
        assert (await carriers.whatsapp(recorded("connect"))).status_code == 503
    assert carriers.events(kind="chat")[-1].outcome == "failed"
    assert (await carriers.whatsapp(recorded("connect"))).status_code == 200
    assert len(carriers.world.calls()) == 1 and len(carriers.world.queues.offers) == 1


@pytest.mark.parametrize("late", [51, 86_400 * 6])
async def test_a_call_announced_too_late_is_not_offered(carriers: Carriers, late: int) -> None:
    carriers.world.world.pass_time(seconds=late)
    await carriers.whatsapp(recorded("connect"))
    assert carriers.world.queues.offers == []


async def test_a_call_that_cannot_be_taken_is_rejected_at_once(carriers: Carriers) -> None:
    carriers.world.world.company(concurrent=0)
    assert (await carriers.whatsapp(recorded("connect"))).status_code == 200
    assert carriers.world.meta.sent == [("reject", CALL_ID)]
    assert carriers.world.calls() == [] and carriers.events(kind="chat")[0].kind == "call_refused"


UNREADABLE: list[dict[str, Any]] = [
    {"session": None},
    {"session": {"sdp": 5}},
    {"session": {"sdp": "v=1"}},
    {"session": {"sdp": "v=0\r\n" + "a" * 20_000}},
    {"session": {"sdp": "v=0\ud800"}},
    {"id": None},
    {"id": "x" * 300},
    {"id": "a#b"},
    {"timestamp": None},
    {"timestamp": "never"},
    {"timestamp": 10**30},
    {"event": "call_created"},
    {"event": {"a": 1}},
]


async def test_what_cannot_be_read_is_skipped(carriers: Carriers) -> None:
    for changes in UNREADABLE:
        assert (await carriers.whatsapp(altered("connect", **changes))).status_code == 200, changes
        assert carriers.world.calls() == [] and carriers.world.queues.offers == [], changes


async def test_one_unreadable_update_does_not_hold_back_the_others(carriers: Carriers) -> None:
    payload = altered("connect", timestamp=None)
    payload["entry"] += recorded("connect")["entry"]
    await carriers.whatsapp(payload)
    assert len(carriers.world.calls()) == 1


async def test_where_we_fail_meta_is_asked_to_come_again(
    carriers: Carriers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"cannot store {CALLER}")

    for where in ("owner", "owner_of_number"):
        monkeypatch.setattr(type(carriers.world.accounts), where, broken)
    assert (await carriers.whatsapp(recorded("connect"))).status_code == 503
    assert (await carriers.request("GET", WHATSAPP + "?accountId=chat-a")).status_code == 503
    assert CALLER not in caplog.text


async def test_updates_have_a_limit(carriers: Carriers) -> None:
    assert (await carriers.whatsapp(b" " * (3 * 1024 * 1024 + 1))).status_code == 413


INBOUND = ("connect", "connect", "terminate", "terminate", "terminate_failed")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(INBOUND), late=st.lists(st.booleans(), min_size=5, max_size=5))
async def test_every_order_of_reports_ends_in_the_same_record(
    carriers: Carriers, order: list[str], late: list[bool]
) -> None:
    world = carriers.world
    world.world.now = START
    number = next(NEXT)
    wacid, before = f"wacid.P{number}", {call.call_id for call in world.calls()}
    for name, later in zip(order, late, strict=True):
        payload = altered(name, id=wacid, **{"from": f"1415555{number:04d}"})
        assert (await carriers.whatsapp(payload)).status_code == 200
        if later:
            world.world.pass_time(days=1)
    world.world.now = START
    [call] = [call for call in world.calls() if call.call_id not in before]
    stored = world.carrier_calls.get("company-a", "chat-a", wacid)
    assert stored is not None and stored.call_id == call.call_id
    assert (call.status, call.end_reason, call.ended_by) == (
        CallStatus.ABANDONED,
        EndReason.NEVER_CONNECTED,
        EndedBy.CALLER,
    )
    assert (call.created_at, call.ended_at) == (START, START + timedelta(seconds=25))
    assert stored.facts == CarrierFacts(
        phase=CarrierPhase.ENDED,
        outcome=CarrierOutcome.NO_ANSWER,
        began_at=START,
        ended_at=START + timedelta(seconds=25),
        error_code=138021,
    )


def _outbound(world: CarrierWorld, to: str) -> CallRecord:
    company, chatbot = world.world.companies.get("company-a"), world.world.chatbots.get("company-a", "bot-a")
    assert company is not None and chatbot is not None
    frozen = freeze(world.carrier.sessions, Admitted(company, chatbot, WidgetConfig()))
    wanted = Opening(world.whatsapp(), "bot-a", frozen, world.world.now, to, direction="outbound", limit=1000)
    return open_outbound(world.carrier, wanted)[0]


def _reports(wacid: str, opaque: str, to: str) -> list[dict[str, Any]]:
    """What Meta tells of a call of ours that rang and was turned down."""
    status = {"id": wacid, "type": "call", "recipient_id": to[1:], "biz_opaque_callback_data": opaque}
    seconds = int(START.timestamp())
    connect = altered("connect", id=wacid, direction="BUSINESS_INITIATED", to=to[1:], biz_opaque_callback_data=opaque)
    end = altered("terminate", id=wacid, direction="BUSINESS_INITIATED", to=to[1:], biz_opaque_callback_data=opaque)
    return [
        connect,
        change({"statuses": [{**status, "status": "RINGING", "timestamp": str(seconds + 2)}]}),
        change({"statuses": [{**status, "status": "REJECTED", "timestamp": str(seconds + 20)}]}),
        change({"statuses": [{**status, "status": "no such status", "timestamp": str(seconds)}]}),
        end,
    ]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)), twice=st.integers(0, 4))
async def test_every_order_of_reports_of_our_own_call_ends_in_the_same_record(
    carriers: Carriers, order: list[int], twice: int
) -> None:
    world, number = carriers.world, next(NEXT)
    wacid, to = f"wacid.O{number}", f"+1415555{number:04d}"
    call = _outbound(world, to)
    reports = _reports(wacid, call.call_id, to)
    for index in [*order, twice]:
        assert (await carriers.whatsapp(copy.deepcopy(reports[index]))).status_code == 200
    ended = world.world.calls.get("company-a", call.call_id)
    stored = world.carrier_calls.get("company-a", "chat-a", wacid)
    assert ended is not None and stored is not None
    assert (ended.carrier_call_id, ended.status) == (wacid, CallStatus.ABANDONED)
    assert ended.ended_at == START + timedelta(seconds=20)
    assert stored.facts.outcome is CarrierOutcome.BUSY and stored.answer_sdp is not None
    permission = world.permissions.get("company-a", "chat-a", user_hash(to))
    assert [(attempt.carrier_call_id, attempt.connected) for attempt in permission.attempts] == [(wacid, False)]
    assert world.queues.offers == []


async def test_a_report_cannot_end_another_accounts_call(carriers: Carriers) -> None:
    call = _outbound(carriers.world, CALLER)
    reports = _reports("wacid.X1", call.call_id, CALLER)
    for report in reports:
        report["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = phone_number_id("b")
        assert (await carriers.whatsapp(report, letter="b")).status_code == 200
    sibling = carriers.world.whatsapp().model_copy(update={"account_id": "chat-c"})
    for report in _reports("wacid.X2", call.call_id, CALLER):
        for update in whatsapp_reports.updates(report):
            whatsapp_calls.apply(carriers.world.outbound, sibling, update)
    assert carriers.world.world.calls.get("company-a", call.call_id) == call


async def test_a_call_that_a_process_has_joined_is_not_offered_to_another(carriers: Carriers) -> None:
    world = carriers.world
    await carriers.whatsapp(recorded("connect"))
    [call] = world.calls()
    session = world.world.sessions.get(call.session_id)
    carrier = world.carrier_calls.get("company-a", "chat-a", CALL_ID)
    assert session is not None and carrier is not None
    joined = session.model_copy(update={"token_used": True, "resume_hash": "theirs"})
    world.world.live.put(keys.session(session.session_id), joined)
    key = keys.carrier_call("company-a", "chat-a", CALL_ID)
    world.world.calls_table.put(key, carrier.model_copy(update={"offered": False}))  # noting it was lost
    await carriers.whatsapp(recorded("connect"))
    assert len(world.queues.offers) == 1 and world.world.sessions.get(session.session_id) == joined


async def test_a_call_that_a_process_holds_is_left_to_it_and_its_end_can_be_read(carriers: Carriers) -> None:
    await carriers.whatsapp(recorded("connect"))
    [call] = carriers.world.calls()
    held = carriers.world.world.calls.replace(call, {"status": CallStatus.ACTIVE, "owner": "media-1", "epoch": 1})
    await carriers.whatsapp(recorded("terminate_after_talk"))
    assert carriers.world.calls() == [held]
    stored = carriers.world.carrier_calls.get("company-a", "chat-a", CALL_ID)
    assert stored is not None
    assert (stored.facts.outcome, stored.facts.seconds) == (CarrierOutcome.COMPLETED, 90)
    assert stored.facts.answered_at == START + timedelta(seconds=10)


async def test_call_me_asks_for_a_call_once(carriers: Carriers) -> None:
    allow(carriers.world)
    for _ in range(3):
        assert (await carriers.whatsapp(recorded("call_me"))).status_code == 200
    [(company_id, outbound_id, _)] = carriers.world.queues.wishes
    outbound = carriers.world.outbound_calls.get(company_id, outbound_id)
    assert outbound is not None
    assert (outbound.to, outbound.purpose, outbound.account_id) == (CALLER, "call_me", "chat-a")
    assert [event.outcome for event in carriers.events(kind="chat")] == ["success", "duplicate", "duplicate"]


async def test_call_me_that_comes_late_or_says_something_else_calls_nobody(carriers: Carriers) -> None:
    allow(carriers.world)
    payload = recorded("call_me")
    payload["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] = "do not call me"
    await carriers.whatsapp(payload)
    carriers.world.world.pass_time(minutes=11)
    await carriers.whatsapp(recorded("call_me"))
    assert carriers.world.queues.wishes == []


async def test_call_me_from_a_country_that_is_not_allowed_gets_the_button(carriers: Carriers) -> None:
    await carriers.whatsapp(recorded("call_me"))
    assert carriers.world.queues.wishes == [] and carriers.world.meta.sent == [("button", CALLER)]


async def test_a_permission_is_kept_and_an_older_answer_does_not_replace_it(carriers: Carriers) -> None:
    older = recorded("permission_reply")
    message = older["entry"][0]["changes"][0]["value"]["messages"][0]
    message["timestamp"] = str(int(message["timestamp"]) - 60)
    message["interactive"]["call_permission_reply"] = {"response": "reject", "response_source": "user_action"}
    await carriers.whatsapp(recorded("permission_reply"))
    await carriers.whatsapp(older)
    kept: CallPermission = carriers.world.permissions.get("company-a", "chat-a", user_hash(CALLER))
    assert kept.reply is not None and kept.reply.accepted
    assert kept.reply.expires_at == START + timedelta(days=7)
    outcomes = [(event.kind, event.outcome) for event in carriers.events(kind="chat")]
    assert outcomes == [("call_permission", "success"), ("call_permission", "duplicate")]


async def test_a_message_that_was_not_delivered_is_in_the_log(carriers: Carriers) -> None:
    await carriers.whatsapp(recorded("message_failed"))
    [event] = carriers.events(kind="chat")
    assert (event.kind, event.outcome, event.detail) == ("message_status", "failed", "WhatsApp error 131047")


async def test_other_fields_are_ignored_politely(carriers: Carriers) -> None:
    assert (await carriers.whatsapp(change({"event": "x"}, "account_update"))).status_code == 200
    signed = await carriers.whatsapp({"object": "whatsapp_business_account", "entry": []}, query="?accountId=chat-a")
    assert signed.status_code == 200
    assert carriers.world.calls() == []


def allow(world: CarrierWorld, *countries: str) -> None:
    """Let company A's calls go to these countries."""
    policy = world.outbound_calls.policy("company-a")
    world.outbound_calls.save_policy(
        "company-a", policy.model_copy(update={"allowed_countries": countries or ("US", "DE")})
    )


def test_a_signature_is_the_hmac_of_the_bytes_as_they_came() -> None:
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    right = "sha256=db780e74b7152a02fc0b09479909f9711f095199be060883718889797fa8638d"
    assert is_signed("s3cr3t", body, right)
    for wrong in (right.removeprefix("sha256="), right.upper(), right[:-1], ""):
        assert not is_signed("s3cr3t", body, wrong)
    assert not is_signed("s3cr3", body, right)
    assert not is_signed("s3cr3t", body.replace(b",", b", "), right)
