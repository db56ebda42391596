"""Joining calls, asynchronously: one transaction checks the token and makes this process the owner."""

import asyncio
import hashlib
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item, Key, from_item, lost_condition, put_arguments, rev_of, to_item
from shared.contracts.records.call import (
    CallRecord,
    CallStatus,
    Checkpoint,
    MediaTask,
    Session,
    TranscriptSegment,
)
from shared.ports.media_store import Claimed, ClaimRefused

HEARTBEAT_SECONDS_KEPT = 120
ATTEMPTS = 6
RETRY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Joining:
    """A socket's attempt to join; the resume token is the one it gets if it may."""

    task_id: str
    resume_token: str
    now: datetime
    carrier_call_id: str | None = None

    @property
    def resume_hash(self) -> str:
        """As it is stored."""
        return hashlib.sha256(self.resume_token.encode()).hexdigest()


class DynamoCallStore:
    """`client` is an aiobotocore DynamoDB client; `token` makes fresh random tokens."""

    def __init__(
        self, client: Any, *, calls: str, live: str, token: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    ) -> None:
        self._client, self._calls, self._live, self._token = client, calls, live, token

    async def claim(
        self,
        session_id: str,
        token_hash: str,
        origin: str,
        task_id: str,
        now: datetime,
        carrier_call_id: str | None = None,
    ) -> Claimed:
        """See shared.ports.media_store.

        A write that loses is decided anew (by then another socket may have won), and so is one whose answer is lost.
        """
        joining = Joining(task_id, self._token(), now, carrier_call_id)
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(RETRY_SECONDS * attempt * (0.5 + random.random()))
            claimed = await self._try(session_id, token_hash, origin, joining)
            if claimed is not None:
                return claimed
        raise ClaimRefused("unavailable")

    async def expects(self, session_id: str, token_hash: str, origin: str, now: datetime) -> bool:
        """Whether `claim` would take this token now."""
        item = await self._get(self._live, keys.session(session_id))
        if item is None:
            return False
        try:
            self._check(from_item(item, Session), token_hash, origin, now)
        except ClaimRefused:
            return False
        return True

    async def _try(self, session_id: str, token_hash: str, origin: str, joining: Joining) -> Claimed | None:
        session_item = await self._get(self._live, keys.session(session_id))
        if session_item is None:
            raise ClaimRefused("unauthorized")
        session = from_item(session_item, Session)
        call_item = await self._get(self._calls, keys.call(session.company_id, session.call_id))
        call = None if call_item is None else from_item(call_item, CallRecord)
        if session.resume_hash == joining.resume_hash and call is not None and call.owner == joining.task_id:
            return await self._claimed(session, call, joining)  # an earlier try arrived, its answer did not
        self._check(session, token_hash, origin, joining.now)
        if call is None or call_item is None:
            raise ClaimRefused("unavailable")
        if joining.carrier_call_id is not None and call.carrier_call_id not in (None, joining.carrier_call_id):
            raise ClaimRefused("unauthorized")
        if call.status in (CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.ABANDONED):
            raise ClaimRefused("over")
        joined = session.model_copy(update={"token_used": True, "resume_hash": joining.resume_hash})
        owned = call.model_copy(
            update={
                "owner": joining.task_id,
                "epoch": call.epoch + 1,
                "moving": False,
                "status": CallStatus.ACTIVE,
                "started_at": call.started_at or joining.now,
            }
        )
        if not await self._write(joined, rev_of(session_item), owned, rev_of(call_item)):
            return None
        return await self._claimed(joined, owned, joining)

    async def _claimed(self, session: Session, call: CallRecord, joining: Joining) -> Claimed:
        """With what is remembered of the call, if it was joined before."""
        resumed = call.epoch > 1
        checkpoint, transcript = (None, ()) if not resumed else await self._memory(call)
        return Claimed(session, call, resumed, joining.resume_token, checkpoint, transcript)

    async def heartbeat(self, task: MediaTask) -> None:
        """Say that this process lives."""
        expires = int(task.heartbeat_at.timestamp()) + HEARTBEAT_SECONDS_KEPT
        item = to_item(keys.media_task(task.task_id), task, 1, {"expires": expires})
        await self._client.put_item(TableName=self._live, Item=item)

    def _check(self, session: Session, token_hash: str, origin: str, now: datetime) -> None:
        """Raises if the socket may not join."""
        if now >= session.expires_at:
            raise ClaimRefused("unauthorized")
        first = secrets.compare_digest(session.token_hash, token_hash)
        again = session.resume_hash is not None and secrets.compare_digest(session.resume_hash, token_hash)
        if not again and (not first or session.token_used or now >= session.connect_by):
            raise ClaimRefused("unauthorized")
        if origin != session.origin:
            raise ClaimRefused("origin")

    async def _write(self, session: Session, session_rev: int, call: CallRecord, call_rev: int) -> bool:
        """Whether session and call were still as they were read."""
        call_key = keys.call(call.company_id, call.call_id)
        checkpoint = keys.checkpoint(call.company_id, call.call_id)
        session_put = put_arguments(self._live, keys.session(session.session_id), session, replaces=session_rev)
        call_put = put_arguments(self._calls, call_key, call, replaces=call_rev, extra=keys.call_extra(call))
        fence = {
            "TableName": self._calls,
            "Key": checkpoint.attributes,
            "UpdateExpression": "SET epoch = :epoch",
            "ExpressionAttributeValues": {":epoch": {"N": str(call.epoch)}},
        }
        session_put["Item"]["expires"] = {"N": str(int(session.expires_at.timestamp()))}
        try:
            await self._client.transact_write_items(
                TransactItems=[{"Put": session_put}, {"Put": call_put}, {"Update": fence}]
            )
        except ClientError as error:
            if lost_condition(error) or _may_have_arrived(error):
                return False
            raise
        except (BotoCoreError, OSError, TimeoutError):
            return False
        return True

    async def _memory(self, call: CallRecord) -> tuple[Checkpoint | None, Sequence[TranscriptSegment]]:
        pk = keys.call(call.company_id, call.call_id).pk
        item = await self._get(self._calls, keys.checkpoint(call.company_id, call.call_id))
        checkpoint = from_item(item, Checkpoint) if item is not None and "data" in item else None
        if checkpoint is None:
            checkpoint = Checkpoint(epoch=call.epoch, at_ms=0, core={})
        segments: list[TranscriptSegment] = []
        pages = self._client.get_paginator("query").paginate(
            TableName=self._calls,
            ConsistentRead=True,
            KeyConditionExpression="PK = :pk AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": "SEG#"}},
        )
        async for page in pages:
            segments += [from_item(found, TranscriptSegment) for found in page["Items"]]
        return checkpoint, sorted(segments, key=lambda segment: segment.start_ms)

    async def _get(self, table: str, key: Key) -> Item | None:
        answer = await self._client.get_item(TableName=table, Key=key.attributes, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item


def _may_have_arrived(error: ClientError) -> bool:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500
