"""The write-behind record of a call. Callers return at once; one task per call writes in order and retries.

A write that another process's higher epoch refuses means the call goes on elsewhere: `fenced` is called, once. The
message that asks for the recording is sent by `close`, after the recorder was closed, so that it finds every piece.
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
from shared.adapters.aws.media.batch_writer import BatchWriter
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

MAX_QUEUED_BYTES = 256 * 1024
OVERHEAD_BYTES = 200
RETRY_SECONDS = 0.1
LONGEST_RETRY = 2.0
FAILED_REASONS = {EndReason.ERROR, EndReason.PROVIDER_UNAVAILABLE}

HOPELESS = {"ValidationException"}
"""The request itself is wrong (an item over 400 KB, say): it would hold up everything behind it for ever."""

Write = Callable[[], Awaitable[None]]


class _Moved(Exception):
    """The record is not as it was read: read it again."""


class DynamoJournal:
    """`client` and `queue` are aiobotocore clients of DynamoDB and SQS; `epoch` tells the epoch we own now.

    `batch` is shared by the calls of a process.
    """

    def __init__(
        self,
        client: Any,
        batch: BatchWriter,
        queue: Any,
        record: CallRecord,
        *,
        table: str,
        queue_url: str,
        epoch: Callable[[], int],
        fenced: Callable[[], None],
        utc_now: Callable[[], datetime],
    ) -> None:
        self._client, self._batch, self._queue_client, self._record = client, batch, queue, record
        self._table, self._queue_url = table, queue_url
        self._epoch, self._fenced, self._utc_now = epoch, fenced, utc_now
        self._writes: deque[tuple[Write, int]] = deque()
        self._queued_bytes = 0
        self._checkpoint: Checkpoint | None = None
        self._ended_at: datetime | None = None
        self._worker: asyncio.Task[None] | None = None
        self._lost = False
        self._ours = 0

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
            self._add(self._write_checkpoint, 0)

    def finish(self, reason: EndReason, by: EndedBy, duration_ms: int, interruption_count: int) -> None:
        """Write the end into the record and have the recording assembled."""
        ended_at = self._utc_now()

        async def write() -> None:
            await self._write_end(reason, by, duration_ms, interruption_count, ended_at)

        self._add(write, 0)

    async def release(self) -> None:
        """See media_tier.ports."""
        self._add(self._write_release, 0)
        assert self._worker is not None
        await asyncio.shield(self._worker)

    async def close(self) -> None:
        """Wait until everything is stored, then ask for the call to be closed if it ended here."""
        if self._worker is not None:
            await asyncio.shield(self._worker)
        if self._ended_at is not None:
            self._ended_at = None
            self._add(self._ask_for_closing, 0)
            assert self._worker is not None
            await asyncio.shield(self._worker)

    def _put(self, item: dict[str, Any]) -> None:
        async def write() -> None:
            await self._batch.put(self._table, item)

        self._add(write, len(item["data"]["S"]) + OVERHEAD_BYTES)

    def _add(self, write: Write, size: int) -> None:
        """Queue a write; `size` 0 is always taken (there is one of each such kind)."""
        if size and self._queued_bytes + size > MAX_QUEUED_BYTES:
            log.error("journal full", extra={"queued_bytes": self._queued_bytes})
            return
        self._writes.append((write, size))
        self._queued_bytes += size
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        wait = RETRY_SECONDS
        while self._writes:
            write, size = self._writes[0]
            try:
                await write()
            except (BotoCoreError, ClientError, OSError, TimeoutError, _Moved) as error:
                if _may_succeed(error):
                    log.warning("journal write failed", extra={"kind": type(error).__name__})
                    await asyncio.sleep(wait * (0.5 + random.random()))
                    wait = min(LONGEST_RETRY, wait * 2)
                    continue
                log.error("journal write refused", extra={"kind": type(error).__name__})
            self._writes.popleft()
            self._queued_bytes -= size
            wait = RETRY_SECONDS

    async def _write_checkpoint(self) -> None:
        while (checkpoint := self._checkpoint) is not None and not self._lost:
            epoch = max(self._epoch(), self._ours)
            key = keys.checkpoint(self._record.company_id, self._record.call_id)
            try:
                await self._client.put_item(
                    TableName=self._table,
                    Item=to_item(key, checkpoint, 1, {"epoch": epoch}),
                    ConditionExpression="attribute_not_exists(epoch) OR epoch <= :mine",
                    ExpressionAttributeValues={":mine": {"N": str(epoch)}},
                )
            except ClientError as error:
                if not lost_condition(error):
                    raise
                if await self._is_ours():
                    raise _Moved from error
                self._lose()
            if self._checkpoint is checkpoint:
                self._checkpoint = None

    async def _is_ours(self) -> bool:
        """Whether this process owns the call under a higher epoch than the engine knows of.

        A caller is just coming back to it, or went away again before the engine was told.
        """
        stored, _ = await self._read()
        if stored is None or stored.ended_at is not None or stored.owner != self._record.owner:
            return False
        self._ours = stored.epoch
        return True

    async def _read(self) -> tuple[CallRecord | None, int]:
        key = keys.call(self._record.company_id, self._record.call_id)
        answer = await self._client.get_item(TableName=self._table, Key=key.attributes, ConsistentRead=True)
        item = answer.get("Item")
        return (None, 0) if item is None else (from_item(item, CallRecord), rev_of(item))

    async def _write_release(self) -> None:
        stored, rev = await self._read()
        if stored is None or stored.ended_at is not None or stored.owner != self._record.owner:
            return
        await self._replace(stored.model_copy(update={"moving": True}), rev)

    async def _replace(self, call: CallRecord, rev: int) -> None:
        """Store the record, unless it was changed since it was read."""
        key = keys.call(call.company_id, call.call_id)
        put = put_arguments(self._table, key, call, replaces=rev, extra=keys.call_extra(call))
        try:
            await self._client.put_item(**put)
        except ClientError as error:
            if lost_condition(error):
                raise _Moved from error
            raise

    async def _write_end(
        self, reason: EndReason, by: EndedBy, duration_ms: int, interruptions: int, ended_at: datetime
    ) -> None:
        stored, rev = await self._read()
        if stored is None:
            return
        if stored.ended_at == ended_at:
            self._ended_at = ended_at  # an earlier try arrived although its answer did not
            return
        if stored.ended_at is not None or stored.owner != self._record.owner:
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
        await self._replace(ended, rev)
        self._ended_at = ended_at
        if stored.epoch > self._epoch():
            await self._fence(stored)

    async def _fence(self, stored: CallRecord) -> None:
        """Whoever came back to this process at the very moment the call ended learns it by the next checkpoint."""
        await self._client.update_item(
            TableName=self._table,
            Key=keys.checkpoint(stored.company_id, stored.call_id).attributes,
            UpdateExpression="SET epoch = :epoch",
            ExpressionAttributeValues={":epoch": {"N": str(stored.epoch + 1)}},
        )

    async def _ask_for_closing(self) -> None:
        body = json.dumps({"company_id": self._record.company_id, "call_id": self._record.call_id})
        await self._queue_client.send_message(QueueUrl=self._queue_url, MessageBody=body)

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._fenced()


def _may_succeed(error: Exception) -> bool:
    return not (isinstance(error, ClientError) and error.response["Error"]["Code"] in HOPELESS)
