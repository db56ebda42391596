"""Calls, sessions, media processes and rate limits (tables `calls` and `live`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import from_item, lost_condition, put_arguments, rev_of
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict
from shared.contracts.records.call import (
    CallRecord,
    Checkpoint,
    Feedback,
    MediaTask,
    Session,
    TranscriptSegment,
    UsageEntry,
)


class DynamoCalls:
    """See shared.ports.repositories."""

    def __init__(self, calls: Table, live: Table) -> None:
        self._calls, self._live = calls, live

    def open(self, call: CallRecord, session: Session) -> None:
        """Store a new call and its session together."""
        call_key = keys.call(call.company_id, call.call_id)
        expires = {"expires": int(session.expires_at.timestamp())}
        puts = [
            put_arguments(self._calls.name, call_key, call, replaces=None, extra=keys.call_extra(call)),
            put_arguments(self._live.name, keys.session(session.session_id), session, replaces=None, extra=expires),
        ]
        self._calls.client.transact_write_items(TransactItems=[{"Put": put} for put in puts])

    def get(self, company_id: str, call_id: str) -> CallRecord | None:
        """A call of this company."""
        return self._calls.get(keys.call(company_id, call_id), CallRecord)

    def replace(self, call: CallRecord, changes: dict[str, Any]) -> CallRecord | None:
        """Change a call if it is still as it was read; None if it is not."""
        key = keys.call(call.company_id, call.call_id)
        item = self._calls.item(key)
        if item is None or from_item(item, CallRecord) != call:
            return None
        changed = call.model_copy(update=changes)
        try:
            self._calls.replace(key, changed, rev_of(item), keys.call_extra(changed))
        except Conflict:
            return None
        if changed.epoch > call.epoch:
            self._fence(changed)
        return changed

    def _fence(self, call: CallRecord) -> None:
        """Refuse what the former owner still writes (its checkpoints name its epoch)."""
        self._calls.client.update_item(
            TableName=self._calls.name,
            Key=keys.checkpoint(call.company_id, call.call_id).attributes,
            UpdateExpression="SET epoch = :epoch",
            ExpressionAttributeValues={":epoch": {"N": str(call.epoch)}},
        )

    def live(self) -> Sequence[CallRecord]:
        """Every call that has not ended."""
        return self._calls.index("GSI2", "LIVE", CallRecord)

    def unclosed(self) -> Sequence[CallRecord]:
        """Every call that has ended and whose books are still open."""
        return self._calls.index("GSI2", "CLOSING", CallRecord)

    def transcript(self, company_id: str, call_id: str) -> Sequence[TranscriptSegment]:
        """What was said, in order."""
        found = self._calls.query(keys.call(company_id, call_id).pk, "SEG#", TranscriptSegment)
        return sorted(found, key=lambda segment: segment.start_ms)

    def checkpoint(self, company_id: str, call_id: str) -> Checkpoint | None:
        """The newest state of the call core."""
        return self._calls.get(keys.checkpoint(company_id, call_id), Checkpoint)

    def usage(self, company_id: str, call_id: str) -> Sequence[UsageEntry]:
        """What the provider reported."""
        return self._calls.query(keys.call(company_id, call_id).pk, "USE#", UsageEntry)

    def save_feedback(self, company_id: str, call_id: str, feedback: Feedback) -> None:
        """Store the caller's feedback; the latest counts."""
        self._calls.put(keys.feedback(company_id, call_id), feedback)

    def feedback(self, company_id: str, call_id: str) -> Feedback | None:
        """What the caller thought, if they said."""
        return self._calls.get(keys.feedback(company_id, call_id), Feedback)


class DynamoSessions:
    """See shared.ports.repositories."""

    def __init__(self, live: Table) -> None:
        self._live = live

    def get(self, session_id: str) -> Session | None:
        """A session."""
        return self._live.get(keys.session(session_id), Session)


class DynamoMediaTasks:
    """See shared.ports.repositories."""

    def __init__(self, live: Table) -> None:
        self._live = live

    def all(self) -> Sequence[MediaTask]:
        """Every process that was heard of lately."""
        answer = self._live.client.query(
            TableName=self._live.name,
            ConsistentRead=True,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": "TASKS"}},
        )
        return [from_item(item, MediaTask) for item in answer["Items"]]


class DynamoRateLimits:
    """Counted by conditional updates, so that parallel requests cannot pass a limit together."""

    def __init__(self, live: Table) -> None:
        self._live = live

    def take(self, name: str, limit: int, window_seconds: int, now: datetime) -> bool:
        """See shared.ports.repositories."""
        window = int(now.timestamp()) // window_seconds
        try:
            self._live.client.update_item(
                TableName=self._live.name,
                Key=keys.rate(name, str(window)).attributes,
                UpdateExpression="ADD taken :one SET expires = :expires",
                ConditionExpression="attribute_not_exists(taken) OR taken < :limit",
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":limit": {"N": str(limit)},
                    ":expires": {"N": str((window + 2) * window_seconds)},
                },
            )
        except ClientError as error:
            if lost_condition(error):
                return False
            raise
        return True
