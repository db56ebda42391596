"""Connects the demo company to its carriers: accounts, their secrets, and where calls are announced.

The carriers are stand-ins unless their credentials are in the environment. Either learns our addresses through what the
administration uses. Repeating it changes nothing but what differs: addresses, with every start.
"""

import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.local import aws
from infra.local.demo import CHATBOTS, COMPANY
from shared.adapters.aws.dynamo.calls import DynamoRateLimits
from shared.adapters.aws.dynamo.changes import DynamoChanges
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.outbound_calls import DynamoOutboundCalls
from shared.adapters.aws.dynamo.settings import DynamoChatbots, DynamoCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.dynamo.webhook_events import DynamoWebhookEvents
from shared.adapters.aws.secrets import KmsSecrets
from shared.adapters.twilio_rest import TwilioLines
from shared.adapters.whatsapp_numbers import GraphWhatsAppNumbers
from shared.contracts.settings.integration import (
    AccountStatus,
    IntegrationAccount,
    TwilioAccount,
    WhatsAppAccount,
)
from shared.services.account_webhooks import point_here
from shared.services.auditing import Desk
from shared.services.integration_accounts import AccountPorts
from shared.services.webhook_log import LogPorts

PHONE, WHATSAPP = "local-phone", "local-whatsapp"
COUNTRIES = ("US", "DE")
SECRETS = {
    "twilio": {"auth_token": "TWILIO_AUTH_TOKEN"},
    "whatsapp": {
        "access_token": "WHATSAPP_ACCESS_TOKEN",
        "app_secret": "WHATSAPP_APP_SECRET",
        "verify_token": "WHATSAPP_VERIFY_TOKEN",
    },
}
CREDENTIALS = {
    "TWILIO_BASE_URL": ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_NUMBERS"),
    "GRAPH_BASE_URL": (
        "WHATSAPP_ACCESS_TOKEN",
        "WHATSAPP_APP_SECRET",
        "WHATSAPP_VERIFY_TOKEN",
        "WHATSAPP_BUSINESS_ACCOUNT_IDS",
        "WHATSAPP_PHONE_NUMBER_IDS",
        "WHATSAPP_NUMBERS",
    ),
}
"""Where a stand-in listens, and what takes its place when all of it is in the environment. Lists are separated by
commas: the first number belongs to the first chatbot of the demo page, and so on."""
BROWSER_PHONES = {"/phone": "TWILIO_BASE_URL", "/whatsapp-phone": "GRAPH_BASE_URL"}


def real_or_standing_in(environ: Mapping[str, str], standing_in: Mapping[str, str]) -> dict[str, str]:
    """The credentials to use: a carrier's own where they are complete, else its stand-in's."""
    found = dict(standing_in)
    for base_url, names in CREDENTIALS.items():
        given = {name: environ.get(name, "") for name in names}
        if all(given.values()):
            found.pop(base_url, None)
            found.update(given)
    return found


def browser_phones(vendors: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """The paths of the stand-ins at which a browser is a caller's phone, and where these listen."""
    places = {path: urlsplit(vendors.get(name, "")) for path, name in BROWSER_PHONES.items()}
    return {path: (at.hostname, at.port) for path, at in places.items() if at.hostname and at.port}


def connect(endpoint: str, base_url: str, vendors: Mapping[str, str]) -> list[str]:
    """Connect whatever carriers there are; returns the addresses they were given. We must be reachable already."""
    ports = _ports(endpoint, base_url, vendors)
    connected = []
    for account in _accounts(vendors):
        _store(endpoint, account)
        for field, name in SECRETS[account.kind].items():
            ports.secrets.put(account.company_id, account.account_id, field, vendors[name], ports.now())
        connected.append(point_here(ports, account))
    return connected


def numbers(endpoint: str) -> dict[str, dict[str, str]]:
    """By chatbot and kind of carrier: the number that reaches it."""
    found: dict[str, dict[str, str]] = {}
    for account in DynamoIntegrationAccounts(Table(aws.client("dynamodb", endpoint), "core")).all(COMPANY.company_id):
        if account.chatbot_id is not None:
            found.setdefault(account.chatbot_id, {})[account.kind] = account.phone_number
    return found


def _store(endpoint: str, account: IntegrationAccount) -> None:
    accounts = DynamoIntegrationAccounts(Table(aws.client("dynamodb", endpoint), "core"))
    known = accounts.get(account.company_id, account.account_id)
    if known is None:
        accounts.create(account)
        return
    wanted = account.model_copy(update={"version": known.version})
    if wanted != known:
        accounts.update(wanted)


def _accounts(vendors: Mapping[str, str]) -> list[IntegrationAccount]:
    """One account for each chatbot and carrier, as far as there are numbers."""
    found: list[IntegrationAccount] = []
    for place, (chatbot, _, _) in enumerate(CHATBOTS):
        suffix = f"-{place + 1}" if place else ""
        common: dict[str, Any] = {
            "company_id": COMPANY.company_id,
            "status": AccountStatus.CONNECTED,
            "chatbot_id": chatbot.chatbot_id,
            "outbound_enabled": True,
        }
        if number := _listed(vendors, "TWILIO_NUMBERS", place):
            names = {"account_id": PHONE + suffix, "name": f"Phone, {chatbot.name}"}
            sid = vendors["TWILIO_ACCOUNT_SID"]
            found.append(TwilioAccount(**common, **names, account_sid=sid, phone_number=number))
        if number := _listed(vendors, "WHATSAPP_NUMBERS", place):
            names = {"account_id": WHATSAPP + suffix, "name": f"WhatsApp, {chatbot.name}"}
            ids = {
                "business_account_id": _listed(vendors, "WHATSAPP_BUSINESS_ACCOUNT_IDS", place),
                "phone_number_id": _listed(vendors, "WHATSAPP_PHONE_NUMBER_IDS", place),
            }
            found.append(WhatsAppAccount(**common, **names, **ids, phone_number=f"+{number.lstrip('+')}"))
    return found


def _listed(vendors: Mapping[str, str], name: str, place: int) -> str:
    values = [value.strip() for value in vendors.get(name, "").split(",")]
    return values[place] if place < len(values) else ""


def _ports(endpoint: str, base_url: str, vendors: Mapping[str, str]) -> AccountPorts:
    dynamo = aws.client("dynamodb", endpoint)
    core, calls, live = Table(dynamo, "core"), Table(dynamo, "calls"), Table(dynamo, "live")
    outbound = DynamoOutboundCalls(core, calls, live)
    policy = outbound.policy(COMPANY.company_id)
    if not policy.allowed_countries:
        outbound.save_policy(COMPANY.company_id, policy.model_copy(update={"allowed_countries": COUNTRIES}))
    return AccountPorts(
        accounts=DynamoIntegrationAccounts(core),
        secrets=KmsSecrets(aws.client("kms", endpoint), core, aws.SECRETS_KEY),
        companies=DynamoCompanies(core),
        chatbots=DynamoChatbots(core),
        lines=TwilioLines(vendors.get("TWILIO_BASE_URL", "https://api.twilio.com")),
        whatsapp=GraphWhatsAppNumbers(
            httpx.Client(), base_url=vendors.get("GRAPH_BASE_URL", "https://graph.facebook.com")
        ),
        log=LogPorts(DynamoWebhookEvents(calls), DynamoRateLimits(live), _now, _new_id),
        desk=Desk(DynamoChanges(core, Table(dynamo, "ledger")), _now, _new_id),
        new_token=lambda: secrets.token_urlsafe(32),
        base_url=base_url,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
