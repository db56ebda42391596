"""What WhatsApp's updates do: calls are offered to media processes, followed and ended; wishes to be called are kept.

Meta repeats what it could not deliver for up to seven days, in any order. A call's announcement is worth something for
a minute only, but always has its record, so that every order of reports ends in the same one.
"""

from dataclasses import replace
from datetime import timedelta

from shared.contracts.errors import PlatformError
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.messages.whatsapp_updates import (
    CallConnect,
    CallProgress,
    ListAnswer,
    MessageFailed,
    PermissionAnswer,
    TextMessage,
    Unusable,
    Update,
)
from shared.contracts.records.call import CallRecord
from shared.contracts.records.call_permission import CallAttempt, PermissionReply
from shared.contracts.records.carrier_call import CarrierCall, CarrierFacts, CarrierPhase
from shared.contracts.records.webhook_event import Outcome
from shared.contracts.settings.integration import WhatsAppAccount
from shared.domain import whatsapp_texts
from shared.domain.carrier_progress import ring_began
from shared.ports.whatsapp_calls import WhatsAppRefused
from shared.services import whatsapp_permissions
from shared.services.caller_messages import rated
from shared.services.carrier_calls import identity, open_call, opening, report, unclaimed_token
from shared.services.outbound_calls import CALLER, OutboundPorts, Wish, request_call, user_hash
from shared.services.webhook_log import Happening

ANSWER_SECONDS = 50
"""Meta takes a call for unanswered 30 to 60 s after it was announced."""
CALL_ME = "call me"
WISH_MINUTES = 10
"""A wish to be called that comes later than this is no wish any more."""


def apply(ports: OutboundPorts, account: WhatsAppAccount, update: Update) -> Happening | None:
    """Act on one update; returns what the log says of it, None for what is nobody's business."""
    match update:
        case CallConnect(inbound=True):
            return _incoming(ports, account, update)
        case CallConnect():
            return _answered(ports, account, update)
        case CallProgress():
            return _progress(ports, account, update)
        case PermissionAnswer():
            return _permission(ports, account, update)
        case TextMessage():
            return _text(ports, account, update)
        case ListAnswer():
            return _rating(ports, account, update)
        case MessageFailed():
            return Happening("message_status", "failed", detail=f"WhatsApp error {update.code}")
        case Unusable(why=why):
            return Happening("call_initiated", "failed", detail=why) if why else None


def _incoming(ports: OutboundPorts, account: WhatsAppAccount, update: CallConnect) -> Happening:
    """A user calls: store the call once, and offer it while it rings."""
    carrier_ports, now = ports.carrier, ports.now()
    began = ring_began(update.at, now)
    known = carrier_ports.carrier.get(account.company_id, account.account_id, update.carrier_call_id)
    fresh = known is None or known.call_id is None
    if known is None or known.call_id is None:
        facts = CarrierFacts(phase=CarrierPhase.RINGING, began_at=began)
        try:
            wanted = opening(carrier_ports, account, None, began, update.user)
            wanted = replace(wanted, name=update.name)
            known = open_call(carrier_ports, wanted, identity(account, update.carrier_call_id, facts)).carrier
        except PlatformError as refused:
            _reject(ports, account, update.carrier_call_id)
            return Happening("call_refused", "failed", detail=refused.message, caller=update.user)
    outcome: Outcome = "success" if fresh else "duplicate"
    if known.facts.phase is CarrierPhase.ENDED:
        report(carrier_ports, known)
    elif now < began + timedelta(seconds=ANSWER_SECONDS) and not known.offered:
        _offer(ports, account, update, known)
    return Happening("call_initiated", outcome, call_id=known.call_id, caller=update.user)


def _offer(ports: OutboundPorts, account: WhatsAppAccount, update: CallConnect, carrier: CarrierCall) -> None:
    assert carrier.call_id is not None
    assert carrier.session_id is not None
    token = unclaimed_token(ports.carrier, carrier.session_id)
    if token is None:
        return
    offer = WhatsAppOffer(
        company_id=account.company_id,
        account_id=account.account_id,
        phone_number_id=account.phone_number_id,
        call_id=carrier.call_id,
        session_id=carrier.session_id,
        token=token,
        carrier_call_id=update.carrier_call_id,
        sdp=update.sdp,
        answer_by=ring_began(update.at, ports.now()) + timedelta(seconds=ANSWER_SECONDS),
    )
    ports.offers.send(offer)
    ports.carrier.carrier.merge(carrier.model_copy(update={"offered": True}), ports.now())


def _answered(ports: OutboundPorts, account: WhatsAppAccount, update: CallConnect) -> Happening:
    """The user whom we called: the process that called waits for this answer."""
    carrier = identity(account, update.carrier_call_id, CarrierFacts(phase=CarrierPhase.RINGING))
    carrier = _bound(ports, account, carrier, update.opaque).model_copy(update={"answer_sdp": update.sdp})
    stored, new = report(ports.carrier, carrier)
    return Happening("call_connecting", _outcome(new), call_id=stored.call_id, caller=update.user)


def _progress(ports: OutboundPorts, account: WhatsAppAccount, update: CallProgress) -> Happening:
    carrier = _bound(ports, account, identity(account, update.carrier_call_id, update.facts), update.opaque)
    stored, new = report(ports.carrier, carrier)
    call = _call(ports, stored)
    called = call.caller_number if call is not None else update.user
    if update.outbound and update.facts.phase is CarrierPhase.ENDED and called is not None:
        attempt = CallAttempt(
            carrier_call_id=update.carrier_call_id, at=update.at, connected=update.facts.answered_at is not None
        )
        whatsapp_permissions.attempted(ports, account, called, attempt)
    code = update.facts.error_code
    detail = f"WhatsApp error {code}" if code is not None else ""
    outcome: Outcome = "failed" if new and code is not None else _outcome(new)
    return Happening(update.kind, outcome, detail=detail, call_id=stored.call_id, caller=called)


def _permission(ports: OutboundPorts, account: WhatsAppAccount, update: PermissionAnswer) -> Happening:
    answer = PermissionReply(
        at=update.at, accepted=update.accepted, expires_at=update.expires_at, automatic=update.automatic
    )
    latest = whatsapp_permissions.reply(ports, account, update.user, answer)
    detail = "accepted" if update.accepted else "rejected"
    return Happening("call_permission", _outcome(latest), detail=detail, caller=update.user)


def _rating(ports: OutboundPorts, account: WhatsAppAccount, update: ListAnswer) -> Happening | None:
    """Somebody said how their call was."""
    answer = whatsapp_texts.survey_answer(update.row_id)
    if answer is None:
        return None
    call_id = rated(ports.carrier.sessions.calls, account, update.user, answer, update.at)
    outcome: Outcome = "ignored" if call_id is None else "success"
    return Happening("survey_answered", outcome, call_id=call_id, caller=update.user)


def _text(ports: OutboundPorts, account: WhatsAppAccount, update: TextMessage) -> Happening | None:
    """Somebody wrote "call me"."""
    if " ".join(update.text.split()).casefold().strip(".!\"'") != CALL_ME:
        return None
    if ports.now() - update.at > timedelta(minutes=WISH_MINUTES):
        return Happening("call_me", "ignored", detail="The message came too late.", caller=update.user)
    outbound_id = f"callme-{user_hash(f'{account.account_id}|{update.message_id}')[:40]}"
    if ports.outbound.get(account.company_id, outbound_id) is not None:
        return Happening("call_me", "duplicate", caller=update.user)
    wish = Wish(account.company_id, account.account_id, update.user, "call_me", CALLER)
    try:
        request_call(ports, wish, outbound_id)
    except PlatformError as refused:
        whatsapp_permissions.send_button(ports, account, update.user)
        return Happening("call_me", "failed", detail=refused.message, caller=update.user)
    return Happening("call_me", "success", caller=update.user)


def _bound(ports: OutboundPorts, account: WhatsAppAccount, carrier: CarrierCall, opaque: str) -> CarrierCall:
    """With the call of ours it belongs to, if what we gave along with it (the call's id) names one of this account."""
    call = ports.carrier.sessions.calls.get(account.company_id, opaque) if opaque else None
    if call is None or call.account_id != account.account_id or call.direction != "outbound":
        return carrier
    if call.carrier_call_id is None:
        ports.carrier.sessions.calls.replace(call, {"carrier_call_id": carrier.carrier_call_id})
    return carrier.model_copy(update={"call_id": call.call_id, "session_id": call.session_id})


def _call(ports: OutboundPorts, carrier: CarrierCall) -> CallRecord | None:
    if carrier.call_id is None:
        return None
    return ports.carrier.sessions.calls.get(carrier.company_id, carrier.call_id)


def _reject(ports: OutboundPorts, account: WhatsAppAccount, carrier_call_id: str) -> None:
    """Tell the caller at once instead of letting it ring; if Meta does not hear us it rings out."""
    sender = whatsapp_permissions.sender_of(ports, account)
    if sender is not None:
        try:
            ports.whatsapp.reject(sender, carrier_call_id)
        except WhatsAppRefused:
            return


def _outcome(new: bool) -> Outcome:
    return "success" if new else "duplicate"
