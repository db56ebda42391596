"""SQS consumer: places calls that were asked for. A message that comes twice places nothing twice."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from functions.carriers.wiring import outbound_ports
from shared.services.call_placement import PlaceLater, place

log = Logger(service="place_call")


class PlaceCall(BaseModel):
    """The message."""

    model_config = ConfigDict(extra="forbid")

    company_id: str = Field(min_length=1, max_length=64)
    outbound_id: str = Field(min_length=1, max_length=64)


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Lambda entry; names the messages that must come again."""
    failed = []
    for record in event["Records"]:
        try:
            message = PlaceCall.model_validate(json.loads(record["body"]))
            _place(message)
        except Exception as error:  # one message's failure must not hold back the others of the batch
            log.error("call not placed", extra={"kind": type(error).__name__})  # its words may hold a number
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _place(message: PlaceCall) -> None:
    """Place it now, or ask for it to be placed a little later."""
    ports = outbound_ports()
    try:
        place(ports, message.company_id, message.outbound_id)
    except PlaceLater as later:
        ports.queue.place(message.company_id, message.outbound_id, later.seconds)
