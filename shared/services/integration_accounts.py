"""Carrier accounts of a company: made, changed, checked, linked to chatbots, deleted.

A new account is stored only if its carrier says that it works. Secrets go in and never come out: what is shown of them
is their last four characters.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.errors import Conflict, InvalidRequest, NotFound, NotPermitted
from shared.contracts.records.secret import SecretHint
from shared.contracts.records.webhook_event import WebhookHealth
from shared.contracts.settings.account_draft import AccountDraft, TwilioDraft
from shared.contracts.settings.integration import (
    AccountLink,
    AccountStatus,
    IntegrationAccount,
    TwilioAccount,
    WhatsAppAccount,
)
from shared.domain import webhook_addresses
from shared.ports.integration_accounts import IntegrationAccounts
from shared.ports.phone_lines import Credentials, NumberHooks, PhoneLines, PhoneRefused
from shared.ports.repositories import Chatbots, Companies
from shared.ports.secrets import Secrets
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from shared.ports.whatsapp_numbers import Sender, WhatsAppNumbers
from shared.services import webhook_log
from shared.services.account_checks import NO_NUMBER, NOT_FILLED, ROUTED, Check, CheckPorts, check
from shared.services.webhook_log import LogPorts

NO_ACCOUNT = "There is no such account."
NO_CHATBOT = "There is no such chatbot."
OTHER_KIND = "An account cannot become one of another kind."
CHANGED = "Somebody else changed this at the same time."
NOT_ACTIVE = "This account is not active."
NO_WEBHOOK = "The webhook of this account must be configured in Meta first."
FIRST_TEMPLATE = ("hello_world", "en_US")
"""Approved for every new WhatsApp account."""


@dataclass(frozen=True, slots=True)
class AccountPorts:
    """What managing accounts needs."""

    accounts: IntegrationAccounts
    secrets: Secrets
    companies: Companies
    chatbots: Chatbots
    lines: PhoneLines
    whatsapp: WhatsAppNumbers
    log: LogPorts
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    new_token: Callable[[], str]
    base_url: str

    @property
    def checks(self) -> CheckPorts:
        """What checking one needs."""
        return CheckPorts(self.lines, self.whatsapp, self.base_url)


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as it may be shown. The verify token is ours, for the admin to paste at Meta."""

    account: IntegrationAccount
    secrets: Mapping[str, SecretHint]
    health: WebhookHealth
    chatbots: tuple[str, ...]
    webhook_url: str
    status_url: str | None
    verify_token: str | None


def list_accounts(ports: AccountPorts, company_id: str) -> Sequence[IntegrationAccount]:
    """A company's accounts, by name."""
    return ports.accounts.all(company_id)


def view(ports: AccountPorts, company_id: str, account_id: str, *, editor: bool) -> AccountView:
    """All that may be shown of an account; who may not edit it does not get the verify token. Raises NotFound."""
    account = _account(ports, company_id, account_id)
    phone = isinstance(account, TwilioAccount)
    if phone:
        url = webhook_addresses.twilio_voice(ports.base_url, account_id)
        status = webhook_addresses.twilio(ports.base_url, "status", accountId=account_id)
    else:
        url, status = webhook_addresses.whatsapp(ports.base_url, account_id), None
    return AccountView(
        account=account,
        secrets=ports.secrets.hints(company_id, account_id),
        health=webhook_log.health(ports.log, company_id, account_id),
        chatbots=_used_by(ports, account),
        webhook_url=url,
        status_url=status,
        verify_token=ports.secrets.get(company_id, account_id, "verify_token") if editor and not phone else None,
    )


def try_out(ports: AccountPorts, company_id: str, draft: AccountDraft, account_id: str | None = None) -> Check:
    """Test a draft without storing anything; secrets that are left out are those stored with `account_id`."""
    account = _built(company_id, account_id or "draft", draft)
    return check(ports.checks, account, _secrets_of(ports, draft, company_id, account_id))


def create(ports: AccountPorts, company_id: str, draft: AccountDraft) -> IntegrationAccount:
    """Store a new account. Raises InvalidRequest (the check failed), Conflict (name or number), NotFound (chatbot)."""
    _check_chatbot(ports, company_id, draft.chatbot_id)
    given = {field: value for field, value in draft.secrets().items() if value}
    if len(given) < len(draft.secrets()):
        raise InvalidRequest(NOT_FILLED, {field: NOT_FILLED for field in draft.secrets() if field not in given})
    account = _built(company_id, ports.new_id(), draft)
    found = check(ports.checks, account, dict(given))
    if not found.ok:
        raise InvalidRequest(found.message)
    account = _checked(account, found, ports.now())
    if not isinstance(account, TwilioAccount):
        given["verify_token"] = ports.new_token()
    ports.accounts.create(account)
    for field, value in given.items():
        ports.secrets.put(company_id, account.account_id, field, value, ports.now())
    return account


def update(
    ports: AccountPorts, company_id: str, account_id: str, version: int, draft: AccountDraft
) -> IntegrationAccount:
    """Change an account that still has this version. Raises as `create`, and NotFound."""
    stored = _account(ports, company_id, account_id)
    if isinstance(stored, TwilioAccount) is not isinstance(draft, TwilioDraft):
        raise InvalidRequest(OTHER_KIND)
    if stored.version != version:
        raise Conflict(CHANGED)
    _check_chatbot(ports, company_id, draft.chatbot_id)
    found = check(
        ports.checks, _built(company_id, account_id, draft), _secrets_of(ports, draft, company_id, account_id)
    )
    if not found.ok:
        raise InvalidRequest(found.message)
    kept = {"version": version, "active": stored.active}
    account = _checked(_built(company_id, account_id, draft).model_copy(update=kept), found, ports.now())
    changed = ports.accounts.update(account)
    for field, value in draft.secrets().items():
        if value:
            ports.secrets.put(company_id, account_id, field, value, ports.now())
    return changed


def set_active(ports: AccountPorts, company_id: str, account_id: str, version: int, active: bool) -> IntegrationAccount:
    """Switch an account on or off; an account that is off takes no calls. Raises NotFound, Conflict."""
    account = _account(ports, company_id, account_id)
    return ports.accounts.update(account.model_copy(update={"version": version, "active": active}))


def check_again(ports: AccountPorts, company_id: str, account_id: str) -> Check:
    """Check a stored account and note what was found. Raises NotFound."""
    account = _account(ports, company_id, account_id)
    fields = ("auth_token",) if isinstance(account, TwilioAccount) else ("access_token", "app_secret")
    secrets = {field: ports.secrets.get(company_id, account_id, field) for field in fields}
    found = check(ports.checks, account, secrets)
    ports.accounts.note(_checked(account, found, ports.now()))
    return found


def set_webhooks(ports: AccountPorts, company_id: str, account_id: str) -> str:
    """Have the carrier call us about this account's number; returns the address. Raises NotFound, InvalidRequest."""
    account = _account(ports, company_id, account_id)
    try:
        if isinstance(account, TwilioAccount):
            return _point_number(ports, account)
        return _subscribe(ports, account)
    except PhoneRefused as refused:
        raise InvalidRequest(refused.sentence) from refused
    except WhatsAppRefused as refused:
        raise InvalidRequest(refused.sentence) from refused


def send_test_message(ports: AccountPorts, company_id: str, account_id: str, to: str) -> str:
    """Send the test message; a template where this person has not written lately. Returns what was sent."""
    account = _account(ports, company_id, account_id)
    company = ports.companies.get(company_id)
    token = ports.secrets.get(company_id, account_id, "access_token")
    if not isinstance(account, WhatsAppAccount) or company is None or token is None:
        raise NotFound(NO_ACCOUNT)
    sender = Sender(account.phone_number_id, token)
    text = f"This is a test message from {company.name}. Reply 'call me' to test voice call functionality."
    try:
        try:
            ports.whatsapp.send_text(sender, to, text)
        except WhatsAppRefused as refused:
            if refused.reaction is not Reaction.FALL_BACK:
                raise
            ports.whatsapp.send_template(sender, to, *FIRST_TEMPLATE)
            return FIRST_TEMPLATE[0]
    except WhatsAppRefused as refused:
        raise InvalidRequest(refused.sentence) from refused
    return text


def delete(ports: AccountPorts, company_id: str, account_id: str, *, confirmed: bool) -> None:
    """Delete an account and its secrets. One that chatbots use: only if confirmed, else Conflict. Raises NotFound."""
    account = _account(ports, company_id, account_id)
    used = len(_used_by(ports, account))
    if used and not confirmed:
        whom = "1 chatbot. It" if used == 1 else f"{used} chatbots. They"
        raise Conflict(f"This account is used by {whom} will stop receiving calls.")
    ports.accounts.delete(account)
    ports.secrets.forget(company_id, account_id)


def link(ports: AccountPorts, company_id: str, account_id: str, chatbot_id: str) -> AccountLink:
    """Let a chatbot take calls of an account. Raises NotFound, NotPermitted."""
    account = _account(ports, company_id, account_id)
    _check_chatbot(ports, company_id, chatbot_id)
    if not account.active or account.status is not AccountStatus.CONNECTED:
        raise NotPermitted(NOT_ACTIVE)
    if isinstance(account, WhatsAppAccount) and ports.log.events.seen(company_id, account_id) is None:
        raise NotPermitted(NO_WEBHOOK)
    made = AccountLink(company_id=company_id, account_id=account_id, chatbot_id=chatbot_id, enabled_at=ports.now())
    ports.accounts.link(made)
    return made


def unlink(ports: AccountPorts, company_id: str, account_id: str, chatbot_id: str) -> None:
    """Stop a chatbot from taking an account's calls, at once. Raises NotFound."""
    account = _account(ports, company_id, account_id)
    ports.accounts.unlink(company_id, account_id, chatbot_id)
    if account.chatbot_id == chatbot_id:
        ports.accounts.update(account.model_copy(update={"chatbot_id": None}))


def _account(ports: AccountPorts, company_id: str, account_id: str) -> IntegrationAccount:
    account = ports.accounts.get(company_id, account_id)
    if account is None:
        raise NotFound(NO_ACCOUNT)
    return account


def _check_chatbot(ports: AccountPorts, company_id: str, chatbot_id: str | None) -> None:
    if chatbot_id is not None and ports.chatbots.get(company_id, chatbot_id) is None:
        raise NotFound(NO_CHATBOT)


def _used_by(ports: AccountPorts, account: IntegrationAccount) -> tuple[str, ...]:
    linked = [link.chatbot_id for link in ports.accounts.links(account.company_id, account.account_id)]
    own = [] if account.chatbot_id is None else [account.chatbot_id]
    return tuple(dict.fromkeys([*own, *linked]))


def _built(company_id: str, account_id: str, draft: AccountDraft) -> IntegrationAccount:
    fields: dict[str, Any] = draft.model_dump(exclude=set(draft.secrets()))
    kind = TwilioAccount if isinstance(draft, TwilioDraft) else WhatsAppAccount
    return kind(company_id=company_id, account_id=account_id, **fields)


def _checked(account: IntegrationAccount, found: Check, now: datetime) -> IntegrationAccount:
    if found.ok:
        changes: dict[str, Any] = {"status": AccountStatus.CONNECTED, "last_verified_at": now, "last_error": ""}
    else:
        changes = {"status": AccountStatus.ERROR, "last_error": found.problem[:500]}
    return account.model_copy(update=changes)


def _secrets_of(
    ports: AccountPorts, draft: AccountDraft, company_id: str, account_id: str | None
) -> dict[str, str | None]:
    given = draft.secrets()
    if account_id is None:
        return given
    return {field: value or ports.secrets.get(company_id, account_id, field) for field, value in given.items()}


def _point_number(ports: AccountPorts, account: TwilioAccount) -> str:
    token = ports.secrets.get(account.company_id, account.account_id, "auth_token")
    if token is None:
        raise InvalidRequest(NOT_FILLED)
    who = Credentials(account.account_sid, token)
    number = ports.lines.number(who, account.phone_number)
    if number is None:
        raise InvalidRequest(NO_NUMBER)
    if number.routed_elsewhere:
        raise InvalidRequest(ROUTED)
    hooks = NumberHooks(
        voice_url=webhook_addresses.twilio_voice(ports.base_url, account.account_id),
        fallback_url=webhook_addresses.twilio(ports.base_url, "fallback", accountId=account.account_id),
        status_url=webhook_addresses.twilio(ports.base_url, "status", accountId=account.account_id),
    )
    ports.lines.point(who, number.sid, hooks)
    return hooks.voice_url


def _subscribe(ports: AccountPorts, account: WhatsAppAccount) -> str:
    token = ports.secrets.get(account.company_id, account.account_id, "access_token")
    verify = ports.secrets.get(account.company_id, account.account_id, "verify_token")
    if token is None or verify is None:
        raise InvalidRequest(NOT_FILLED)
    sender, url = Sender(account.phone_number_id, token), webhook_addresses.whatsapp(ports.base_url, account.account_id)
    ports.whatsapp.subscribe(sender, account.business_account_id, url, verify)
    ports.whatsapp.enable_calling(sender)
    return url
