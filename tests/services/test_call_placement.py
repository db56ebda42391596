"""Placing calls: never twice, only where they may go, and always with an end that can be seen."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.contracts.errors import InvalidRequest, NotFound, NotPermitted, RateLimited
from shared.contracts.records.call import CallStatus
from shared.contracts.records.call_permission import PermissionReply
from shared.contracts.records.carrier_call import CarrierFacts, CarrierPhase
from shared.contracts.records.outbound_call import OutboundCall, OutboundState
from shared.domain import phone_numbers
from shared.ports.phone_lines import PhoneRefused
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from shared.ports.whatsapp_numbers import LivePermission
from shared.services import inbound_calls, whatsapp_permissions
from shared.services.call_placement import PlaceLater, place
from shared.services.carrier_calls import identity, report
from shared.services.outbound_calls import (
    MANY_TESTS,
    MANY_TODAY,
    NOT_YOUR_NUMBER,
    OUTBOUND_OFF,
    TEST_RUNNING,
    Wish,
    machine_answered,
    request_call,
    what_became,
)
from tests.services.carrier_world import CALLER, CarrierWorld, twilio_number
from tests.services.world import OWN_ORIGIN, World

GERMAN = "+4930901821"


@pytest.fixture
def carriers(world: World) -> CarrierWorld:
    return CarrierWorld(world).with_accounts()


def wish(**changes: Any) -> Wish:
    """An admin's wish for a test call by phone."""
    values: dict[str, Any] = {
        "company_id": "company-a",
        "account_id": "phone-a",
        "to": CALLER,
        "purpose": "test",
        "requested_by": "admin-1",
    }
    return Wish(**(values | changes))


def placed(carriers: CarrierWorld, asked: Wish | None = None) -> OutboundCall:
    """A wish that was placed."""
    outbound = request_call(carriers.outbound, asked or wish())
    result = place(carriers.outbound, outbound.company_id, outbound.outbound_id)
    assert result is not None
    return result


def test_a_test_call_goes_out_with_its_own_addresses(carriers: CarrierWorld) -> None:
    outbound = placed(carriers)
    [(who, dialling)] = carriers.lines.placed
    [call] = carriers.calls()
    assert who.auth_token == "twilio-auth-token-a-0123456789"
    assert (dialling.to, dialling.caller_id, dialling.ring_seconds, dialling.limit_seconds) == (
        CALLER,
        twilio_number("a"),
        45,
        180,
    )
    suffix = f"?accountId=phone-a&callId={call.call_id}"
    assert dialling.answer_url == f"{OWN_ORIGIN}/api/webhooks/twilio/answer{suffix}"
    assert dialling.machine_url == f"{OWN_ORIGIN}/api/webhooks/twilio/amd{suffix}"
    assert (outbound.state, outbound.call_id, outbound.carrier_call_id) == (
        OutboundState.PLACED,
        call.call_id,
        call.carrier_call_id,
    )
    assert (call.direction, call.test_call, call.status, call.caller_number) == (
        "outbound",
        True,
        CallStatus.PENDING,
        CALLER,
    )


def test_a_message_that_comes_again_places_nothing_again(carriers: CarrierWorld) -> None:
    outbound = placed(carriers)
    for _ in range(3):
        assert place(carriers.outbound, "company-a", outbound.outbound_id) == outbound
    assert len(carriers.lines.placed) == 1 and len(carriers.calls()) == 1
    assert place(carriers.outbound, "company-b", outbound.outbound_id) is None


@pytest.mark.parametrize("attempt", range(3))
def test_workers_that_race_for_one_wish_place_one_call(carriers: CarrierWorld, attempt: int) -> None:
    outbound = request_call(carriers.outbound, wish())

    def work(_: int) -> None:
        with contextlib.suppress(PlaceLater):
            place(carriers.outbound, "company-a", outbound.outbound_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(carriers.lines.placed) == 1
    stored = carriers.outbound_calls.get("company-a", outbound.outbound_id)
    assert stored is not None and stored.state is OutboundState.PLACED
    live = [call for call in carriers.calls() if call.status is CallStatus.PENDING]
    assert [call.call_id for call in live] == [stored.call_id]


def test_the_same_wish_asked_twice_is_queued_once(carriers: CarrierWorld) -> None:
    first = request_call(carriers.outbound, wish(), "wish-1")
    assert request_call(carriers.outbound, wish(), "wish-1") == first
    assert carriers.queues.wishes == [("company-a", "wish-1", 0)]


def test_a_worker_that_died_while_it_asked_twilio_is_not_repeated(carriers: CarrierWorld) -> None:
    outbound = request_call(carriers.outbound, wish())
    carriers.lines.errors.append(SystemError("killed"))
    with pytest.raises(SystemError):
        place(carriers.outbound, "company-a", outbound.outbound_id)
    with pytest.raises(PlaceLater):
        place(carriers.outbound, "company-a", outbound.outbound_id)
    carriers.world.pass_time(seconds=61)
    result = place(carriers.outbound, "company-a", outbound.outbound_id)
    assert result is not None and result.state is OutboundState.UNCERTAIN
    assert len(carriers.lines.placed) == 1


def test_what_twilio_reports_settles_a_call_in_doubt(carriers: CarrierWorld) -> None:
    outbound = request_call(carriers.outbound, wish())
    carriers.lines.errors.append(SystemError("killed"))
    with pytest.raises(SystemError):
        place(carriers.outbound, "company-a", outbound.outbound_id)
    [call] = carriers.calls()
    sid = "CA" + "5" * 32
    assert inbound_calls.bind(carriers.carrier, carriers.twilio(), sid, call.call_id) is not None
    result = place(carriers.outbound, "company-a", outbound.outbound_id)
    assert result is not None and (result.state, result.carrier_call_id) == (OutboundState.PLACED, sid)
    assert len(carriers.lines.placed) == 1


def test_a_lost_answer_is_not_asked_for_again(carriers: CarrierWorld) -> None:
    carriers.lines.errors.append(PhoneRefused("lost", uncertain=True))
    assert placed(carriers).state is OutboundState.UNCERTAIN


def test_twilios_limit_is_waited_for_and_then_the_wish_is_given_up(carriers: CarrierWorld) -> None:
    outbound = request_call(carriers.outbound, wish())
    carriers.lines.errors += [PhoneRefused("slow down", code=20429, retry=True)] * 4
    for seconds in (2, 4, 8):
        with pytest.raises(PlaceLater) as caught:
            place(carriers.outbound, "company-a", outbound.outbound_id)
        assert caught.value.seconds == seconds
    result = place(carriers.outbound, "company-a", outbound.outbound_id)
    assert result is not None and (result.state, result.detail) == (OutboundState.REFUSED, "slow down")
    [call] = carriers.calls()
    assert call.status is CallStatus.FAILED and carriers.queues.ended == [("company-a", call.call_id)]


def test_a_call_is_followed_to_its_end(carriers: CarrierWorld) -> None:
    outbound = placed(carriers)
    assert outbound.carrier_call_id is not None
    facts = CarrierFacts(phase=CarrierPhase.RINGING)
    report(carriers.carrier, identity(carriers.twilio(), outbound.carrier_call_id, facts))
    _, carrier = what_became(carriers.outbound, "company-a", outbound.outbound_id)
    assert carrier is not None and carrier.facts.phase is CarrierPhase.RINGING
    facts = CarrierFacts(phase=CarrierPhase.ENDED)
    report(carriers.carrier, identity(carriers.twilio(), outbound.carrier_call_id, facts))
    [call] = carriers.calls()
    assert call.status is CallStatus.ABANDONED
    with pytest.raises(NotFound):
        what_became(carriers.outbound, "company-b", outbound.outbound_id)


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"to": "+4930901820"}, NotPermitted, "Calls to this country (DE) are not allowed for your company."),
    ({"to": "+19005551234"}, NotPermitted, phone_numbers.PREMIUM),
    ({"to": "+881612345678"}, NotPermitted, phone_numbers.PREMIUM),
    ({"to": "+870772001234"}, NotPermitted, phone_numbers.PREMIUM),
    ({"to": "+979123456789"}, NotPermitted, phone_numbers.PREMIUM),
    ({"to": "+883510012345"}, NotPermitted, phone_numbers.PREMIUM),
    ({"to": "911"}, InvalidRequest, phone_numbers.INVALID),
    ({"to": "+1"}, InvalidRequest, phone_numbers.INVALID),
    ({"to": "sip:x@example.com"}, InvalidRequest, phone_numbers.INVALID),
    ({"to": "+1415555" + "0" * 60}, InvalidRequest, phone_numbers.INVALID),
    ({"to": "US.1000000000000001"}, InvalidRequest, phone_numbers.INVALID),
    ({"to": "+12025550111"}, NotPermitted, NOT_YOUR_NUMBER),
    ({"account_id": "phone-b"}, NotFound, "There is no such account."),
    ({"chatbot_id": "bot-b"}, NotPermitted, "This chatbot does not take calls of this account."),
]


@pytest.mark.parametrize(("changes", "error", "sentence"), REFUSED)
def test_calls_go_only_where_they_may(
    carriers: CarrierWorld, changes: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence.replace("(", r"\(").replace(")", r"\)").replace("+", r"\+")):
        request_call(carriers.outbound, wish(**changes))
    assert carriers.queues.wishes == [] and carriers.lines.placed == []


def test_a_country_taken_off_the_list_stops_what_is_queued(carriers: CarrierWorld) -> None:
    policy = carriers.outbound_calls.policy("company-a")
    policy = carriers.outbound_calls.save_policy("company-a", policy.model_copy(update={"allowed_countries": ("DE",)}))
    outbound = request_call(carriers.outbound, wish(to=GERMAN))
    carriers.outbound_calls.save_policy("company-a", policy.model_copy(update={"allowed_countries": ("US",)}))
    result = place(carriers.outbound, "company-a", outbound.outbound_id)
    assert result is not None and result.state is OutboundState.REFUSED and carriers.lines.placed == []


def test_an_account_without_outgoing_calls_places_only_tests(carriers: CarrierWorld) -> None:
    account = carriers.twilio()
    carriers.accounts.update(account.model_copy(update={"outbound_enabled": False}))
    with pytest.raises(NotPermitted, match=OUTBOUND_OFF):
        request_call(carriers.outbound, wish(purpose="outreach"))
    request_call(carriers.outbound, wish())


def test_test_calls_are_few_and_one_at_a_time(carriers: CarrierWorld) -> None:
    for number in range(5):
        outbound = placed(carriers)
        with pytest.raises(RateLimited, match=TEST_RUNNING):
            request_call(carriers.outbound, wish(requested_by=f"other-{number}"))
        assert outbound.carrier_call_id is not None
        ended = CarrierFacts(phase=CarrierPhase.ENDED)
        report(carriers.carrier, identity(carriers.twilio(), outbound.carrier_call_id, ended))
    with pytest.raises(RateLimited, match=MANY_TESTS):
        request_call(carriers.outbound, wish())


def test_a_test_call_that_nobody_saw_end_does_not_hold_the_line_for_ever(carriers: CarrierWorld) -> None:
    placed(carriers)
    carriers.world.pass_time(seconds=361)
    placed(carriers, wish(requested_by="admin-2"))


def test_a_company_has_a_daily_limit(carriers: CarrierWorld) -> None:
    for number in range(20):
        request_call(carriers.outbound, wish(purpose="outreach", to=f"+1415555{number:04d}"))
    with pytest.raises(RateLimited, match=MANY_TODAY):
        request_call(carriers.outbound, wish(purpose="outreach"))
    request_call(carriers.outbound, wish(company_id="company-b", account_id="phone-b"))


def test_machines_are_hung_up_on_but_never_callers(carriers: CarrierWorld) -> None:
    outbound = placed(carriers)
    assert outbound.carrier_call_id is not None
    carrier = carriers.carrier_calls.get("company-a", "phone-a", outbound.carrier_call_id)
    assert carrier is not None and machine_answered(carriers.outbound, carriers.twilio(), carrier)
    assert carriers.lines.hung_up == [outbound.carrier_call_id]
    incoming = identity(carriers.twilio(), "CA" + "7" * 32)
    assert not machine_answered(carriers.outbound, carriers.twilio(), incoming)
    carriers.lines.errors.append(PhoneRefused("gone"))
    assert not machine_answered(carriers.outbound, carriers.twilio(), carrier)


def whatsapp(carriers: CarrierWorld, **changes: Any) -> OutboundCall:
    """A wish for a WhatsApp call, worked off."""
    return placed(carriers, wish(**({"account_id": "chat-a", "to": GERMAN, "purpose": "callback"} | changes)))


def test_a_whatsapp_user_who_allows_it_is_called_by_a_media_process(carriers: CarrierWorld) -> None:
    outbound = whatsapp(carriers)
    [offer], [call] = carriers.queues.offers, carriers.calls()
    assert (outbound.state, offer.direction, offer.sdp, offer.carrier_call_id) == (
        OutboundState.PLACED,
        "outbound",
        "",
        "",
    )
    assert (offer.call_id, call.caller_number, call.direction) == (call.call_id, GERMAN, "outbound")


def test_a_user_who_has_not_allowed_it_is_asked_and_called_after_a_yes(carriers: CarrierWorld) -> None:
    carriers.meta.live = LivePermission(may_call=False, may_ask=True, expires_at=None)
    outbound = whatsapp(carriers)
    assert outbound.state is OutboundState.WAITING and carriers.meta.sent == [("ask", GERMAN)]
    assert place(carriers.outbound, "company-a", outbound.outbound_id) == outbound
    assert whatsapp(carriers).state is OutboundState.REFUSED  # asked lately
    carriers.queues.wishes.clear()
    yes = PermissionReply(at=carriers.world.now, accepted=True)
    assert whatsapp_permissions.reply(carriers.outbound, carriers.whatsapp(), GERMAN, yes)
    assert carriers.queues.wishes == [("company-a", outbound.outbound_id, 0)]
    assert not carriers.queues.offers
    carriers.meta.live = LivePermission(may_call=True, may_ask=False, expires_at=None)
    result = place(carriers.outbound, "company-a", outbound.outbound_id)
    assert result is not None and result.state is OutboundState.PLACED and len(carriers.queues.offers) == 1
    whatsapp_permissions.reply(carriers.outbound, carriers.whatsapp(), GERMAN, yes)
    assert len(carriers.queues.wishes) == 1


def test_numbers_of_excluded_countries_start_no_calls(carriers: CarrierWorld) -> None:
    account = carriers.whatsapp()
    carriers.accounts.update(account.model_copy(update={"phone_number": "+12025550111"}))
    outbound = whatsapp(carriers, to=CALLER, purpose="call_me", requested_by="caller")
    assert outbound.state is OutboundState.REFUSED and "country" in outbound.detail
    assert carriers.meta.sent == [("button", CALLER)] and carriers.queues.offers == []


def _limit(carriers: CarrierWorld) -> None:
    refused = WhatsAppRefused(613, Reaction.BACK_OFF, "later")
    carriers.meta.errors["permission"] = refused


def _no_token(carriers: CarrierWorld) -> None:
    carriers.secrets.forget("company-a", "chat-a")


@pytest.mark.parametrize(("spoil", "sentence"), [(_limit, "later"), (_no_token, "All credentials must be filled")])
def test_a_refusal_of_metas_is_shown(
    carriers: CarrierWorld, spoil: Callable[[CarrierWorld], None], sentence: str
) -> None:
    spoil(carriers)
    outbound = whatsapp(carriers)
    assert (outbound.state, outbound.detail) == (OutboundState.REFUSED, sentence)
    assert carriers.calls() == []


def test_a_company_whose_calls_are_off_calls_nobody(carriers: CarrierWorld) -> None:
    outbound = request_call(carriers.outbound, wish())
    carriers.world.company(call_enabled=False)
    result = place(carriers.outbound, "company-a", outbound.outbound_id)
    assert result is not None and result.state is OutboundState.REFUSED
    assert carriers.lines.placed == [] and carriers.calls() == []
