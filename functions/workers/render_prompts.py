"""SQS consumer: renders the fixed sentences of chatbots whose settings changed, in their own voices.

A message that comes twice renders nothing twice: what is there already is left alone. What a provider will not say is
tried a few times and then left to it during calls.
"""

import asyncio
import json
from typing import Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from functions.speech.wiring import speaking_ports
from shared.services.speaking import render_chatbot

log = Logger(service="render_prompts")

ATTEMPTS = 3


class RenderPrompts(BaseModel):
    """The message."""

    model_config = ConfigDict(extra="forbid")

    company_id: str = Field(min_length=1, max_length=64)
    chatbot_id: str = Field(min_length=1, max_length=64)


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Lambda entry; names the messages that must come again."""
    failed = []
    for record in event["Records"]:
        try:
            message = RenderPrompts.model_validate(json.loads(record["body"]))
            rendered = asyncio.run(render_chatbot(speaking_ports(), message.company_id, message.chatbot_id))
            log.info("sentences rendered", extra={"chatbot_id": message.chatbot_id, "count": rendered})
        except Exception as error:  # one message's failure must not hold back the others of the batch
            attempt = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
            log.error("sentences not rendered", extra={"kind": type(error).__name__, "attempt": attempt})
            if attempt < ATTEMPTS:
                failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
