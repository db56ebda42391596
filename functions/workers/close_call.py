"""SQS consumer: puts an ended call's recording together, sums its price, counts it, and makes it searchable."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from functions.wiring import recording_ports, transcript_index, usage_counters
from shared.services.recordings import close_call
from shared.services.transcript_search import index_call
from shared.services.usage import count_call

log = Logger(service="close_call")


class CallEnded(BaseModel):
    """The message."""

    model_config = ConfigDict(extra="forbid")

    company_id: str = Field(min_length=1, max_length=64)
    call_id: str = Field(min_length=1, max_length=64)


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Lambda entry; names the messages that must come again."""
    failed = []
    for record in event["Records"]:
        try:
            message = CallEnded.model_validate(json.loads(record["body"]))
            ports, which = recording_ports(), (message.company_id, message.call_id)
            close_call(ports, *which)
            count_call(ports.calls, usage_counters(), *which)
            index_call(ports.calls, transcript_index(), *which)
        except Exception:  # one message's failure must not hold back the others of the batch
            log.exception("call not closed")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
