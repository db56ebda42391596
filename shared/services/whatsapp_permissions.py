"""Calling WhatsApp users, who must have allowed it: what we know, what Meta says now, and asking.

Meta's live answer decides, within the limits we know of. Where calling is impossible a button is sent by which the user
can call us.
"""

from collections.abc import Callable
from datetime import timedelta

from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.records.call import CallRecord
from shared.contracts.records.call_permission import CallAttempt, CallPermission, PermissionReply
from shared.contracts.records.outbound_call import OutboundCall, OutboundState
from shared.contracts.settings.integration import WhatsAppAccount
from shared.domain import phone_numbers, whatsapp_permissions
from shared.ports.whatsapp_calls import WhatsAppRefused
from shared.ports.whatsapp_numbers import Sender
from shared.services.carrier_calls import unclaimed_token
from shared.services.outbound_calls import OutboundPorts, refuse, user_hash

NO_CREDENTIALS = "All credentials must be filled"
COUNTRY = "Calls started by a business are not available for this number's country."
BUTTON_TEXT = "Tap the button to call us."
BUTTON_LABEL = "Call us"
ANSWER_SECONDS = 60
WISH_HOURS = 24
EXHAUSTED = (whatsapp_permissions.MANY_CALLS, whatsapp_permissions.UNANSWERED)
"""Meta's answer may lag behind what we know."""

Opener = Callable[[OutboundCall], tuple[OutboundCall, CallRecord]]


def place(
    ports: OutboundPorts, account: WhatsAppAccount, outbound: OutboundCall, opened: Opener
) -> OutboundCall | None:
    """Hand a call to a media process if the user may be called, else ask the user or send the button."""
    sender = sender_of(ports, account)
    if sender is None:
        return refuse(ports, outbound, NO_CREDENTIALS)
    if phone_numbers.country_of(account.phone_number) in phone_numbers.NO_BUSINESS_CALLS:
        return _button_instead(ports, sender, outbound, COUNTRY)
    permission = _known(ports, account, outbound.to)
    exhausted = whatsapp_permissions.why_not_call(permission, ports.now()) in EXHAUSTED
    try:
        live = ports.whatsapp.permission(sender, outbound.to)
        if live.may_call and not exhausted:
            return _hand_over(ports, account, *opened(outbound))
        why = whatsapp_permissions.why_not_ask(permission, ports.now())
        if why is None and live.may_ask:
            return _ask(ports, account, sender, outbound)
    except WhatsAppRefused as refused:
        return _button_instead(ports, sender, outbound, refused.sentence)
    return _button_instead(ports, sender, outbound, why or whatsapp_permissions.NOT_ALLOWED)


def reply(ports: OutboundPorts, account: WhatsAppAccount, user: str, answer: PermissionReply) -> bool:
    """A user answered; a wish that waited for a yes is placed. Returns whether the answer was the latest."""
    hashed = user_hash(user)
    permission = ports.permissions.change(
        account.company_id, account.account_id, hashed, lambda known: whatsapp_permissions.replied(known, answer)
    )
    if permission.reply != answer:
        return False
    waiting = permission.waiting
    if waiting is not None and answer.accepted:
        outbound = ports.outbound.get(account.company_id, waiting)
        fresh = outbound is not None and ports.now() - outbound.created_at < timedelta(hours=WISH_HOURS)
        if outbound is not None and fresh and outbound.state is OutboundState.WAITING:
            ports.outbound.change(outbound, {"state": OutboundState.REQUESTED})
            ports.queue.place(outbound.company_id, outbound.outbound_id)
    return True


def attempted(ports: OutboundPorts, account: WhatsAppAccount, user: str, attempt: CallAttempt) -> None:
    """A call of ours ended: whether it was connected counts for what may be done next."""
    ports.permissions.change(
        account.company_id,
        account.account_id,
        user_hash(user),
        lambda known: whatsapp_permissions.attempted(known, attempt),
    )


def sender_of(ports: OutboundPorts, account: WhatsAppAccount) -> Sender | None:
    """The account's number with its token."""
    token = ports.secrets.get(account.company_id, account.account_id, "access_token")
    return None if token is None else Sender(account.phone_number_id, token)


def send_button(ports: OutboundPorts, account: WhatsAppAccount, user: str) -> bool:
    """Send the button by which a user can call; False if WhatsApp refused."""
    sender = sender_of(ports, account)
    if sender is None:
        return False
    try:
        ports.whatsapp.send_call_button(sender, user, BUTTON_TEXT, BUTTON_LABEL)
    except WhatsAppRefused:
        return False
    return True


def _known(ports: OutboundPorts, account: WhatsAppAccount, user: str) -> CallPermission:
    return ports.permissions.get(account.company_id, account.account_id, user_hash(user))


def _hand_over(
    ports: OutboundPorts, account: WhatsAppAccount, outbound: OutboundCall, call: CallRecord
) -> OutboundCall | None:
    """A media process makes the offer itself; whom to call is in the call's record."""
    token = unclaimed_token(ports.carrier, call.session_id)
    if token is not None:
        ports.offers.send(
            WhatsAppOffer(
                company_id=account.company_id,
                account_id=account.account_id,
                phone_number_id=account.phone_number_id,
                call_id=call.call_id,
                session_id=call.session_id,
                token=token,
                carrier_call_id="",
                sdp="",
                direction="outbound",
                outbound_id=outbound.outbound_id,
                answer_by=ports.now() + timedelta(seconds=ANSWER_SECONDS),
            )
        )
    return ports.outbound.change(outbound, {"state": OutboundState.PLACED})


def _ask(ports: OutboundPorts, account: WhatsAppAccount, sender: Sender, outbound: OutboundCall) -> OutboundCall | None:
    """Ask the user; noted first, so that a lost answer cannot have them asked twice."""
    now = ports.now()
    company = ports.carrier.sessions.companies.get(account.company_id)
    changed = ports.outbound.change(outbound, {"state": OutboundState.WAITING})
    if changed is None or company is None:
        return changed

    def note(known: CallPermission) -> CallPermission:
        return whatsapp_permissions.asked(known, now).model_copy(update={"waiting": outbound.outbound_id})

    ports.permissions.change(account.company_id, account.account_id, user_hash(outbound.to), note)
    try:
        ports.whatsapp.ask_permission(sender, outbound.to, f"{company.name} would like to call you on WhatsApp.")
    except WhatsAppRefused as refused:
        return _button_instead(ports, sender, changed, refused.sentence)
    return changed


def _button_instead(ports: OutboundPorts, sender: Sender, outbound: OutboundCall, why: str) -> OutboundCall | None:
    if outbound.purpose == "call_me":
        try:
            ports.whatsapp.send_call_button(sender, outbound.to, BUTTON_TEXT, BUTTON_LABEL)
        except WhatsAppRefused as refused:
            return refuse(ports, outbound, refused.sentence)
    return refuse(ports, outbound, why)
