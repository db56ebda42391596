"""Queues on SQS."""

import json
from typing import Any


class SqsQueue:
    """`client` is a boto3 SQS client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def call_ended(self, company_id: str, call_id: str) -> None:
        """Ask for a call to be closed."""
        body = json.dumps({"company_id": company_id, "call_id": call_id})
        self._client.send_message(QueueUrl=self._url, MessageBody=body)
