"""SQS consumer: starts the work after a call that has ended. A message that comes twice starts nothing twice."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from functions.wiring import calls, now
from functions.workers.wiring import executions
from shared.services.call_closing import start_closing

log = Logger(service="close_call")


class CallEnded(BaseModel):
    """The message."""

    model_config = ConfigDict(extra="forbid")

    company_id: str = Field(min_length=1, max_length=64)
    call_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Lambda entry; names the messages that must come again."""
    failed = []
    for record in event["Records"]:
        try:
            message = CallEnded.model_validate(json.loads(record["body"]))
            start_closing((calls(), executions()), message.company_id, message.call_id, now())
        except Exception:  # one message's failure must not hold back the others of the batch
            log.exception("work after a call not started")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
