"""Builds what the functions use from their environment, once for each container."""

import os
import secrets
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from fastapi import Request

from functions.public_api.app import PublicApi
from shared.adapters.aws.dynamo.access_log import DynamoAccessLog
from shared.adapters.aws.dynamo.call_slots import DynamoCallSlots
from shared.adapters.aws.dynamo.calls import DynamoCalls, DynamoMediaTasks, DynamoRateLimits, DynamoSessions
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.s3 import S3Blobs
from shared.adapters.aws.sqs import SqsQueue
from shared.contracts.environment import FunctionEnvironment
from shared.domain.origins import origin_of
from shared.services.after_call import AfterCallPorts
from shared.services.reaping import ReapingPorts
from shared.services.recordings import RecordingPorts
from shared.services.sessions import SessionPorts


@cache
def environment() -> FunctionEnvironment:
    """This process's environment."""
    return FunctionEnvironment.read(os.environ)


@cache
def _client(service: str) -> Any:
    env = environment()
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}) if service == "s3" else None
    return boto3.client(service, region_name=env.aws_region, endpoint_url=env.aws_endpoint_url, config=config)  # type: ignore[call-overload]  # the service is a variable here


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())


def _table(name: str) -> Table:
    return Table(_client("dynamodb"), name)


def _calls() -> DynamoCalls:
    env = environment()
    return DynamoCalls(_table(env.calls_table), _table(env.live_table))


def _blobs() -> S3Blobs:
    return S3Blobs(_client("s3"), environment().recordings_bucket)


def public_api() -> PublicApi:
    """What the public API acts upon."""
    env = environment()
    core, live = _table(env.core_table), _table(env.live_table)
    chatbots = DynamoChatbots(core)
    sessions = SessionPorts(
        companies=DynamoCompanies(core),
        chatbots=chatbots,
        models=DynamoAiModels(core),
        calls=_calls(),
        rates=DynamoRateLimits(live),
        slots=DynamoCallSlots(_table(env.calls_table), live),
        now=_now,
        new_id=_new_id,
        new_token=lambda: secrets.token_urlsafe(32),
        own_origin=origin_of(env.public_base_url),
    )
    accesses = DynamoAccessLog(_table(env.ledger_table))
    after = AfterCallPorts(_calls(), chatbots, DynamoSessions(live), _blobs(), accesses, _now, _new_id)
    return PublicApi(sessions, after, env.public_base_url, _address)


def _address(request: Request) -> str:
    """The visitor's address as the front of the platform saw it (never what the visitor claims)."""
    event = request.scope.get("aws.event") or {}
    source = event.get("requestContext", {}).get("http", {}).get("sourceIp")
    return str(source or (request.client.host if request.client else "unknown"))


def recording_ports() -> RecordingPorts:
    """What closing a call needs."""
    return RecordingPorts(_calls(), _blobs())


def reaping_ports() -> ReapingPorts:
    """What the reaper needs."""
    env = environment()
    tasks = DynamoMediaTasks(_table(env.live_table))
    return ReapingPorts(_calls(), tasks, _blobs(), SqsQueue(_client("sqs"), env.call_ended_queue_url), _now)
