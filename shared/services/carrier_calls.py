"""What every carrier's calls have in common: who answers, how a call is stored, and what reports do to it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.errors import CallUnavailable, NotPermitted, RateLimited
from shared.contracts.records.call import CallRecord, CallStatus, Channel, Customer, FrozenConfiguration, Session
from shared.contracts.records.carrier_call import CarrierCall, CarrierFacts
from shared.contracts.settings.integration import IntegrationAccount
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.carrier_progress import conclude
from shared.ports.carrier_calls import CarrierCalls
from shared.ports.integration_accounts import IntegrationAccounts
from shared.ports.repositories import Queue
from shared.services.sessions import (
    CONNECT_SECONDS,
    HOUR,
    LINES_BUSY,
    LINES_BUSY_SECONDS,
    MANY_CALLS,
    NOT_AVAILABLE,
    SESSION_HOURS,
    Admitted,
    SessionPorts,
    freeze,
    hash_token,
)

OTHER_CHATBOT = "This chatbot does not take calls of this account."
NOBODY_ANSWERS = "No chatbot takes calls of this account."
DISABLED = "This account is disabled."
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
OVER = (CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.ABANDONED)
CHANNELS = {"twilio": Channel.TWILIO, "whatsapp": Channel.WHATSAPP}
CONCLUDE_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class CarrierPorts:
    """What a carrier's calls need. `pause` waits for so many seconds."""

    sessions: SessionPorts
    accounts: IntegrationAccounts
    carrier: CarrierCalls
    queue: Queue
    pause: Callable[[float], None]

    def now(self) -> datetime:
        """The time."""
        return self.sessions.now()


@dataclass(frozen=True, slots=True)
class Opening:
    """A call about to be stored."""

    account: IntegrationAccount
    chatbot_id: str
    configuration: FrozenConfiguration
    began_at: datetime
    caller: str | None = None
    name: str | None = None
    direction: Literal["inbound", "outbound"] = "inbound"
    test_call: bool = False
    limit: int = 0
    """How many calls the company may have at once."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored call; `token` opens it unless it was stored before (then None)."""

    carrier: CarrierCall
    token: str | None


def answering_chatbot(ports: CarrierPorts, account: IntegrationAccount, named: str | None) -> Admitted:
    """Who answers calls of an account. Raises NotPermitted (a chatbot that is not this account's), CallUnavailable."""
    chatbot_id = account.chatbot_id
    if named is not None and named != account.chatbot_id:
        linked = {link.chatbot_id for link in ports.accounts.links(account.company_id, account.account_id)}
        if named not in linked:
            raise NotPermitted(OTHER_CHATBOT)
        chatbot_id = named
    if not account.active:
        raise CallUnavailable(DISABLED)
    if chatbot_id is None:
        links = ports.accounts.links(account.company_id, account.account_id)
        if len(links) != 1:
            raise CallUnavailable(NOBODY_ANSWERS)
        chatbot_id = links[0].chatbot_id
    company = ports.sessions.companies.get(account.company_id)
    chatbot = ports.sessions.chatbots.get(account.company_id, chatbot_id)
    if company is None or chatbot is None:
        raise CallUnavailable(NOT_AVAILABLE)
    return Admitted(company, chatbot, WidgetConfig())


def opening(
    ports: CarrierPorts, account: IntegrationAccount, named: str | None, began_at: datetime, caller: str | None
) -> Opening:
    """An inbound call that may be taken. Raises NotPermitted, CallUnavailable, RateLimited."""
    admitted = answering_chatbot(ports, account, named)
    configuration = freeze(ports.sessions, admitted)
    limits = admitted.company.limits
    if caller is not None:
        who = hash_token(f"{account.account_id}|{caller}")
        if not ports.sessions.rates.take(f"caller#{who}", limits.calls_per_address_per_hour, HOUR, ports.now()):
            raise RateLimited(MANY_CALLS, HOUR)
    chatbot_id = admitted.chatbot.chatbot_id
    return Opening(account, chatbot_id, configuration, began_at, caller, limit=limits.concurrent_calls)


def open_call(ports: CarrierPorts, wanted: Opening, carrier: CarrierCall) -> Opened:
    """Store a call for a carrier's call, once; a second time returns the first. Raises RateLimited."""
    sessions, account, now = ports.sessions, wanted.account, ports.now()
    call_id, session_id, token = sessions.new_id(), sessions.new_id(), sessions.new_token()
    call, session = _records(ports, wanted, carrier.carrier_call_id or None, (call_id, session_id, token))
    carrier = carrier.model_copy(update={"call_id": call_id, "session_id": session_id})
    if not sessions.slots.take(account.company_id, call_id, wanted.limit, now):
        raise RateLimited(LINES_BUSY, LINES_BUSY_SECONDS)
    try:
        stored = ports.carrier.open(call, session, carrier, now)
    except Exception:
        sessions.slots.give_back(account.company_id, call_id, now)
        raise
    if stored.call_id != call_id:
        sessions.slots.give_back(account.company_id, call_id, now)
        return Opened(stored, None)
    return Opened(stored, token)


def open_outbound(ports: CarrierPorts, wanted: Opening) -> tuple[CallRecord, str]:
    """Store a call that goes out, with its token; its carrier's id is not known yet. Raises RateLimited."""
    sessions, now = ports.sessions, ports.now()
    ids = (sessions.new_id(), sessions.new_id(), sessions.new_token())
    call, session = _records(ports, wanted, None, ids)
    if not sessions.slots.take(call.company_id, call.call_id, wanted.limit, now):
        raise RateLimited(LINES_BUSY, LINES_BUSY_SECONDS)
    try:
        sessions.calls.open(call, session)
    except Exception:
        sessions.slots.give_back(call.company_id, call.call_id, now)
        raise
    return call, ids[2]


def _records(
    ports: CarrierPorts, wanted: Opening, carrier_call_id: str | None, ids: tuple[str, str, str]
) -> tuple[CallRecord, Session]:
    account, now, (call_id, session_id, token) = wanted.account, ports.now(), ids
    call = CallRecord(
        company_id=account.company_id,
        call_id=call_id,
        chatbot_id=wanted.chatbot_id,
        session_id=session_id,
        channel=CHANNELS[account.kind],
        configuration=wanted.configuration,
        customer=Customer(name=wanted.name),
        test_call=wanted.test_call,
        direction=wanted.direction,
        account_id=account.account_id,
        carrier_call_id=carrier_call_id,
        caller_number=wanted.caller,
        created_at=wanted.began_at,
    )
    session = Session(
        session_id=session_id,
        company_id=account.company_id,
        chatbot_id=wanted.chatbot_id,
        call_id=call_id,
        origin=f"{account.kind}:{account.account_id}",
        token_hash=hash_token(token),
        read_hash=hash_token(ports.sessions.new_token()),
        created_at=now,
        connect_by=now + timedelta(seconds=CONNECT_SECONDS),
        expires_at=now + timedelta(hours=SESSION_HOURS),
    )
    return call, session


def unclaimed_token(ports: CarrierPorts, session_id: str) -> str | None:
    """A token that opens a call nobody has joined yet; None once somebody has."""
    token = ports.sessions.new_token()
    return token if ports.carrier.renew(session_id, hash_token(token), unclaimed=True) else None


def ticket_again(ports: CarrierPorts, session_id: str) -> str | None:
    """A fresh one-time ticket of a session that has one already; None if there is no such session."""
    token = ports.sessions.new_token()
    return f"{session_id}.{token}" if ports.carrier.renew(session_id, hash_token(token)) else None


def report(ports: CarrierPorts, carrier: CarrierCall) -> tuple[CarrierCall, bool]:
    """Join a carrier's report into what is known, and end our call if it says so.

    Returns what is known then, and whether the report was new.
    """
    stored, new = ports.carrier.merge(carrier, ports.now())
    for _ in range(CONCLUDE_ATTEMPTS):
        if stored.call_id is None or _conclude(ports, stored):
            break
        stored = ports.carrier.get(stored.company_id, stored.account_id, stored.carrier_call_id) or stored
    return stored, new


def _conclude(ports: CarrierPorts, carrier: CarrierCall) -> bool:
    """Whether nothing is left to do."""
    assert carrier.call_id is not None
    call = ports.sessions.calls.get(carrier.company_id, carrier.call_id)
    if call is None or (call.ended_at is not None and not carrier.concluded):
        return True
    changes = conclude(call, carrier.facts, ports.now())
    if changes is None or call.model_copy(update=changes) == call:
        return True
    if not ports.carrier.conclude(carrier, call, changes, ports.now()):
        return False
    if call.ended_at is None:
        ports.queue.call_ended(call.company_id, call.call_id)
    return True


def identity(account: IntegrationAccount, carrier_call_id: str, facts: CarrierFacts | None = None) -> CarrierCall:
    """A carrier's call as a report names it."""
    return CarrierCall(
        company_id=account.company_id,
        account_id=account.account_id,
        carrier_call_id=carrier_call_id,
        kind=account.kind,
        facts=facts or CarrierFacts(),
    )


def caller_number(given: str | None) -> str | None:
    """A caller's number in E.164, None for hidden and made-up ones. WhatsApp writes the digits only."""
    digits = f"+{given.strip().lstrip('+')}" if given else ""
    return digits if NUMBER.fullmatch(digits) else None
