"""Trying a chatbot out: a call to one's own phone, and a call in the browser. Both are real calls, tagged as tests.

A test is noted before it begins: it costs what any call costs.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.errors import NotFound
from shared.contracts.records.call import Customer
from shared.contracts.records.carrier_call import CarrierCall
from shared.contracts.records.outbound_call import OutboundCall
from shared.domain.permissions import Actor
from shared.services.auditing import Deed, Desk
from shared.services.outbound_calls import OutboundPorts, Wish, request_call, what_became
from shared.services.sessions import StartedSession, Visitor, admit, start_session

NO_CALL = "There is no such call."


class Verdict(BaseModel):
    """What the tester said afterwards: “Test call successful?”."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    successful: bool
    comment: Annotated[str, Field(max_length=300)] = ""


def call_phone(
    ports: OutboundPorts, desk: Desk, by: Actor, account_id: str, to: str, chatbot_id: str | None
) -> OutboundCall:
    """Have a phone (or a WhatsApp user) called. Raises as `request_call` does."""
    outbound_id = desk.new_id()
    wish = Wish(by.company, account_id, to, "test", by.user_id, chatbot_id)
    if ports.carrier.accounts.get(by.company, account_id) is not None:
        desk.write(Deed(by, "test_call.requested", account_id, by.company))
    return request_call(ports, wish, outbound_id)


def phone_call(
    ports: OutboundPorts, company_id: str, account_id: str, outbound_id: str
) -> tuple[OutboundCall, CarrierCall | None]:
    """What became of it. Raises NotFound."""
    outbound, carrier = what_became(ports, company_id, outbound_id)
    if outbound.account_id != account_id or outbound.purpose != "test":
        raise NotFound(NO_CALL)
    return outbound, carrier


def judge(
    ports: OutboundPorts, desk: Desk, by: Actor, account_id: str, outbound_id: str, verdict: Verdict
) -> OutboundCall:
    """Keep what the tester said, in the ledger. Raises NotFound."""
    outbound, _ = phone_call(ports, by.company, account_id, outbound_id)
    desk.write(Deed(by, "test_call.judged", outbound_id, by.company, None, verdict))
    return outbound


def call_browser(ports: OutboundPorts, desk: Desk, by: Actor, chatbot_id: str) -> StartedSession:
    """A session for the widget on our own pages, with the published settings.

    Raises NotFound, CallUnavailable, RateLimited.
    """
    sessions = ports.carrier.sessions
    admitted = admit(sessions, chatbot_id, by.company, sessions.own_origin)
    desk.write(Deed(by, "test_call.started", chatbot_id, by.company))
    tester = Customer(name=by.name[:120] or "Tester", email=by.email or None)
    return start_session(sessions, admitted, tester, Visitor(sessions.own_origin, by.user_id), test=True)
