"""WhatsApp offers on SQS, for media processes. What cannot be read is left to the queue's redrive policy."""

import logging
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.ports.whatsapp_offers import ReceivedOffer

log = logging.getLogger(__name__)

WAIT_SECONDS = 10
HIDDEN_SECONDS = 10
"""From delivery to claim; a process that dies in between costs the caller this much of the time to answer."""


class SqsOffers:
    """See shared.ports.whatsapp_offers. `client` is an aiobotocore SQS client."""

    def __init__(self, client: Any, queue_url: str, *, wait_seconds: int = WAIT_SECONDS) -> None:
        self._client, self._url, self._wait = client, queue_url, wait_seconds

    async def receive(self, limit: int) -> Sequence[ReceivedOffer]:
        """See the port."""
        answer = await self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=max(1, min(10, limit)),
            WaitTimeSeconds=self._wait,
            VisibilityTimeout=HIDDEN_SECONDS,
        )
        received = []
        for message in answer.get("Messages", ()):
            try:
                offer = WhatsAppOffer.model_validate_json(message["Body"])
            except ValidationError:
                # The error would quote the message, which holds a token.
                log.error("an offer could not be read", extra={"message_id": message["MessageId"]})
            else:
                received.append(ReceivedOffer(offer, message["ReceiptHandle"]))
        return received

    async def done(self, receipt: str) -> None:
        """See the port."""
        await self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)

    async def give_back(self, receipt: str) -> None:
        """See the port."""
        await self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0)
