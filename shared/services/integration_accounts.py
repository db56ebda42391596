"""Carrier accounts of a company: made, changed, checked, deleted. Every change is audited.

A new account is stored only if its carrier says that it works. Secrets go in and never come out: what is shown of them
is their last four characters.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.contracts.errors import Conflict, InvalidRequest, NotFound
from shared.contracts.records.secret import SecretHint, StoredSecret
from shared.contracts.records.webhook_event import WebhookHealth
from shared.contracts.settings.account_draft import AccountDraft, TwilioDraft
from shared.contracts.settings.integration import AccountStatus, IntegrationAccount, TwilioAccount, WhatsAppAccount
from shared.domain.permissions import Actor
from shared.ports.changes import ChangeAccount, LinkAccount
from shared.ports.integration_accounts import IntegrationAccounts
from shared.ports.phone_lines import PhoneLines
from shared.ports.repositories import Chatbots, Companies
from shared.ports.secrets import Secrets
from shared.ports.whatsapp_numbers import WhatsAppNumbers
from shared.services import webhook_log
from shared.services.account_checks import NOT_FILLED, Check, CheckPorts, check
from shared.services.auditing import Deed, Desk, require_version
from shared.services.webhook_log import LogPorts

NO_ACCOUNT = "There is no such account."
NO_CHATBOT = "There is no such chatbot."
OTHER_KIND = "An account cannot become one of another kind."


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
    desk: Desk
    new_token: Callable[[], str]
    base_url: str

    def now(self) -> datetime:
        """The time."""
        return self.desk.now()

    @property
    def checks(self) -> CheckPorts:
        """What checking one needs."""
        return CheckPorts(self.lines, self.whatsapp, self.base_url)


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as its card shows it."""

    account: IntegrationAccount
    secrets: Mapping[str, SecretHint]
    health: WebhookHealth
    chatbots: tuple[str, ...]


class _Told(BaseModel):
    """An account as the audit compares it: what is shown of its secrets belongs to it."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def of(cls, account: IntegrationAccount, hints: Mapping[str, SecretHint]) -> "_Told":
        return cls(**account.model_dump(mode="json"), secrets={name: str(hint.set_at) for name, hint in hints.items()})


def list_accounts(ports: AccountPorts, company_id: str) -> Sequence[IntegrationAccount]:
    """A company's accounts, by name."""
    return ports.accounts.all(company_id)


def account_of(ports: AccountPorts, company_id: str, account_id: str) -> IntegrationAccount:
    """One account of this company. Raises NotFound."""
    account = ports.accounts.get(company_id, account_id)
    if account is None:
        raise NotFound(NO_ACCOUNT)
    return account


def view(ports: AccountPorts, account: IntegrationAccount) -> AccountView:
    """All that may be shown of an account."""
    return AccountView(
        account=account,
        secrets=ports.secrets.hints(account.company_id, account.account_id),
        health=webhook_log.health(ports.log, account.company_id, account.account_id),
        chatbots=used_by(ports, account),
    )


def used_by(ports: AccountPorts, account: IntegrationAccount) -> tuple[str, ...]:
    """The chatbots that take calls of an account, the one that answers by itself first."""
    linked = [link.chatbot_id for link in ports.accounts.links(account.company_id, account.account_id)]
    own = [] if account.chatbot_id is None else [account.chatbot_id]
    return tuple(dict.fromkeys([*own, *linked]))


def try_out(ports: AccountPorts, company_id: str, draft: AccountDraft, account_id: str | None = None) -> Check:
    """Test a draft without storing anything; secrets that are left out are those stored with `account_id`.

    Raises NotFound for an account of others.
    """
    if account_id is not None:
        account_of(ports, company_id, account_id)
    account = _built(company_id, account_id or "draft", draft)
    return check(ports.checks, account, _secrets_of(ports, draft, company_id, account_id))


def create(ports: AccountPorts, by: Actor, draft: AccountDraft) -> IntegrationAccount:
    """Store a new account. Raises InvalidRequest (the check failed), Conflict (name or number), NotFound (chatbot)."""
    require_chatbot(ports, by.company, draft.chatbot_id)
    given = {field: value for field, value in draft.secrets().items() if value}
    if len(given) < len(draft.secrets()):
        raise InvalidRequest(NOT_FILLED, {to_camel(name): NOT_FILLED for name in draft.secrets() if name not in given})
    account = _built(by.company, ports.desk.new_id(), draft)
    found = check(ports.checks, account, dict(given))
    if not found.ok:
        raise InvalidRequest(found.message)
    account = _checked(account, found, ports.now())
    if not isinstance(account, TwilioAccount):
        given["verify_token"] = ports.new_token()
    _write(ports, by, "integration_account.created", None, account, _sealed(ports, account, given))
    return account


def update(ports: AccountPorts, by: Actor, account_id: str, expected: int, draft: AccountDraft) -> IntegrationAccount:
    """Change an account that still has this version. Raises as `create`, and NotFound, VersionConflict."""
    stored = account_of(ports, by.company, account_id)
    if isinstance(stored, TwilioAccount) is not isinstance(draft, TwilioDraft):
        raise InvalidRequest(OTHER_KIND)
    require_version(stored.version, expected)
    require_chatbot(ports, by.company, draft.chatbot_id)
    built = _built(by.company, account_id, draft)
    found = check(ports.checks, built, _secrets_of(ports, draft, by.company, account_id))
    if not found.ok:
        raise InvalidRequest(found.message)
    kept = {"version": expected + 1, "active": stored.active}
    account = _checked(built.model_copy(update=kept), found, ports.now())
    given = {field: value for field, value in draft.secrets().items() if value}
    _write(ports, by, "integration_account.edited", stored, account, _sealed(ports, account, given))
    return account


def set_active(ports: AccountPorts, by: Actor, account_id: str, expected: int, *, active: bool) -> IntegrationAccount:
    """Switch an account on or off; one that is off takes no calls. Raises NotFound, VersionConflict."""
    return _switched(ports, by, account_id, expected, "active", active)


def set_outbound(
    ports: AccountPorts, by: Actor, account_id: str, expected: int, *, enabled: bool
) -> IntegrationAccount:
    """Let chatbots call people from an account, or stop that. Raises NotFound, VersionConflict."""
    return _switched(ports, by, account_id, expected, "outbound_enabled", enabled)


def check_again(ports: AccountPorts, by: Actor, account_id: str) -> Check:
    """Check a stored account and note what was found; no version is made of that. Raises NotFound, VersionConflict."""
    account = account_of(ports, by.company, account_id)
    fields = ("auth_token",) if isinstance(account, TwilioAccount) else ("access_token", "app_secret")
    secrets = {field: ports.secrets.get(by.company, account_id, field) for field in fields}
    found = check(ports.checks, account, secrets)
    _write(ports, by, "integration_account.checked", account, _checked(account, found, ports.now()))
    return found


def delete(ports: AccountPorts, by: Actor, account_id: str, expected: int, *, confirmed: bool) -> None:
    """Delete an account and its secrets. One that chatbots use: only if confirmed, else Conflict.

    Raises NotFound, VersionConflict.
    """
    account = account_of(ports, by.company, account_id)
    require_version(account.version, expected)
    used = len(used_by(ports, account))
    if used and not confirmed:
        whom = "1 chatbot. It" if used == 1 else f"{used} chatbots. They"
        raise Conflict(f"This account is used by {whom} will stop receiving calls.")
    hints = ports.secrets.hints(by.company, account_id)
    unlinked = [LinkAccount(link, on=False) for link in ports.accounts.links(by.company, account_id)]
    deed = Deed(by, "integration_account.deleted", account_id, by.company, _Told.of(account, hints), None)
    ports.desk.write(deed, ChangeAccount(account, None), *unlinked)
    ports.secrets.forget(by.company, account_id)


def require_chatbot(ports: AccountPorts, company_id: str, chatbot_id: str | None) -> None:
    """Raise NotFound unless the company has this chatbot (or none is meant)."""
    if chatbot_id is not None and ports.chatbots.get(company_id, chatbot_id) is None:
        raise NotFound(NO_CHATBOT)


def _switched(
    ports: AccountPorts, by: Actor, account_id: str, expected: int, what: str, on: bool
) -> IntegrationAccount:
    stored = account_of(ports, by.company, account_id)
    require_version(stored.version, expected)
    account = stored.model_copy(update={"version": expected + 1, what: on})
    _write(ports, by, "integration_account.switched", stored, account)
    return account


def _write(
    ports: AccountPorts,
    by: Actor,
    action: str,
    before: IntegrationAccount | None,
    after: IntegrationAccount,
    secrets: Sequence[StoredSecret] = (),
) -> None:
    hints = ports.secrets.hints(after.company_id, after.account_id) if before is not None else {}
    fresh = {secret.hint.field: secret.hint for secret in secrets}
    old = None if before is None else _Told.of(before, hints)
    deed = Deed(by, action, after.account_id, after.company_id, old, _Told.of(after, {**hints, **fresh}))
    ports.desk.write(deed, ChangeAccount(before, after, tuple(secrets)))


def _sealed(ports: AccountPorts, account: IntegrationAccount, given: Mapping[str, str]) -> list[StoredSecret]:
    where = (account.company_id, account.account_id)
    return [ports.secrets.seal(*where, field, value, ports.now()) for field, value in given.items()]


def _built(company_id: str, account_id: str, draft: AccountDraft) -> IntegrationAccount:
    kind = TwilioAccount if isinstance(draft, TwilioDraft) else WhatsAppAccount
    names = set(kind.model_fields) & set(type(draft).model_fields) - {"kind"}
    fields: dict[str, Any] = {name: getattr(draft, name) for name in names}
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
