"""Builds what every function needs that deals with carriers, once for each container."""

import logging
import os
import secrets
import time
import uuid
from functools import cache

import httpx

from functions.wiring import calls, kms, now, sqs, table
from shared.adapters.aws.carrier_queues import SqsOffers, SqsOutboundQueue
from shared.adapters.aws.dynamo.call_slots import DynamoCallSlots
from shared.adapters.aws.dynamo.calls import DynamoRateLimits
from shared.adapters.aws.dynamo.carrier_calls import DynamoCarrierCalls
from shared.adapters.aws.dynamo.changes import DynamoChanges
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.outbound_calls import DynamoCallPermissions, DynamoOutboundCalls
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies
from shared.adapters.aws.dynamo.webhook_events import DynamoWebhookEvents
from shared.adapters.aws.secrets import KmsSecrets
from shared.adapters.aws.sqs import SqsQueue
from shared.adapters.twilio_rest import TwilioLines
from shared.adapters.whatsapp_numbers import GraphWhatsAppNumbers
from shared.contracts.environment import CarrierEnvironment
from shared.domain.origins import origin_of
from shared.services.auditing import Desk
from shared.services.carrier_calls import CarrierPorts
from shared.services.integration_accounts import AccountPorts
from shared.services.outbound_calls import OutboundPorts
from shared.services.sessions import SessionPorts
from shared.services.webhook_log import LogPorts


@cache
def environment() -> CarrierEnvironment:
    """This process's environment."""
    return CarrierEnvironment.read(os.environ)


def new_id() -> str:
    return str(uuid.uuid4())


def new_token() -> str:
    return secrets.token_urlsafe(32)


@cache
def kms_secrets() -> KmsSecrets:
    """Companies' secrets; one for each container, since it remembers what it opened."""
    env = environment()
    return KmsSecrets(kms(), table(env.core_table), env.secrets_key_id)


@cache
def whatsapp_numbers() -> GraphWhatsAppNumbers:
    """Meta's Graph API."""
    env = environment()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log addresses, which hold people's numbers
    return GraphWhatsAppNumbers(httpx.Client(), base_url=env.graph_base_url, version=env.graph_version)


def session_ports() -> SessionPorts:
    """What starting a call needs."""
    env = environment()
    core, live = table(env.core_table), table(env.live_table)
    return SessionPorts(
        companies=DynamoCompanies(core),
        chatbots=DynamoChatbots(core),
        models=DynamoAiModels(core),
        calls=calls(),
        rates=DynamoRateLimits(live),
        slots=DynamoCallSlots(table(env.calls_table), live),
        now=now,
        new_id=new_id,
        new_token=new_token,
        own_origin=origin_of(env.public_base_url),
    )


@cache
def carrier_ports() -> CarrierPorts:
    """What a carrier's calls need."""
    env = environment()
    return CarrierPorts(
        sessions=session_ports(),
        accounts=DynamoIntegrationAccounts(table(env.core_table)),
        carrier=DynamoCarrierCalls(table(env.calls_table), table(env.live_table)),
        queue=SqsQueue(sqs(), env.call_ended_queue_url),
        pause=time.sleep,
    )


@cache
def outbound_ports() -> OutboundPorts:
    """What outbound calls need."""
    env = environment()
    core, calls_table, live = table(env.core_table), table(env.calls_table), table(env.live_table)
    return OutboundPorts(
        carrier=carrier_ports(),
        outbound=DynamoOutboundCalls(core, calls_table, live),
        permissions=DynamoCallPermissions(core),
        secrets=kms_secrets(),
        lines=TwilioLines(env.twilio_base_url),
        whatsapp=whatsapp_numbers(),
        offers=SqsOffers(sqs(), env.whatsapp_offers_queue_url),
        queue=SqsOutboundQueue(sqs(), env.place_call_queue_url),
        base_url=env.public_base_url,
    )


@cache
def log_ports() -> LogPorts:
    """What the webhook log needs."""
    env = environment()
    events = DynamoWebhookEvents(table(env.calls_table))
    return LogPorts(events, DynamoRateLimits(table(env.live_table)), now, new_id)


@cache
def account_ports() -> AccountPorts:
    """What managing integration accounts needs."""
    env, outbound = environment(), outbound_ports()
    sessions = outbound.carrier.sessions
    return AccountPorts(
        accounts=outbound.carrier.accounts,
        secrets=outbound.secrets,
        companies=sessions.companies,
        chatbots=sessions.chatbots,
        lines=outbound.lines,
        whatsapp=outbound.whatsapp,
        log=log_ports(),
        desk=Desk(DynamoChanges(table(env.core_table), table(env.ledger_table)), now, new_id),
        new_token=new_token,
        base_url=outbound.base_url,
    )
