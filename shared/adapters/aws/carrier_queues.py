"""Queues of carriers' calls on SQS: offers that wait for a media process, and calls that are to be placed."""

import json
from typing import Any

from shared.contracts.messages.whatsapp_offer import WhatsAppOffer

MAX_DELAY = 900


class SqsOffers:
    """See shared.ports.carrier_calls. `client` is a boto3 SQS client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def send(self, offer: WhatsAppOffer) -> None:
        """Put an offer where the next media process with room takes it."""
        self._client.send_message(QueueUrl=self._url, MessageBody=offer.model_dump_json())


class SqsOutboundQueue:
    """See shared.ports.carrier_calls. `client` is a boto3 SQS client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def place(self, company_id: str, outbound_id: str, delay: int = 0) -> None:
        """Ask for a call to be placed."""
        body = json.dumps({"company_id": company_id, "outbound_id": outbound_id})
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=min(delay, MAX_DELAY))
