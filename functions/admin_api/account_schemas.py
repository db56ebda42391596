"""What operations on carrier accounts take and give. Secrets go in as they are and come out masked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from functions.admin_api.csv_form import csv_text
from functions.admin_api.requests import Schema
from shared.contracts.records.webhook_event import Outcome, WebhookEvent
from shared.contracts.settings.account_draft import TwilioDraft, WhatsAppDraft
from shared.contracts.settings.company import Company
from shared.contracts.settings.integration import AccountStatus, IntegrationAccount, TwilioAccount, WhatsAppAccount
from shared.domain.phone_numbers import masked
from shared.services.account_checks import Check
from shared.services.account_webhooks import WebhookSetup
from shared.services.integration_accounts import AccountView

Badge = Literal["active", "inactive", "error", "not_configured"]
BADGES: dict[AccountStatus, Badge] = {
    AccountStatus.CONNECTED: "active",
    AccountStatus.ERROR: "error",
    AccountStatus.NOT_CONFIGURED: "not_configured",
}


class TwilioIn(Schema, TwilioDraft):
    """A Twilio account as it is filled in; a secret left out of a change stays."""

    kind: Literal["twilio"]


class WhatsAppIn(Schema, WhatsAppDraft):
    """A WhatsApp Business account as it is filled in; secrets left out of a change stay."""

    kind: Literal["whatsapp"]


class SecretOut(Schema):
    """That a secret is set, and its last characters."""

    field: str
    masked: str
    set_at: datetime


class HealthOut(Schema):
    """The carrier's requests of the last 24 hours; `successRate` in percent."""

    configured: bool
    events: int
    success_rate: float | None
    last_event_at: datetime | None


class AccountOut(Schema):
    """An account's card. Identifiers at the carrier and the whole number are for those who may edit it."""

    account_id: str
    kind: Literal["twilio", "whatsapp"]
    name: str
    description: str
    status: Badge
    active: bool
    outbound_enabled: bool
    masked_number: str
    last_verified_at: datetime | None
    last_error: str
    chatbot_id: str | None
    chatbot_ids: list[str]
    health: HealthOut
    version: int
    phone_number: str | None
    account_sid: str | None
    business_account_id: str | None
    phone_number_id: str | None
    app_id: str | None
    send_transcript: bool | None
    send_survey: bool | None
    secrets: list[SecretOut]

    @classmethod
    def of(cls, shown: AccountView, *, editor: bool) -> Self:
        """From the stored account."""
        account, health = shown.account, shown.health
        phone = account if editor and isinstance(account, TwilioAccount) else None
        chat = account if editor and isinstance(account, WhatsAppAccount) else None
        secrets = [SecretOut(**hint.model_dump()) for _, hint in sorted(shown.secrets.items())] if editor else []
        plain = ("account_id", "kind", "name", "description", "active", "outbound_enabled", "last_verified_at")
        return cls(
            **{name: getattr(account, name) for name in (*plain, "last_error", "chatbot_id", "version")},
            status=badge_of(account),
            masked_number=masked(account.phone_number) or "",
            chatbot_ids=list(shown.chatbots),
            health=HealthOut(**health.model_dump()),
            phone_number=account.phone_number if editor else None,
            account_sid=None if phone is None else phone.account_sid,
            business_account_id=None if chat is None else chat.business_account_id,
            phone_number_id=None if chat is None else chat.phone_number_id,
            app_id=None if chat is None else chat.app_id,
            send_transcript=None if chat is None else chat.send_transcript,
            send_survey=None if chat is None else chat.send_survey,
            secrets=secrets,
        )


class FleetAccountOut(Schema):
    """An account of any company, as the master admin sees it."""

    company_id: str
    company_name: str
    account_id: str
    kind: Literal["twilio", "whatsapp"]
    name: str
    description: str
    status: Badge
    masked_number: str
    last_verified_at: datetime | None
    last_error: str

    @classmethod
    def of(cls, company: Company, account: IntegrationAccount) -> Self:
        """From the stored account."""
        plain = ("account_id", "kind", "name", "description", "last_verified_at", "last_error")
        return cls(
            company_id=company.company_id,
            company_name=company.name,
            status=badge_of(account),
            masked_number=masked(account.phone_number) or "",
            **{name: getattr(account, name) for name in plain},
        )


class CheckOut(Schema):
    """What the carrier said: the sentence to show, what is wrong, and what should be known."""

    ok: bool
    message: str
    problem: str | None
    warnings: list[str]

    @classmethod
    def of(cls, found: Check) -> Self:
        """From a check."""
        problem = None if found.ok else found.problem
        return cls(ok=found.ok, message=found.message, problem=problem, warnings=list(found.warnings))


class WebhooksOut(Schema):
    """What is pasted where, step by step. `verifyToken` is for WhatsApp accounts and for those who may edit them."""

    url: str
    status_url: str | None
    verify_token: str | None
    hint: str
    steps: list[str]
    console_url: str
    configured: bool

    @classmethod
    def of(cls, found: WebhookSetup) -> Self:
        """From the service."""
        parts = {name: getattr(found, name) for name in cls.model_fields if name != "steps"}
        return cls(**parts, steps=list(found.steps))


class EventOut(Schema):
    """One request of the carrier."""

    event_id: str
    at: datetime
    kind: str
    outcome: Outcome
    status: int
    took_ms: int
    detail: str
    call_id: str | None
    caller: str

    @classmethod
    def of(cls, event: WebhookEvent) -> Self:
        """From the log."""
        return cls(**{name: getattr(event, name) for name in cls.model_fields})


def events_csv(events: Sequence[EventOut]) -> str:
    """The log as a table."""
    head = ("Timestamp", "Event type", "Status", "Response time (ms)", "Error details", "Call")
    rows = [
        (event.at.isoformat(), event.kind, event.outcome, event.took_ms, event.detail, event.call_id or "")
        for event in events
    ]
    return csv_text(head, rows)


def badge_of(account: IntegrationAccount) -> Badge:
    """What the badge says: an account that was switched off is inactive, whatever its last check found."""
    return BADGES[account.status] if account.active else "inactive"
