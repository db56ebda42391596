"""Phone calls that come in by Twilio, and what a phone call of any direction does next.

Twilio asks again whenever a stream ends: the call goes on with a fresh ticket, is bridged to a person, or is over.
"""

from dataclasses import dataclass

from shared.contracts.errors import CallUnavailable, RateLimited
from shared.contracts.records.call import CallRecord, CallStatus
from shared.contracts.records.carrier_call import CarrierCall, CarrierFacts, CarrierPhase
from shared.contracts.records.webhook_event import Outcome
from shared.contracts.settings.integration import TwilioAccount
from shared.domain import phone_numbers
from shared.domain.phone_answers import ConnectStream, DialPerson, HangUp, PhoneAnswer, SayAndHangUp
from shared.services.carrier_calls import OVER, CarrierPorts, caller_number, identity, open_call, opening, report
from shared.services.carrier_calls import ticket_again as fresh_ticket

NOT_NOW = "We are sorry, this number cannot take calls right now. Please try again later."
LINES_BUSY = "All lines are busy. Please try again in a moment."
GONE_WRONG = "We are sorry, something went wrong. Please call again in a few minutes."
REENTRIES, REENTRY_SECONDS = 12, 600
"""A stream that ends at once, again and again, is not joined for ever."""
NOBODY_THERE_SECONDS = 1.0
"""No media process took the stream: one may be starting."""
SETTLING = (0.25, 0.5, 0.75)
"""Seconds to wait for a media process that has just closed its stream to store the call's end."""


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """What Twilio says of a call: its CallSid, who calls, and which chatbot the webhook's address names, if any."""

    call_sid: str
    caller: str | None
    chatbot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """What to answer, and what the account's log says of it: `detail` is for the company's admin."""

    answer: PhoneAnswer
    kind: str
    outcome: Outcome = "success"
    detail: str = ""


def answer_phone(ports: CarrierPorts, account: TwilioAccount, phone: PhoneCall) -> Handled:
    """Take a call that comes in. Raises NotPermitted where the address names somebody else's chatbot."""
    known = ports.carrier.get(account.company_id, account.account_id, phone.call_sid)
    if known is not None and known.call_id is not None:
        return Handled(_go_on(ports, account, known), "call_initiated", "duplicate")
    now = ports.now()
    facts = CarrierFacts(phase=CarrierPhase.RINGING, began_at=now)
    try:
        wanted = opening(ports, account, phone.chatbot_id, now, caller_number(phone.caller))
        opened = open_call(ports, wanted, identity(account, phone.call_sid, facts))
    except CallUnavailable as refused:
        return Handled(SayAndHangUp(NOT_NOW), "call_refused", "failed", refused.message)
    except RateLimited as refused:
        return Handled(SayAndHangUp(LINES_BUSY), "call_refused", "failed", refused.message)
    carrier = opened.carrier
    if opened.token is None:
        return Handled(_go_on(ports, account, carrier), "call_initiated", "duplicate")
    if carrier.facts.phase is CarrierPhase.ENDED:
        report(ports, carrier)
        return Handled(HangUp(), "call_initiated", "duplicate")
    ticket = f"{carrier.session_id}.{opened.token}"
    return Handled(_connect(account, carrier, wanted.chatbot_id, ticket), "call_initiated")


def answer_outbound(ports: CarrierPorts, account: TwilioAccount, call_sid: str, call_id: str) -> Handled:
    """Somebody whom we called picked up; `call_id` comes out of the address Twilio signed."""
    carrier = bind(ports, account, call_sid, call_id)
    if carrier is None:
        return Handled(HangUp(), "call_answered", "failed", "There is no such call.")
    facts = CarrierFacts(phase=CarrierPhase.IN_PROGRESS, answered_at=ports.now())
    carrier, _ = report(ports, carrier.model_copy(update={"facts": facts}))
    return Handled(_go_on(ports, account, carrier), "call_answered")


def bind(ports: CarrierPorts, account: TwilioAccount, call_sid: str, call_id: str) -> CarrierCall | None:
    """The carrier's call that belongs to a call of ours; None if that is not this account's, or has another one."""
    call = ports.sessions.calls.get(account.company_id, call_id)
    if call is None or call.account_id != account.account_id or call.direction != "outbound":
        return None
    if call.carrier_call_id is None:
        named = ports.sessions.calls.replace(call, {"carrier_call_id": call_sid})
        call = named or ports.sessions.calls.get(account.company_id, call_id) or call
    if call.carrier_call_id not in (None, call_sid):
        return None
    known = {"call_id": call.call_id, "session_id": call.session_id}
    carrier, _ = ports.carrier.merge(identity(account, call_sid).model_copy(update=known), ports.now())
    return carrier


def stream_ended(ports: CarrierPorts, account: TwilioAccount, call_sid: str, *, hung_up: bool) -> Handled:
    """A stream has ended: bridge the caller if that was asked for, else join again unless the call is over."""
    carrier = ports.carrier.get(account.company_id, account.account_id, call_sid)
    if carrier is None or hung_up:
        return Handled(HangUp(), "stream_ended")
    asked = carrier.hand_over
    if asked is not None and carrier.facts.phase is not CarrierPhase.ENDED:
        ports.carrier.set_hand_over(carrier, None, ports.now())
        if phone_numbers.why_not(asked.number, phone_numbers.COUNTRIES) == phone_numbers.PREMIUM:
            answer = _go_on(ports, account, carrier)
            return Handled(answer, "call_handed_over", "failed", phone_numbers.PREMIUM)
        dial = DialPerson(account.account_id, asked.number, account.phone_number, asked.ring_seconds)
        return Handled(dial, "call_handed_over")
    call = _settled(ports, carrier)
    if call is not None and call.owner is None and call.ended_at is None:
        ports.pause(NOBODY_THERE_SECONDS)
    if call is None or call.status in OVER or call.status is CallStatus.ENDING:
        return Handled(HangUp(), "stream_ended")
    return Handled(_go_on(ports, account, carrier), "stream_rejoined")


def dial_ended(ports: CarrierPorts, account: TwilioAccount, call_sid: str, dial_status: str) -> Handled:
    """A person's phone was called: if nobody took the call, the AI takes it back; if somebody did, it is over."""
    carrier = ports.carrier.get(account.company_id, account.account_id, call_sid)
    if carrier is None or dial_status in ("completed", "answered"):
        return Handled(HangUp(), "hand_over_ended")
    return Handled(_go_on(ports, account, carrier), "hand_over_unanswered")


def _go_on(ports: CarrierPorts, account: TwilioAccount, carrier: CarrierCall) -> PhoneAnswer:
    """Join the call again with a fresh ticket, unless it is over."""
    call = None if carrier.call_id is None else ports.sessions.calls.get(carrier.company_id, carrier.call_id)
    if call is None or call.status in OVER or carrier.facts.phase is CarrierPhase.ENDED:
        return HangUp()
    if not ports.sessions.rates.take(f"reentry#{call.call_id}", REENTRIES, REENTRY_SECONDS, ports.now()):
        return SayAndHangUp(GONE_WRONG)
    ticket = fresh_ticket(ports, call.session_id)
    return HangUp() if ticket is None else _connect(account, carrier, call.chatbot_id, ticket)


def _settled(ports: CarrierPorts, carrier: CarrierCall) -> CallRecord | None:
    """The call, once its media process had time to store its end."""
    if carrier.call_id is None:
        return None
    call = ports.sessions.calls.get(carrier.company_id, carrier.call_id)
    for seconds in SETTLING:
        if call is None or call.owner is None or call.moving:
            break
        ports.pause(seconds)
        call = ports.sessions.calls.get(carrier.company_id, carrier.call_id)
    return call


def _connect(account: TwilioAccount, carrier: CarrierCall, chatbot_id: str, ticket: str) -> ConnectStream:
    assert carrier.call_id is not None
    assert carrier.session_id is not None
    return ConnectStream(account.account_id, chatbot_id, carrier.session_id, carrier.call_id, ticket)
