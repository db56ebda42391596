"""The write-behind record of a call. Callers return at once; one task per call writes in order and retries.

A write that another process's higher epoch refuses means the call goes on elsewhere: `fenced` is called, once.
"""

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import from_item, lost_condition, put_arguments, rev_of, to_item
from shared.contracts.records.call import (
    CallRecord,
    CallStatus,
    Checkpoint,
    EndedBy,
    EndReason,
    TranscriptSegment,
    UsageEntry,
)

log = logging.getLogger(__name__)

MAX_QUEUED = 2000
RETRY_SECONDS = 0.1
LONGEST_RETRY = 2.0
FAILED_REASONS = {EndReason.ERROR, EndReason.PROVIDER_UNAVAILABLE}

Write = Callable[[], Awaitable[None]]


class DynamoJournal:
    """`client` and `queue` are aiobotocore clients of DynamoDB and SQS; `epoch` tells the epoch we own now."""

    def __init__(
        self,
        client: Any,
        queue: Any,
        record: CallRecord,
        *,
        table: str,
        queue_url: str,
        epoch: Callable[[], int],
        fenced: Callable[[], None],
        utc_now: Callable[[], datetime],
    ) -> None:
        self._client, self._queue_client, self._record = client, queue, record
        self._table, self._queue_url = table, queue_url
        self._epoch, self._fenced, self._utc_now = epoch, fenced, utc_now
        self._writes: deque[Write] = deque()
        self._checkpoint: Checkpoint | None = None
        self._worker: asyncio.Task[None] | None = None
        self._lost = False

    def transcript(self, segment: TranscriptSegment) -> None:
        """Store a segment."""
        key = keys.segment(self._record.company_id, self._record.call_id, segment.segment_id)
        self._put(to_item(key, segment, 1))

    def usage(self, entry: UsageEntry) -> None:
        """Store a usage entry."""
        key = keys.usage(self._record.company_id, self._record.call_id, entry.usage_id)
        self._put(to_item(key, entry, 1))

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store the newest checkpoint; older ones that wait are skipped."""
        waiting, self._checkpoint = self._checkpoint is not None, checkpoint
        if not waiting:
            self._add(self._write_checkpoint)

    def finish(self, reason: EndReason, by: EndedBy, duration_ms: int, interruption_count: int) -> None:
        """Write the end into the record and have the recording assembled."""
        ended_at = self._utc_now()

        async def write() -> None:
            await self._write_end(reason, by, duration_ms, interruption_count, ended_at)

        self._add(write)

    async def close(self) -> None:
        """Wait until everything is stored."""
        if self._worker is not None:
            await asyncio.shield(self._worker)

    def _put(self, item: dict[str, Any]) -> None:
        async def write() -> None:
            await self._client.put_item(TableName=self._table, Item=item)

        self._add(write)

    def _add(self, write: Write) -> None:
        if len(self._writes) >= MAX_QUEUED:
            log.error("journal full", extra={"queued": len(self._writes)})
            return
        self._writes.append(write)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        wait = RETRY_SECONDS
        while self._writes:
            try:
                await self._writes[0]()
            except (BotoCoreError, ClientError, OSError, TimeoutError) as error:
                log.warning("journal write failed", extra={"kind": type(error).__name__})
                await asyncio.sleep(wait * (0.5 + random.random()))
                wait = min(LONGEST_RETRY, wait * 2)
                continue
            self._writes.popleft()
            wait = RETRY_SECONDS

    async def _write_checkpoint(self) -> None:
        checkpoint, self._checkpoint = self._checkpoint, None
        if checkpoint is None or self._lost:
            return
        item = to_item(
            keys.checkpoint(self._record.company_id, self._record.call_id), checkpoint, 1, {"epoch": self._epoch()}
        )
        try:
            await self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(epoch) OR epoch <= :mine",
                ExpressionAttributeValues={":mine": {"N": str(self._epoch())}},
            )
        except ClientError as error:
            if not lost_condition(error):
                self._checkpoint = self._checkpoint or checkpoint
                raise
            self._lose()

    async def _write_end(
        self, reason: EndReason, by: EndedBy, duration_ms: int, interruptions: int, ended_at: datetime
    ) -> None:
        key = keys.call(self._record.company_id, self._record.call_id)
        answer = await self._client.get_item(TableName=self._table, Key=key.attributes, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return
        stored = from_item(item, CallRecord)
        if stored.epoch != self._epoch() or stored.ended_at is not None:
            self._lose()
            return
        ended = stored.model_copy(
            update={
                "status": CallStatus.FAILED if reason in FAILED_REASONS else CallStatus.COMPLETED,
                "end_reason": reason,
                "ended_by": by,
                "ended_at": ended_at,
                "duration_ms": duration_ms,
                "interruption_count": interruptions,
                "owner": None,
            }
        )
        put = put_arguments(self._table, key, ended, replaces=rev_of(item), extra=keys.call_extra(ended))
        try:
            await self._client.put_item(**put)
        except ClientError as error:
            if lost_condition(error):
                await self._write_end(reason, by, duration_ms, interruptions, ended_at)
                return
            raise
        body = json.dumps({"company_id": stored.company_id, "call_id": stored.call_id})
        await self._queue_client.send_message(QueueUrl=self._queue_url, MessageBody=body)

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._fenced()
