"""Runs what schedules and queues run on AWS: the reaper every few seconds, and the consumers of the queues."""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from functions.schedules import reap_calls
from functions.workers import close_call, place_call
from infra.local import aws

log = logging.getLogger(__name__)

REAP_SECONDS = 5.0
Handler = Callable[[dict[str, Any], Any], dict[str, list[dict[str, str]]]]
CONSUMERS: tuple[tuple[str, str, Handler], ...] = (
    ("close_call", "CALL_ENDED_QUEUE_URL", close_call.handler),
    ("place_call", "PLACE_CALL_QUEUE_URL", place_call.handler),
)


def _context(name: str) -> Any:
    return SimpleNamespace(function_name=name, aws_request_id=name, invoked_function_arn=name, memory_limit_in_mb=512)


async def reap(stop: asyncio.Event) -> None:
    """Invoke the reaper until stopped."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(reap_calls.handler, {}, _context("reap_calls"))
        except Exception:  # as on AWS: a failed run is logged and the next one tries again
            log.exception("the reaper failed")
        try:
            await asyncio.wait_for(stop.wait(), REAP_SECONDS)
        except TimeoutError:
            continue


async def consume(stop: asyncio.Event, name: str, url: str, handler: Handler) -> None:
    """Long-poll a queue and hand its messages over in batches; failed ones come back after a while."""
    sqs = aws.client("sqs", os.environ["AWS_ENDPOINT_URL"])
    while not stop.is_set():
        answer = await asyncio.to_thread(
            sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=30
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
        "attributes": {},
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
    async with asyncio.TaskGroup() as group:
        group.create_task(reap(stop))
        for name, variable, handler in CONSUMERS:
            group.create_task(consume(stop, name, os.environ[variable], handler))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format=json.dumps({"level": "%(levelname)s", "message": "%(message)s"}))
    asyncio.run(main())
