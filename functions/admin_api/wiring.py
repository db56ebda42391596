"""Builds what the administration API acts upon, once for each container."""

import base64
import os
import secrets
import time
import uuid

import boto3
import httpx

from functions.admin_api.access import AdminApi
from functions.carriers.wiring import account_ports, kms_secrets, outbound_ports
from functions.speech.wiring import render_queue, speaking_ports
from functions.wiring import blobs, calls, now, table
from shared.adapters.aws.cognito_directory import CognitoDirectory
from shared.adapters.aws.cognito_tokens import CognitoTokens, Keys
from shared.adapters.aws.dynamo.access_log import DynamoAccessLog
from shared.adapters.aws.dynamo.answers import DynamoAnswers
from shared.adapters.aws.dynamo.audit import DynamoAudit
from shared.adapters.aws.dynamo.call_history import DynamoCallHistory, DynamoParticipations
from shared.adapters.aws.dynamo.call_keys import DynamoCallKeys
from shared.adapters.aws.dynamo.changes import DynamoChanges
from shared.adapters.aws.dynamo.packages import DynamoFleetPackages, DynamoOfferedPackages
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies, DynamoFleetCompanies
from shared.adapters.aws.dynamo.step_ledger import DynamoWebhookEndpoints
from shared.adapters.aws.dynamo.transcript_index import DynamoTranscriptIndex
from shared.adapters.aws.dynamo.usage_counters import DynamoUsageCounters
from shared.adapters.aws.dynamo.users import DynamoUsers
from shared.adapters.webhook_sender import HttpxWebhookSender
from shared.contracts.environment import AdminEnvironment
from shared.domain.webhook_signatures import PREFIX
from shared.services.ai_models import ModelPorts
from shared.services.auditing import Desk
from shared.services.call_history import HistoryPorts
from shared.services.call_keys import CallKeyPorts
from shared.services.call_settings import CallSettingsPorts
from shared.services.chatbots import ChatbotPorts
from shared.services.companies import CompanyPorts
from shared.services.own_system import OwnSystemPorts
from shared.services.packages import PackagePorts
from shared.services.team import TeamPorts
from shared.services.usage import UsagePorts

KEYS_PATH = "/.well-known/jwks.json"


def build() -> AdminApi:
    """What the administration API acts upon."""
    env = AdminEnvironment.read(os.environ)
    core, ledger, call_table = table(env.core_table), table(env.ledger_table), table(env.calls_table)
    desk = Desk(DynamoChanges(core, ledger), now, _new_id)
    companies, chatbots, models = DynamoCompanies(core), DynamoChatbots(core), DynamoAiModels(core)
    packages, offered, users = DynamoFleetPackages(core), DynamoOfferedPackages(core), DynamoUsers(core)
    history = HistoryPorts(
        calls(),
        DynamoCallHistory(call_table),
        DynamoParticipations(call_table),
        blobs(),
        DynamoAccessLog(ledger),
        DynamoTranscriptIndex(call_table),
        now,
        _new_id,
    )
    return AdminApi(
        tokens=_tokens(env),
        users=users,
        companies=CompanyPorts(companies, DynamoFleetCompanies(core), desk),
        packages=PackagePorts(packages, offered, models, companies, desk),
        models=ModelPorts(models, desk),
        chatbots=ChatbotPorts(chatbots, companies, offered, packages, desk, render_queue()),
        settings=_call_settings(chatbots, models, companies, packages, desk),
        history=history,
        team=TeamPorts(users, _directory(env), desk),
        audit=DynamoAudit(ledger),
        answers=DynamoAnswers(table(env.idempotency_table)),
        desk=desk,
        accounts=account_ports(),
        outbound=outbound_ports(),
        own_system=OwnSystemPorts(
            DynamoWebhookEndpoints(core),
            kms_secrets(),
            HttpxWebhookSender(httpx.Client(trust_env=False), local=env.stage == "local"),
            desk,
            _new_signing_secret,
            local=env.stage == "local",
        ),
        call_keys=CallKeyPorts(DynamoCallKeys(core), desk, lambda: secrets.token_urlsafe(32)),
        speaking=speaking_ports(),
        usage=UsagePorts(DynamoUsageCounters(call_table), history.history, chatbots, now),
    )


def _call_settings(
    chatbots: DynamoChatbots,
    models: DynamoAiModels,
    companies: DynamoCompanies,
    packages: DynamoFleetPackages,
    desk: Desk,
) -> CallSettingsPorts:
    accounts = account_ports()
    return CallSettingsPorts(
        chatbots, companies, models, packages, accounts.accounts, desk, render_queue(), accounts.log.events
    )


def _tokens(env: AdminEnvironment) -> CognitoTokens:
    keys = Keys(env.cognito_keys_url or env.cognito_issuer + KEYS_PATH, time.monotonic)
    return CognitoTokens(keys, env.cognito_issuer, env.cognito_client_id, now)


def _directory(env: AdminEnvironment) -> CognitoDirectory:
    client = boto3.client("cognito-idp", region_name=env.aws_region, endpoint_url=env.aws_endpoint_url)
    return CognitoDirectory(client, env.cognito_user_pool_id)


def _new_signing_secret() -> str:
    """As Standard Webhooks has them: 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _new_id() -> str:
    return str(uuid.uuid4())
