"""Runs what schedules, queues and workflows run on AWS: the reaper every few seconds, the retention once a day, the
consumers of the queues, and the tasks of the workflow after calls, which the emulator's Step Functions calls.
"""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from functions.schedules import reap_calls, retention
from functions.workers import close_call, place_call, render_prompts
from infra.local import aws, workflow

log = logging.getLogger(__name__)

REAP_SECONDS = 5.0
RETENTION_SECONDS = 24 * 3600.0
Handler = Callable[[dict[str, Any], Any], dict[str, list[dict[str, str]]]]
Scheduled = Callable[[dict[str, Any], Any], Any]
CONSUMERS: tuple[tuple[str, str, Handler, int], ...] = (
    ("close_call", "CALL_ENDED_QUEUE_URL", close_call.handler, 30),
    ("place_call", "PLACE_CALL_QUEUE_URL", place_call.handler, 30),
    ("render_prompts", "RENDER_PROMPTS_QUEUE_URL", render_prompts.handler, 300),
)
"""With the seconds after which a message that was not finished comes again."""


def _context(name: str) -> Any:
    return SimpleNamespace(function_name=name, aws_request_id=name, invoked_function_arn=name, memory_limit_in_mb=512)


async def repeat(stop: asyncio.Event, name: str, handler: Scheduled, seconds: float) -> None:
    """Invoke a scheduled function until stopped."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(handler, {}, _context(name))
        except Exception:  # as on AWS: a failed run is logged and the next one tries again
            log.exception("a scheduled function failed", extra={"function": name})
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            continue


async def consume(stop: asyncio.Event, name: str, url: str, handler: Handler, seconds: int) -> None:
    """Long-poll a queue and hand its messages over in batches; failed ones come back after a while."""
    sqs = aws.client("sqs", os.environ["AWS_ENDPOINT_URL"])
    while not stop.is_set():
        answer = await asyncio.to_thread(
            sqs.receive_message,
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            VisibilityTimeout=seconds,
            AttributeNames=["ApproximateReceiveCount"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            continue
        event = {"Records": [_record(message) for message in messages]}
        try:
            result = await asyncio.to_thread(handler, event, _context(name))
        except Exception:  # as on AWS: the whole batch becomes visible again
            log.exception("a worker failed", extra={"worker": name})
            continue
        failed = {item["itemIdentifier"] for item in (result or {}).get("batchItemFailures", [])}
        for message in messages:
            if message["MessageId"] not in failed:
                await asyncio.to_thread(sqs.delete_message, QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:call-ended",
        "awsRegion": aws.REGION,
        "md5OfBody": message.get("MD5OfBody", ""),
    }


async def main() -> None:
    """Run all of them until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    functions = workflow.FunctionServer()
    os.environ.update(await asyncio.to_thread(workflow.publish, os.environ, functions.url))
    async with asyncio.TaskGroup() as group:
        group.create_task(repeat(stop, "reap_calls", reap_calls.handler, REAP_SECONDS))
        group.create_task(repeat(stop, "retention", retention.handler, RETENTION_SECONDS))
        for name, variable, handler, seconds in CONSUMERS:
            group.create_task(consume(stop, name, os.environ[variable], handler, seconds))
    functions.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format=json.dumps({"level": "%(levelname)s", "message": "%(message)s"}))
    asyncio.run(main())
