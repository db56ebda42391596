"""Builds what the functions use from their environment, once for each container."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from shared.adapters.aws.dynamo.calls import DynamoCalls, DynamoMediaTasks
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.s3 import S3Blobs
from shared.adapters.aws.sqs import SqsQueue
from shared.contracts.environment import FunctionEnvironment
from shared.services.reaping import ReapingPorts
from shared.services.recordings import RecordingPorts


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


def kms() -> Any:
    return _client("kms")


def sqs() -> Any:
    return _client("sqs")


def recording_ports() -> RecordingPorts:
    """What closing a call needs."""
    return RecordingPorts(calls(), blobs())


def media_tasks() -> DynamoMediaTasks:
    """The media processes, as their heartbeats show them."""
    return DynamoMediaTasks(table(environment().live_table))


def reaping_ports() -> ReapingPorts:
    """What the reaper needs."""
    env = environment()
    return ReapingPorts(calls(), media_tasks(), blobs(), SqsQueue(_client("sqs"), env.call_ended_queue_url), now)
