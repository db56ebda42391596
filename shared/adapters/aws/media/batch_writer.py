"""Puts of every call of a process, gathered into few requests: a request costs the process far more than an item.

Invariant: a put returns once its item is stored, or raises what storing it raised; puts of one key are stored in order.
Source: DynamoDB API reference, BatchWriteItem (25 items, no two with the same key, no conditions).
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

MOST_ITEMS = 25
GATHER_SECONDS = 0.05
RETRY_SECONDS = 0.1


@dataclass(slots=True)
class _Put:
    table: str
    item: dict[str, Any]
    stored: asyncio.Future[None]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.table, self.item["PK"]["S"], self.item["SK"]["S"]


class BatchWriter:
    """`client` is an aiobotocore client of DynamoDB."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._waiting: deque[_Put] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def put(self, table: str, item: dict[str, Any]) -> None:
        """Store an item unconditionally. Raises what botocore raises."""
        put = _Put(table, item, asyncio.get_running_loop().create_future())
        self._waiting.append(put)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())
        await put.stored

    async def _work(self) -> None:
        while self._waiting:
            if len(self._waiting) < MOST_ITEMS:
                await asyncio.sleep(GATHER_SECONDS)
            batch = self._take()
            try:
                left = await self._store(batch)
            except (BotoCoreError, ClientError, OSError, TimeoutError) as error:
                _settle(batch, error)
                continue
            if left:
                self._waiting.extendleft(reversed(left))
                await asyncio.sleep(RETRY_SECONDS)

    def _take(self) -> list[_Put]:
        batch: dict[tuple[str, str, str], _Put] = {}
        while self._waiting and len(batch) < MOST_ITEMS and self._waiting[0].key not in batch:
            put = self._waiting.popleft()
            batch[put.key] = put
        return list(batch.values())

    async def _store(self, batch: list[_Put]) -> list[_Put]:
        """Settles what was stored or refused; returns what the table had no capacity for."""
        requests: dict[str, list[dict[str, Any]]] = {}
        for put in batch:
            requests.setdefault(put.table, []).append({"PutRequest": {"Item": put.item}})
        try:
            answer = await self._client.batch_write_item(RequestItems=requests)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException" or len(batch) == 1:
                raise
            for put in batch:  # one of them is wrong: the others must not suffer for it
                await self._store_alone(put)
            return []
        refused = {
            (table, request["PutRequest"]["Item"]["PK"]["S"], request["PutRequest"]["Item"]["SK"]["S"])
            for table, left in answer.get("UnprocessedItems", {}).items()
            for request in left
        }
        _settle([put for put in batch if put.key not in refused])
        return [put for put in batch if put.key in refused]

    async def _store_alone(self, put: _Put) -> None:
        try:
            await self._client.put_item(TableName=put.table, Item=put.item)
        except (BotoCoreError, ClientError, OSError, TimeoutError) as error:
            _settle([put], error)
        else:
            _settle([put])


def _settle(puts: list[_Put], error: Exception | None = None) -> None:
    for put in puts:
        if put.stored.done():  # whoever waited was cancelled
            continue
        if error is None:
            put.stored.set_result(None)
        else:
            put.stored.set_exception(error)
