"""Lambda authorizer of the HTTP API: admits what came through our own front, known by a secret header.

Without it anybody could pass the front's firewall by calling the API's own host name, and name any visitor's address.
"""

import hmac
import os
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

HEADER = "x-origin-secret"
VERSIONS = ("AWSCURRENT", "AWSPREVIOUS")
"""The one before counts too, so that the secret can be changed while requests come."""
KEPT_SECONDS = 60.0

_known: tuple[float, tuple[str, ...]] = (-KEPT_SECONDS, ())


def handler(event: dict[str, Any], context: Any) -> dict[str, bool]:
    """Lambda entry: the simple response of an HTTP API's authorizer."""
    given = str(event.get("headers", {}).get(HEADER, ""))
    return {"isAuthorized": any(hmac.compare_digest(given.encode(), secret.encode()) for secret in _secrets())}


def _secrets() -> tuple[str, ...]:
    global _known
    if time.monotonic() - _known[0] > KEPT_SECONDS:
        client = boto3.client("secretsmanager", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
        found = (_secret(client, version) for version in VERSIONS)
        _known = (time.monotonic(), tuple(secret for secret in found if secret))
    return _known[1]


def _secret(client: Any, version: str) -> str | None:
    try:
        answer = client.get_secret_value(SecretId=os.environ["ORIGIN_SECRET_ID"], VersionStage=version)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    return str(answer["SecretString"])
