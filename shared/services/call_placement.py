"""Placing a call that was asked for: never twice, whatever is delivered twice and whatever dies in between.

A wish goes requested -> placing -> placed. Everything before `placing` may be repeated; `placing` is stored right
before the carrier is asked. Who finds it there later cannot know whether the carrier was asked, and does not ask again:
the carrier's own reports, which name our call, tell.
"""

from datetime import timedelta

from shared.contracts.errors import PlatformError
from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason
from shared.contracts.records.outbound_call import OutboundCall, OutboundState
from shared.contracts.settings.integration import IntegrationAccount, TwilioAccount
from shared.domain import webhook_addresses
from shared.ports.phone_lines import Credentials, Dialling, PhoneRefused
from shared.services import whatsapp_permissions
from shared.services.carrier_calls import OVER, Opening, answering_chatbot, identity, open_outbound
from shared.services.outbound_calls import NO_ACCOUNT, OutboundPorts, refuse, why_not
from shared.services.sessions import freeze

RING_SECONDS = 45
"""With Twilio's five seconds more, less than a call may stay pending before the reaper takes it for abandoned."""
TEST_SECONDS = 180
LONGEST_SECONDS = 3 * 3600
IN_DOUBT = timedelta(seconds=60)
ATTEMPTS = 4
SETTLED = (OutboundState.WAITING, OutboundState.PLACED, OutboundState.REFUSED, OutboundState.UNCERTAIN)
NO_CREDENTIALS = "All credentials must be filled"
ANSWER_LOST = "The phone provider's answer was lost. The call was not repeated."


class PlaceLater(Exception):
    """The wish stays; try again after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


def place(ports: OutboundPorts, company_id: str, outbound_id: str) -> OutboundCall | None:
    """Place a call, if it still is to be placed; returns what is known of it. Raises PlaceLater."""
    outbound = ports.outbound.get(company_id, outbound_id)
    if outbound is None or outbound.state in SETTLED:
        return outbound
    if outbound.state is OutboundState.PLACING:
        return _in_doubt(ports, outbound)
    account = ports.carrier.accounts.get(company_id, outbound.account_id)
    if account is None:
        return refuse(ports, outbound, NO_ACCOUNT)
    try:
        if isinstance(account, TwilioAccount):
            return _by_phone(ports, account, outbound)
        return whatsapp_permissions.place(ports, account, outbound, lambda found: _opened(ports, account, found))
    except PlatformError as refused:
        return refuse(ports, outbound, refused.message)


def _by_phone(ports: OutboundPorts, account: TwilioAccount, outbound: OutboundCall) -> OutboundCall | None:
    refused = why_not(ports, account, outbound.to)
    token = ports.secrets.get(account.company_id, account.account_id, "auth_token")
    if refused is not None or token is None:
        return refuse(ports, outbound, refused or NO_CREDENTIALS)
    opened, call = _opened(ports, account, outbound)
    changes = {"state": OutboundState.PLACING, "claimed_at": ports.now(), "attempts": opened.attempts + 1}
    claimed = ports.outbound.change(opened, changes)
    if claimed is None:
        raise PlaceLater(int(IN_DOUBT.total_seconds()))
    try:
        sid = ports.lines.call(Credentials(account.account_sid, token), _dialling(ports, account, claimed, call))
    except PhoneRefused as error:
        return _not_placed(ports, claimed, call, error)
    carrier = identity(account, sid).model_copy(
        update={"call_id": call.call_id, "session_id": call.session_id, "outbound_id": outbound.outbound_id}
    )
    ports.carrier.carrier.merge(carrier, ports.now())
    ports.carrier.sessions.calls.replace(call, {"carrier_call_id": sid})
    return ports.outbound.change(claimed, {"state": OutboundState.PLACED, "carrier_call_id": sid})


def _opened(
    ports: OutboundPorts, account: IntegrationAccount, outbound: OutboundCall
) -> tuple[OutboundCall, CallRecord]:
    """The call that belongs to a wish, stored if it is not yet. Raises PlatformError."""
    sessions = ports.carrier.sessions
    known = None if outbound.call_id is None else sessions.calls.get(outbound.company_id, outbound.call_id)
    if known is not None and known.status not in OVER:
        return outbound, known
    admitted = answering_chatbot(ports.carrier, account, outbound.chatbot_id)
    wanted = Opening(
        account=account,
        chatbot_id=admitted.chatbot.chatbot_id,
        configuration=freeze(sessions, admitted),
        began_at=ports.now(),
        caller=outbound.to,
        direction="outbound",
        test_call=outbound.purpose == "test",
        limit=admitted.company.limits.concurrent_calls,
    )
    call, _ = open_outbound(ports.carrier, wanted)
    changed = ports.outbound.change(outbound, {"call_id": call.call_id})
    if changed is None:
        _end(ports, call, EndedBy.PLATFORM)
        raise PlaceLater(int(IN_DOUBT.total_seconds()))
    return changed, call


def _dialling(ports: OutboundPorts, account: TwilioAccount, outbound: OutboundCall, call: CallRecord) -> Dialling:
    def to(what: str) -> str:
        return webhook_addresses.twilio(ports.base_url, what, accountId=account.account_id, callId=call.call_id)

    return Dialling(
        to=outbound.to,
        caller_id=account.phone_number,
        answer_url=to("answer"),
        fallback_url=to("fallback"),
        status_url=to("status"),
        machine_url=to("amd"),
        ring_seconds=RING_SECONDS,
        limit_seconds=TEST_SECONDS if outbound.purpose == "test" else LONGEST_SECONDS,
    )


def _not_placed(
    ports: OutboundPorts, outbound: OutboundCall, call: CallRecord, error: PhoneRefused
) -> OutboundCall | None:
    if error.uncertain:
        return ports.outbound.change(outbound, {"state": OutboundState.UNCERTAIN, "detail": ANSWER_LOST})
    if error.retry and outbound.attempts < ATTEMPTS:
        ports.outbound.change(outbound, {"state": OutboundState.REQUESTED, "claimed_at": None})
        raise PlaceLater(2**outbound.attempts)
    _end(ports, call, EndedBy.CARRIER)
    return refuse(ports, outbound, error.sentence)


def _in_doubt(ports: OutboundPorts, outbound: OutboundCall) -> OutboundCall | None:
    """Somebody is placing the call, or died while doing so."""
    call = None if outbound.call_id is None else ports.carrier.sessions.calls.get(outbound.company_id, outbound.call_id)
    if call is not None and call.carrier_call_id is not None:
        changes = {"state": OutboundState.PLACED, "carrier_call_id": call.carrier_call_id}
        return ports.outbound.change(outbound, changes)
    if outbound.claimed_at is not None and ports.now() - outbound.claimed_at < IN_DOUBT:
        raise PlaceLater(int(IN_DOUBT.total_seconds()))
    return ports.outbound.change(outbound, {"state": OutboundState.UNCERTAIN, "detail": ANSWER_LOST})


def _end(ports: OutboundPorts, call: CallRecord, by: EndedBy) -> None:
    """A call that never was placed is over."""
    changes = {
        "status": CallStatus.FAILED,
        "end_reason": EndReason.ERROR,
        "ended_by": by,
        "ended_at": ports.now(),
        "duration_ms": 0,
    }
    if ports.carrier.sessions.calls.replace(call, changes) is not None:
        ports.carrier.queue.call_ended(call.company_id, call.call_id)
