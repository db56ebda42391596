"""The platform's own secrets in Secrets Manager: providers' keys, and by what its origins know its front."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

VERSIONS = ("AWSCURRENT", "AWSPREVIOUS")
"""The one before counts where it says so, so that a secret can be changed while requests come."""


class PlatformSecrets:
    """`client` is a boto3 Secrets Manager client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def fields(self, secret_id: str) -> Mapping[str, str]:
        """The fields of a secret that is a JSON object of texts."""
        found: dict[str, str] = json.loads(self._client.get_secret_value(SecretId=secret_id)["SecretString"])
        return found

    def versions(self, secret_id: str) -> tuple[str, ...]:
        """The value in force and the one before, if there was one."""
        found = (self._version(secret_id, stage) for stage in VERSIONS)
        return tuple(value for value in found if value)

    def _version(self, secret_id: str, stage: str) -> str | None:
        try:
            answer = self._client.get_secret_value(SecretId=secret_id, VersionStage=stage)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        return str(answer["SecretString"])
