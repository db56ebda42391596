"""Connects the demo company to the carriers' stand-ins: accounts, their secrets, and where calls are announced.

Uses what the administration uses, so that the stand-ins learn our addresses as the real carriers do. Repeating it
changes nothing but addresses, which differ with every start.
"""

import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx

from infra.local import aws
from infra.local.demo import CHATBOTS, COMPANY
from shared.adapters.aws.dynamo.calls import DynamoRateLimits
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
from shared.services.integration_accounts import AccountPorts, set_webhooks
from shared.services.webhook_log import LogPorts

PHONE, WHATSAPP = "local-phone", "local-whatsapp"
COUNTRIES = ("US", "DE")
SECRETS = {
    "TWILIO_AUTH_TOKEN": (PHONE, "auth_token"),
    "WHATSAPP_ACCESS_TOKEN": (WHATSAPP, "access_token"),
    "WHATSAPP_APP_SECRET": (WHATSAPP, "app_secret"),
    "WHATSAPP_VERIFY_TOKEN": (WHATSAPP, "verify_token"),
}


def connect(endpoint: str, base_url: str, vendors: Mapping[str, str]) -> list[str]:
    """Connect whatever stand-ins there are; returns the addresses they were given. We must be reachable already."""
    ports = _ports(endpoint, base_url, vendors)
    connected = []
    for account in _accounts(vendors):
        if ports.accounts.get(account.company_id, account.account_id) is None:
            ports.accounts.create(account)
        for name, (account_id, field) in SECRETS.items():
            if account_id == account.account_id:
                ports.secrets.put(account.company_id, account_id, field, vendors[name], ports.now())
        connected.append(set_webhooks(ports, account.company_id, account.account_id))
    return connected


def _accounts(vendors: Mapping[str, str]) -> list[IntegrationAccount]:
    chatbot_id = CHATBOTS[0][0].chatbot_id
    found: list[IntegrationAccount] = []
    if "TWILIO_ACCOUNT_SID" in vendors:
        phone = TwilioAccount(
            company_id=COMPANY.company_id,
            account_id=PHONE,
            name="Local phone",
            status=AccountStatus.CONNECTED,
            chatbot_id=chatbot_id,
            outbound_enabled=True,
            account_sid=vendors["TWILIO_ACCOUNT_SID"],
            phone_number=vendors["TWILIO_NUMBER"],
        )
        found.append(phone)
    if "WHATSAPP_PHONE_NUMBER_ID" in vendors:
        chat = WhatsAppAccount(
            company_id=COMPANY.company_id,
            account_id=WHATSAPP,
            name="Local WhatsApp",
            status=AccountStatus.CONNECTED,
            chatbot_id=chatbot_id,
            outbound_enabled=True,
            business_account_id=vendors["WHATSAPP_BUSINESS_ACCOUNT_ID"],
            phone_number_id=vendors["WHATSAPP_PHONE_NUMBER_ID"],
            phone_number=f"+{vendors['WHATSAPP_NUMBER'].lstrip('+')}",
        )
        found.append(chat)
    return found


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
        lines=TwilioLines(vendors.get("TWILIO_BASE_URL", "")),
        whatsapp=GraphWhatsAppNumbers(httpx.Client(), base_url=vendors.get("GRAPH_BASE_URL", "")),
        log=LogPorts(DynamoWebhookEvents(calls), DynamoRateLimits(live), _now, _new_id),
        now=_now,
        new_id=_new_id,
        new_token=lambda: secrets.token_urlsafe(32),
        base_url=base_url,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
