"""Builds what the origin guard compares with, once for each container."""

import os
import time

import boto3

from functions.origin_guard.guard import OriginGuard
from shared.adapters.aws.platform_secrets import PlatformSecrets
from shared.contracts.environment import OriginGuardEnvironment


def guard() -> OriginGuard:
    """The guard."""
    env = OriginGuardEnvironment.read(os.environ)
    secrets = PlatformSecrets(
        boto3.client("secretsmanager", region_name=env.aws_region, endpoint_url=env.aws_endpoint_url)
    )
    return OriginGuard(lambda: secrets.versions(env.origin_secret_id), time.monotonic)
