"""Asking for a call, and what is known of it. Who may be called is decided here, before anything is queued.

Against toll fraud: numbers of allowed countries only, never premium or satellite numbers; test calls are few, short and
one at a time for each company.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.errors import InvalidRequest, NotFound, NotPermitted, RateLimited
from shared.contracts.records.carrier_call import CarrierCall
from shared.contracts.records.outbound_call import OutboundCall, OutboundState, Purpose
from shared.contracts.settings.integration import IntegrationAccount, TwilioAccount
from shared.domain import phone_numbers
from shared.ports.carrier_calls import Offers, OutboundQueue
from shared.ports.outbound_calls import CallPermissions, OutboundCalls
from shared.ports.phone_lines import Credentials, PhoneLines, PhoneRefused
from shared.ports.secrets import Secrets
from shared.ports.whatsapp_numbers import WhatsAppNumbers
from shared.services.carrier_calls import OVER, CarrierPorts, answering_chatbot
from shared.services.sessions import HOUR

NO_ACCOUNT = "There is no such account."
OUTBOUND_OFF = "Outgoing calls are not enabled for this account."
MANY_TESTS = "You have made many test calls in the last hour. Please try again later."
MANY_TODAY = "The daily limit of outgoing calls was reached."
TEST_RUNNING = "Another test call is still going on."
NOT_YOUR_NUMBER = "The account's own number cannot be called."
DAY = 24 * HOUR
TEST_LINE_SECONDS = 360
"""Longer than a test call can ring and last."""
CALLER = "caller"


@dataclass(frozen=True, slots=True)
class OutboundPorts:
    """What outbound calls need."""

    carrier: CarrierPorts
    outbound: OutboundCalls
    permissions: CallPermissions
    secrets: Secrets
    lines: PhoneLines
    whatsapp: WhatsAppNumbers
    offers: Offers
    queue: OutboundQueue
    base_url: str

    def now(self) -> datetime:
        """The time."""
        return self.carrier.sessions.now()


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants whom called. `requested_by` is the admin's id; `chatbot_id` None is the account's own."""

    company_id: str
    account_id: str
    to: str
    purpose: Purpose
    requested_by: str
    chatbot_id: str | None = None


def request_call(ports: OutboundPorts, wish: Wish, outbound_id: str | None = None) -> OutboundCall:
    """Check a wish and queue it; the same id again changes nothing.

    Raises NotFound, NotPermitted, InvalidRequest (number), CallUnavailable and RateLimited, each with a sentence.
    """
    account = ports.carrier.accounts.get(wish.company_id, wish.account_id)
    if account is None:
        raise NotFound(NO_ACCOUNT)
    known = None if outbound_id is None else ports.outbound.get(wish.company_id, outbound_id)
    if known is not None:
        return known
    to = _called(ports, account, wish)
    admitted = answering_chatbot(ports.carrier, account, wish.chatbot_id)
    outbound = OutboundCall(
        company_id=wish.company_id,
        outbound_id=outbound_id or ports.carrier.sessions.new_id(),
        account_id=wish.account_id,
        chatbot_id=admitted.chatbot.chatbot_id,
        to=to,
        purpose=wish.purpose,
        requested_by=wish.requested_by,
        created_at=ports.now(),
    )
    _check_limits(ports, outbound)
    if wish.purpose == "test":
        _hold_test_line(ports, outbound)
    if ports.outbound.create(outbound):
        ports.queue.place(outbound.company_id, outbound.outbound_id)
    return outbound


def why_not(ports: OutboundPorts, account: IntegrationAccount, to: str) -> str | None:
    """Why a number may not be called from this account; None if it may."""
    allowed = set(ports.outbound.policy(account.company_id).allowed_countries)
    if not allowed:
        own = phone_numbers.country_of(account.phone_number)
        allowed = {own} if own else set()
    if to == account.phone_number:
        return NOT_YOUR_NUMBER
    return phone_numbers.why_not(to, allowed)


def what_became(ports: OutboundPorts, company_id: str, outbound_id: str) -> tuple[OutboundCall, CarrierCall | None]:
    """A wish and what the carrier said of its call so far. Raises NotFound."""
    outbound = ports.outbound.get(company_id, outbound_id)
    if outbound is None:
        raise NotFound("There is no such call.")
    call = None if outbound.call_id is None else ports.carrier.sessions.calls.get(company_id, outbound.call_id)
    carrier_call_id = outbound.carrier_call_id or (call.carrier_call_id if call is not None else None)
    if carrier_call_id is None:
        return outbound, None
    return outbound, ports.carrier.carrier.get(company_id, outbound.account_id, carrier_call_id)


def machine_answered(ports: OutboundPorts, account: TwilioAccount, carrier: CarrierCall) -> bool:
    """Hang up on an answering machine; only a call that we placed. Returns whether that was asked for."""
    call = None
    if carrier.call_id is not None:
        call = ports.carrier.sessions.calls.get(carrier.company_id, carrier.call_id)
    token = ports.secrets.get(account.company_id, account.account_id, "auth_token")
    if call is None or call.direction != "outbound" or token is None:
        return False
    try:
        ports.lines.hang_up(Credentials(account.account_sid, token), carrier.carrier_call_id)
    except PhoneRefused:
        return False
    return True


def refuse(ports: OutboundPorts, outbound: OutboundCall, sentence: str) -> OutboundCall | None:
    """A wish that is not granted, and why."""
    current = ports.outbound.get(outbound.company_id, outbound.outbound_id) or outbound
    return ports.outbound.change(current, {"state": OutboundState.REFUSED, "detail": sentence})


def user_hash(user: str) -> str:
    """How a WhatsApp user is named where permissions are kept."""
    return hashlib.sha256(user.lstrip("+").encode()).hexdigest()


def _called(ports: OutboundPorts, account: IntegrationAccount, wish: Wish) -> str:
    """Whom to call; the called person's own wish may name a hidden number. Raises NotPermitted, InvalidRequest."""
    if wish.purpose not in ("test", "call_me") and not account.outbound_enabled:
        raise NotPermitted(OUTBOUND_OFF)
    if account.kind == "whatsapp" and wish.purpose == "call_me" and not wish.to.startswith("+"):
        return wish.to
    to = phone_numbers.read(wish.to)
    if to is None:
        raise InvalidRequest(phone_numbers.INVALID, {"to": phone_numbers.INVALID})
    refused = why_not(ports, account, to)
    if refused is not None:
        raise NotPermitted(refused)
    return to


def _check_limits(ports: OutboundPorts, outbound: OutboundCall) -> None:
    rates, now = ports.carrier.sessions.rates, ports.now()
    policy = ports.outbound.policy(outbound.company_id)
    if outbound.purpose in ("test", "call_me"):
        who = user_hash(outbound.to) if outbound.requested_by == CALLER else outbound.requested_by
        name = f"test#{outbound.company_id}#{who}"
        if not rates.take(name, policy.test_calls_per_admin_per_hour, HOUR, now):
            raise RateLimited(MANY_TESTS, HOUR)
    if not rates.take(f"outbound#{outbound.company_id}", policy.calls_per_day, DAY, now):
        raise RateLimited(MANY_TODAY, DAY)


def _hold_test_line(ports: OutboundPorts, outbound: OutboundCall) -> None:
    holder_id = ports.outbound.test_line(outbound.company_id)
    holder = None if holder_id is None else ports.outbound.get(outbound.company_id, holder_id)
    over = holder_id if holder is None or _is_over(ports, holder) else None
    until = outbound.created_at + timedelta(seconds=TEST_LINE_SECONDS)
    if not ports.outbound.hold_test_line(outbound.company_id, outbound.outbound_id, over, until):
        raise RateLimited(TEST_RUNNING, 60)


def _is_over(ports: OutboundPorts, outbound: OutboundCall) -> bool:
    if outbound.state is OutboundState.REFUSED:
        return True
    if ports.now() - outbound.created_at > timedelta(seconds=TEST_LINE_SECONDS):
        return True
    call = None if outbound.call_id is None else ports.carrier.sessions.calls.get(outbound.company_id, outbound.call_id)
    return call is not None and call.status in OVER
