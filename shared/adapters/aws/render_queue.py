"""The queue of chatbots whose sentences are to be rendered, on SQS."""

import json
import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)


class SqsRenderQueue:
    """See shared.ports.render_queue. `client` is a boto3 SQS client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def render(self, company_id: str, chatbot_id: str) -> None:
        """Ask for it."""
        body = json.dumps({"company_id": company_id, "chatbot_id": chatbot_id})
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            log.error("sentences are not rendered", extra={"chatbot_id": chatbot_id, "kind": type(error).__name__})
