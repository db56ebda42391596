"""Carrier accounts: kept by company admins, seen by support agents, and seen over all companies by the master admin."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from pydantic import Field

from functions.admin_api.access import AdminApi, Api, By, Operations
from functions.admin_api.account_schemas import (
    AccountOut,
    CheckOut,
    EventOut,
    FleetAccountOut,
    TwilioIn,
    WebhooksOut,
    WhatsAppIn,
    events_csv,
)
from functions.admin_api.requests import (
    AskedPage,
    Expected,
    IdempotencyKey,
    Identifier,
    PageOut,
    Schema,
    calls_company,
    once,
    tag,
)
from shared.contracts.records.webhook_event import Outcome
from shared.contracts.settings.integration import IntegrationAccount
from shared.domain.permissions import Actor, Permission, may
from shared.services import account_webhooks, companies, integration_accounts, webhook_log
from shared.services.integration_accounts import AccountView
from shared.services.webhook_log import EventFilter

operations = Operations()
PATH = "/integration-accounts"
ONE = PATH + "/{account_id}"

AccountIn = Annotated[TwilioIn | WhatsAppIn, Field(discriminator="kind")]
OwnAccount = Annotated[str | None, Query(alias="accountId", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
SharingChatbot = Annotated[
    str | None, Query(alias="chatbotId", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
]


class AccountsOut(Schema):
    """A company's accounts by name."""

    items: list[AccountOut]


class ActiveIn(Schema):
    """Whether the account takes calls."""

    active: bool


class OutboundIn(Schema):
    """Whether chatbots may call people from the account."""

    enabled: bool


class RecipientIn(Schema):
    """Who is to get the test message."""

    to: Annotated[str, Field(min_length=1, max_length=40)]


class SentOut(Schema):
    """What was sent."""

    text: str


class AddressOut(Schema):
    """The address the carrier was told."""

    url: str


class EventsOut(Schema):
    """A part of the webhook log, newest first."""

    items: list[EventOut]


def _wanted(
    since: date | None = None,
    until: date | None = None,
    outcome: Outcome | None = None,
    kind: Annotated[str | None, Query(max_length=60)] = None,
) -> EventFilter:
    return EventFilter(since, until, outcome, kind)


Wanted = Annotated[EventFilter, Depends(_wanted)]


@operations.get(PATH, Permission.ACCOUNTS_READ)
def list_integration_accounts(api: Api, by: By) -> AccountsOut:
    found = integration_accounts.list_accounts(api.accounts, calls_company(api, by))
    return AccountsOut(items=[_card(api, by, account) for account in found])


@operations.post(PATH, Permission.ACCOUNTS_WRITE, status_code=201)
def create_integration_account(
    api: Api, by: By, body: AccountIn, response: Response, key: IdempotencyKey = None
) -> AccountOut:
    calls_company(api, by)

    def make() -> AccountOut:
        return _card(api, by, integration_accounts.create(api.accounts, by, body))

    made = once(api, by, key, "create_integration_account", body, make, AccountOut)
    tag(response, made.version)
    return made


@operations.post(PATH + "/check", Permission.ACCOUNTS_WRITE)
def check_integration_account_draft(api: Api, by: By, body: AccountIn, account_id: OwnAccount = None) -> CheckOut:
    company_id = calls_company(api, by)
    return CheckOut.of(integration_accounts.try_out(api.accounts, company_id, body, account_id))


@operations.get(ONE, Permission.ACCOUNTS_READ)
def get_integration_account(api: Api, by: By, account_id: Identifier, response: Response) -> AccountOut:
    found = integration_accounts.account_of(api.accounts, calls_company(api, by), account_id)
    return _tagged(api, by, found, response)


@operations.put(ONE, Permission.ACCOUNTS_WRITE)
def edit_integration_account(
    api: Api, by: By, account_id: Identifier, body: AccountIn, expected: Expected, response: Response
) -> AccountOut:
    calls_company(api, by)
    changed = integration_accounts.update(api.accounts, by, account_id, expected, body)
    return _tagged(api, by, changed, response)


@operations.delete(ONE, Permission.ACCOUNTS_WRITE, status_code=204)
def delete_integration_account(
    api: Api, by: By, account_id: Identifier, expected: Expected, confirmed: bool = False
) -> None:
    calls_company(api, by)
    integration_accounts.delete(api.accounts, by, account_id, expected, confirmed=confirmed)


@operations.put(ONE + "/active", Permission.ACCOUNTS_WRITE)
def switch_integration_account(
    api: Api, by: By, account_id: Identifier, body: ActiveIn, expected: Expected, response: Response
) -> AccountOut:
    calls_company(api, by)
    changed = integration_accounts.set_active(api.accounts, by, account_id, expected, active=body.active)
    return _tagged(api, by, changed, response)


@operations.put(ONE + "/outbound", Permission.ACCOUNTS_WRITE)
def switch_outbound_calls(
    api: Api, by: By, account_id: Identifier, body: OutboundIn, expected: Expected, response: Response
) -> AccountOut:
    calls_company(api, by)
    changed = integration_accounts.set_outbound(api.accounts, by, account_id, expected, enabled=body.enabled)
    return _tagged(api, by, changed, response)


@operations.post(ONE + "/check", Permission.ACCOUNTS_WRITE)
def check_integration_account(api: Api, by: By, account_id: Identifier) -> CheckOut:
    calls_company(api, by)
    return CheckOut.of(integration_accounts.check_again(api.accounts, by, account_id))


@operations.get(ONE + "/webhooks", Permission.ACCOUNTS_READ)
def get_webhooks(api: Api, by: By, account_id: Identifier, chatbot_id: SharingChatbot = None) -> WebhooksOut:
    editor = may(by.role, Permission.ACCOUNTS_WRITE)
    found = account_webhooks.setup(api.accounts, calls_company(api, by), account_id, chatbot_id, editor=editor)
    return WebhooksOut.of(found)


@operations.post(ONE + "/webhooks", Permission.ACCOUNTS_WRITE)
def set_webhooks(api: Api, by: By, account_id: Identifier) -> AddressOut:
    calls_company(api, by)
    return AddressOut(url=account_webhooks.set_webhooks(api.accounts, by, account_id))


@operations.post(ONE + "/test-message", Permission.ACCOUNTS_WRITE)
def send_test_message(api: Api, by: By, account_id: Identifier, body: RecipientIn) -> SentOut:
    calls_company(api, by)
    return SentOut(text=account_webhooks.send_test_message(api.accounts, by, account_id, body.to))


CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


@operations.get(ONE + "/webhook-events", Permission.ACCOUNTS_READ)
def list_webhook_events(api: Api, by: By, account_id: Identifier, wanted: Wanted) -> EventsOut:
    return EventsOut(items=_events(api, by, account_id, wanted))


@operations.get(ONE + "/webhook-events/export", Permission.ACCOUNTS_READ, response_class=Response, responses=CSV)
def export_webhook_events(api: Api, by: By, account_id: Identifier, wanted: Wanted) -> Response:
    text = events_csv(_events(api, by, account_id, wanted))
    headers = {"Content-Disposition": f'attachment; filename="webhook-events-{account_id}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@operations.get("/fleet/integration-accounts", Permission.FLEET_ACCOUNTS)
def list_fleet_integration_accounts(api: Api, turn: AskedPage) -> PageOut[FleetAccountOut]:
    page = companies.all_companies(api.companies, turn)
    found = [
        FleetAccountOut.of(company, account)
        for company in page.items
        for account in integration_accounts.list_accounts(api.accounts, company.company_id)
    ]
    return PageOut(items=found, next_cursor=page.cursor)


def _events(api: AdminApi, by: Actor, account_id: str, wanted: EventFilter) -> list[EventOut]:
    company_id = calls_company(api, by)
    integration_accounts.account_of(api.accounts, company_id, account_id)
    found = webhook_log.recent(api.accounts.log, company_id, account_id, wanted)
    return [EventOut.of(event) for event in found]


def _card(api: AdminApi, by: Actor, account: IntegrationAccount) -> AccountOut:
    shown: AccountView = integration_accounts.view(api.accounts, account)
    return AccountOut.of(shown, editor=may(by.role, Permission.ACCOUNTS_WRITE))


def _tagged(api: AdminApi, by: Actor, account: IntegrationAccount, response: Response) -> AccountOut:
    tag(response, account.version)
    return _card(api, by, account)
