"""Builds what the work after a call uses, once for each container."""

import os
import uuid
from functools import cache

import httpx

from functions.wiring import blobs, calls, kms, now, s3, table, transcript_index, usage_counters, with_provider_keys
from shared.adapters.aws.dynamo.calls import DynamoRateLimits
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.step_ledger import DynamoStepLedger, DynamoWebhookEndpoints
from shared.adapters.aws.dynamo.webhook_events import DynamoWebhookEvents
from shared.adapters.aws.search_documents import S3SearchDocuments
from shared.adapters.aws.secrets import KmsSecrets
from shared.adapters.gemini_summaries import GeminiSummaries
from shared.adapters.openai_summaries import OpenAiSummaries
from shared.adapters.simulated_summaries import SimulatedSummaries
from shared.adapters.webhook_sender import HttpxWebhookSender
from shared.adapters.whatsapp_numbers import GraphWhatsAppNumbers
from shared.contracts.environment import WorkflowEnvironment
from shared.ports.summaries import Summaries
from shared.services.call_closing import ClosingPorts
from shared.services.caller_messages import MessagePorts
from shared.services.webhook_log import LogPorts


@cache
def closing_ports() -> ClosingPorts:
    """What the steps need."""
    env = with_provider_keys(WorkflowEnvironment.read(os.environ))
    core = table(env.core_table)
    client = httpx.Client(trust_env=False)
    secrets = KmsSecrets(kms(), core, env.secrets_key_id)
    return ClosingPorts(
        ledger=DynamoStepLedger(table(env.calls_table)),
        calls=calls(),
        blobs=blobs(),
        writers=writers(env, httpx.Client()),
        search=S3SearchDocuments(s3(), env.recordings_bucket),
        words=transcript_index(),
        counters=usage_counters(),
        endpoints=DynamoWebhookEndpoints(core),
        secrets=secrets,
        sender=HttpxWebhookSender(client, local=env.stage == "local"),
        messages=MessagePorts(
            DynamoIntegrationAccounts(core),
            secrets,
            GraphWhatsAppNumbers(httpx.Client(), base_url=env.graph_base_url, version=env.graph_version),
            LogPorts(
                DynamoWebhookEvents(table(env.calls_table)),
                DynamoRateLimits(table(env.live_table)),
                now,
                lambda: str(uuid.uuid4()),
            ),
        ),
        now=now,
    )


def writers(env: WorkflowEnvironment, client: httpx.Client) -> dict[str, Summaries]:
    """By provider. Simulated calls are summarised offline everywhere, the vendors' where simulation is on."""
    offline = SimulatedSummaries()
    found: dict[str, Summaries] = {"simulated": offline}
    if env.call_simulation_mode:
        found |= {"openai": offline, "google": offline}
    if env.openai_api_key:
        found["openai"] = OpenAiSummaries(client, env.openai_api_key, env.openai_base_url)
    if env.gemini_api_key:
        found["google"] = GeminiSummaries(client, env.gemini_api_key, env.gemini_rest_base_url)
    return found
