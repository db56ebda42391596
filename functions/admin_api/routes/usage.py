"""What a company's calls came to, as figures and as a table."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from fastapi import Depends, Query, Response

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.csv_form import csv_text
from functions.admin_api.requests import Identifier, Schema, calls_company
from shared.contracts.records.call import Channel
from shared.contracts.settings.integration import TwilioAccount
from shared.domain.permissions import Permission
from shared.services import integration_accounts, usage
from shared.services.usage import Group, Grouping, Sums, UsageFilter, UsageReport

operations = Operations()
BILLING_NOTE = (
    "Integration costs (Twilio, WhatsApp) are billed directly by the provider. This dashboard shows usage, not costs."
)
TWILIO_BILLING = "https://console.twilio.com/us1/billing/manage-billing/billing-overview"
META_BILLING = "https://business.facebook.com/billing_hub"
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
BY = {
    Grouping.DAY: "Day",
    Grouping.MONTH: "Month",
    Grouping.CHATBOT: "Chatbot",
    Grouping.CHANNEL: "Channel",
}


class SumsOut(Schema):
    """Calls, those that failed, minutes, and US dollars; averages are null without calls."""

    calls: int
    failed: int
    minutes: Decimal
    cost_usd: Decimal
    average_seconds: float | None
    error_rate: float | None

    @classmethod
    def of(cls, sums: Sums) -> Self:
        """From the service."""
        return cls(**{name: getattr(sums, name) for name in cls.model_fields})


class GroupOut(Schema):
    """The sums of one day, month, chatbot or channel; `label` is for people."""

    key: str
    label: str
    sums: SumsOut

    @classmethod
    def of(cls, group: Group) -> Self:
        """From the service."""
        return cls(key=group.key, label=group.label, sums=SumsOut.of(group.sums))


class UsageOut(Schema):
    """A range of days, altogether and told apart."""

    since: date
    until: date
    total: SumsOut
    groups: list[GroupOut]


class ChatbotNameOut(Schema):
    """A chatbot, for a link."""

    chatbot_id: str
    name: str


class AccountUsageOut(Schema):
    """What goes over an account: this month, now, and day by day for 30 days."""

    month: SumsOut
    active_calls: int
    chatbots: list[ChatbotNameOut]
    trend: list[GroupOut]
    billing_note: str
    billing_url: str


def _wanted(
    since: date | None = None,
    until: date | None = None,
    chatbot_id: Annotated[str | None, Query(alias="chatbotId", max_length=64)] = None,
    channel: Channel | None = None,
    account_id: Annotated[str | None, Query(alias="accountId", max_length=64)] = None,
    test_call: Annotated[bool | None, Query(alias="testCall")] = None,
) -> UsageFilter:
    return UsageFilter(since, until, chatbot_id, channel, account_id, test_call)


Wanted = Annotated[UsageFilter, Depends(_wanted)]
GroupBy = Annotated[Grouping, Query(alias="groupBy")]


@operations.get("/usage", Permission.USAGE_READ)
def get_usage(api: Api, by: By, wanted: Wanted, group_by: GroupBy = Grouping.DAY) -> UsageOut:
    found = usage.report(api.usage, by.company, wanted, group_by)
    return UsageOut(
        since=found.since,
        until=found.until,
        total=SumsOut.of(found.total),
        groups=[GroupOut.of(group) for group in found.groups],
    )


@operations.get("/usage/export", Permission.USAGE_READ, response_class=Response, responses=CSV)
def export_usage(api: Api, by: By, wanted: Wanted, group_by: GroupBy = Grouping.DAY) -> Response:
    found = usage.report(api.usage, by.company, wanted, group_by)
    name = f"usage-by-{group_by}-{found.since}-{found.until}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_table(found, group_by), media_type="text/csv; charset=utf-8", headers=headers)


@operations.get("/integration-accounts/{account_id}/usage", Permission.ACCOUNTS_READ)
def get_account_usage(api: Api, by: By, account_id: Identifier) -> AccountUsageOut:
    company_id = calls_company(api, by)
    account = integration_accounts.account_of(api.accounts, company_id, account_id)
    found = usage.account_usage(api.usage, company_id, account_id)
    bots = (api.usage.chatbots.get(company_id, used) for used in integration_accounts.used_by(api.accounts, account))
    return AccountUsageOut(
        month=SumsOut.of(found.month),
        active_calls=found.active,
        chatbots=[ChatbotNameOut(chatbot_id=bot.chatbot_id, name=bot.name) for bot in bots if bot is not None],
        trend=[GroupOut.of(group) for group in found.trend],
        billing_note=BILLING_NOTE,
        billing_url=TWILIO_BILLING if isinstance(account, TwilioAccount) else META_BILLING,
    )


def _table(found: UsageReport, by: Grouping) -> str:
    head = (BY[by], "Id", "Calls", "Failed", "Minutes", "Cost (USD)")
    groups = [*found.groups, Group("", "Total", found.total)]
    rows = [
        (
            group.label,
            group.key,
            group.sums.calls,
            group.sums.failed,
            group.sums.minutes,
            format(group.sums.cost_usd, "f"),
        )
        for group in groups
    ]
    return csv_text(head, rows)
