"""Meta's requests: the handshake that proves the address is ours, and updates signed with the app's secret.

Meta: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint. The signature
is over the raw body. Which account may vouch for an update is found by the number the update is about; an unknown
number looks like a wrong signature. Where we fail Meta is asked to send the updates again.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from fastapi.responses import Response

from functions.webhooks.requests import NOBODY, CarrierRequest, log_failure
from shared.contracts.messages.whatsapp_updates import Update
from shared.contracts.settings.integration import AccountRef, WhatsAppAccount
from shared.domain import whatsapp_reports
from shared.ports.integration_accounts import IntegrationAccounts
from shared.ports.secrets import Secrets
from shared.services import webhook_log, whatsapp_calls
from shared.services.outbound_calls import OutboundPorts
from shared.services.webhook_log import Happening, LogPorts

MAX_UNSIGNED = 20
"""So many accounts are looked up in vain before a payload is taken for forged."""
MAX_CHALLENGE = 200


@dataclass(frozen=True, slots=True)
class WhatsAppPorts:
    """What Meta's requests act upon."""

    accounts: IntegrationAccounts
    outbound: OutboundPorts
    secrets: Secrets
    log: LogPorts


def verify(ports: WhatsAppPorts, request: CarrierRequest) -> Response:
    """Answer Meta's handshake with its challenge, as it came, if it knows the account's verify token."""
    began_at, account_id = ports.log.now(), request.identifier("accountId") or NOBODY
    owner = ports.accounts.owner(account_id)
    company_id = NOBODY if owner is None else owner.company_id
    expected = ports.secrets.signing(company_id, account_id, "verify_token")
    given, challenge = request.query.get("hub.verify_token", ""), request.query.get("hub.challenge", "")
    known = hmac.compare_digest(expected.encode(), given.encode())
    known = known and request.query.get("hub.mode") == "subscribe" and 0 < len(challenge) <= MAX_CHALLENGE
    happening = Happening("verification", "success" if known else "rejected", 200 if known else 403)
    _record(ports, AccountRef(company_id=company_id, account_id=account_id), happening, began_at)
    return Response(challenge, media_type="text/plain") if known else _forbidden()


def receive(ports: WhatsAppPorts, request: CarrierRequest) -> Response:
    """Act on what the accounts concerned vouch for."""
    began_at = ports.log.now()
    payload = _payload(request.body)
    signed = _vouching(ports, request, payload)
    accounts = {ref.account_id: account for ref, account in signed if account is not None}
    if not accounts:
        for ref, _ in signed:
            _record(ports, ref, Happening("webhook", "rejected", 403), began_at)
        return _forbidden()
    by_number = {account.phone_number_id: account for account in accounts.values()}
    failed = False
    for update in whatsapp_reports.updates(payload):
        account = by_number.get(update.phone_number_id)
        if account is not None:
            failed |= _apply(ports, account, update, began_at)
    return Response(status_code=503) if failed else Response(status_code=200)


def _payload(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _vouching(
    ports: WhatsAppPorts, request: CarrierRequest, payload: object
) -> list[tuple[AccountRef, WhatsAppAccount | None]]:
    """The accounts a payload concerns, each None unless it signed the body. There is always at least one."""
    numbers: list[str | None] = [*whatsapp_reports.number_ids(payload)] or [None]
    found: list[tuple[AccountRef, WhatsAppAccount | None]] = []
    for number in numbers:
        if len(found) >= MAX_UNSIGNED and all(account is None for _, account in found):
            break
        if number is None:
            owner = ports.accounts.owner(request.identifier("accountId") or NOBODY)
        else:
            owner = ports.accounts.owner_of_number("whatsapp", number)
        ref = owner or AccountRef(company_id=NOBODY, account_id=NOBODY)
        account = ports.accounts.get(ref.company_id, ref.account_id)
        secret = ports.secrets.signing(ref.company_id, ref.account_id, "app_secret")
        signed = is_signed(secret, request.body, request.headers.get("x-hub-signature-256", ""))
        found.append((ref, account if signed and isinstance(account, WhatsAppAccount) else None))
    return found


def is_signed(app_secret: str, body: bytes, header: str) -> bool:
    """Whether a header holds the body's signature."""
    expected = "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode())


def _apply(ports: WhatsAppPorts, account: WhatsAppAccount, update: Update, began_at: datetime) -> bool:
    """Whether it failed through us, so that it must come again."""
    ref = AccountRef(company_id=account.company_id, account_id=account.account_id)
    failed = False
    happening: Happening | None
    try:
        happening = whatsapp_calls.apply(ports.outbound, account, update)
    except Exception as error:  # one update's failure must not hold back the others
        log_failure("whatsapp", error)
        failed = True
        happening = Happening("webhook", "failed", 503, f"Internal error ({type(error).__name__})")
    if happening is not None:
        _record(ports, ref, happening, began_at)
    return failed


def _record(ports: WhatsAppPorts, ref: AccountRef, happening: Happening, began_at: datetime) -> None:
    try:
        webhook_log.record(ports.log, ref.company_id, ref.account_id, happening, began_at)
    except Exception as error:  # the carrier is answered even when nothing can be stored
        log_failure("webhook log", error)


def _forbidden() -> Response:
    return Response("Forbidden", status_code=403, media_type="text/plain")
