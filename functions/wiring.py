"""Builds what the functions use from their environment, once for each container."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from shared.adapters.aws.dynamo.calls import DynamoCalls, DynamoMediaTasks
from shared.adapters.aws.dynamo.kept_calls import DynamoKeptCalls
from shared.adapters.aws.dynamo.settings import DynamoChatbots, DynamoFleetCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.dynamo.transcript_index import DynamoTranscriptIndex
from shared.adapters.aws.dynamo.usage_counters import DynamoUsageCounters
from shared.adapters.aws.platform_secrets import PlatformSecrets
from shared.adapters.aws.s3 import S3Blobs
from shared.adapters.aws.search_documents import S3SearchDocuments
from shared.adapters.aws.sqs import SqsQueue
from shared.contracts.environment import FunctionEnvironment, ProviderEnvironment
from shared.services.reaping import ReapingPorts
from shared.services.retention import RetentionPorts


@cache
def environment() -> FunctionEnvironment:
    """This process's environment."""
    return FunctionEnvironment.read(os.environ)


@cache
def _client(service: str) -> Any:
    env = environment()
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}) if service == "s3" else None
    return boto3.client(service, region_name=env.aws_region, endpoint_url=env.aws_endpoint_url, config=config)  # type: ignore[call-overload]  # the service is a variable here


def now() -> datetime:
    return datetime.now(UTC)


def table(name: str) -> Table:
    return Table(_client("dynamodb"), name)


def calls() -> DynamoCalls:
    env = environment()
    return DynamoCalls(table(env.calls_table), table(env.live_table))


def blobs() -> S3Blobs:
    return S3Blobs(_client("s3"), environment().recordings_bucket)


def transcript_index() -> DynamoTranscriptIndex:
    return DynamoTranscriptIndex(table(environment().calls_table))


def usage_counters() -> DynamoUsageCounters:
    return DynamoUsageCounters(table(environment().calls_table))


def kms() -> Any:
    return _client("kms")


def sqs() -> Any:
    return _client("sqs")


def s3() -> Any:
    return _client("s3")


def step_functions() -> Any:
    return _client("stepfunctions")


def with_provider_keys[E: ProviderEnvironment](env: E) -> E:
    """The environment with the providers' keys of the platform's own secret, where it names one."""
    if env.provider_keys_secret_id is None:
        return env
    found = PlatformSecrets(_client("secretsmanager")).fields(env.provider_keys_secret_id)
    return env.model_copy(update={name: found.get(name) or None for name in ("openai_api_key", "gemini_api_key")})


def media_tasks() -> DynamoMediaTasks:
    """The media processes, as their heartbeats show them."""
    return DynamoMediaTasks(table(environment().live_table))


def reaping_ports() -> ReapingPorts:
    """What the reaper needs."""
    env = environment()
    return ReapingPorts(calls(), media_tasks(), blobs(), SqsQueue(_client("sqs"), env.call_ended_queue_url), now)


def retention_ports() -> RetentionPorts:
    """What retention needs."""
    env = environment()
    core, kept = table(env.core_table), DynamoKeptCalls(table(env.calls_table), table(env.ledger_table))
    search = S3SearchDocuments(s3(), env.recordings_bucket)
    return RetentionPorts(DynamoFleetCompanies(core), DynamoChatbots(core), calls(), kept, blobs(), search, now)
