"""The ledger of the work after calls (table `calls`): one item for each step of each call that is done."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import (
    from_item,
    lost_condition,
    put_arguments,
    rev_of,
    to_item,
)
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict, Unavailable
from shared.contracts.records.after_call import CallEvent, Noted, Step, StepDone
from shared.contracts.records.call import CallRecord, TranscriptSegment, UsageEntry
from shared.contracts.settings.webhook_endpoint import WebhookEndpoint
from shared.ports.after_call import OpenedCall

ATTEMPTS = 8
"""Steps that run side by side change the same record."""


class DynamoStepLedger:
    """See shared.ports.after_call."""

    def __init__(self, calls: Table) -> None:
        self._calls = calls

    def open(self, company_id: str, call_id: str) -> OpenedCall | None:
        """Record and ledger as they were at one moment. Raises Unavailable while somebody is always writing them."""
        wanted = [keys.call(company_id, call_id), *(keys.step(company_id, call_id, step.value) for step in Step)]
        gets = [{"Get": {"TableName": self._calls.name, "Key": key.attributes}} for key in wanted]
        for _ in range(ATTEMPTS):
            try:
                answer = self._calls.client.transact_get_items(TransactItems=gets)
            except ClientError as error:
                if not lost_condition(error):
                    raise
                continue
            record, *entries = [found.get("Item") for found in answer["Responses"]]
            if not record:
                return None
            done = [from_item(item, StepDone) for item in entries if item]
            return OpenedCall(from_item(record, CallRecord), {entry.step: entry for entry in done})
        raise Unavailable("The call is being changed again and again.")

    def finish(
        self, call: CallRecord, done: StepDone, changes: Mapping[str, object], usage: UsageEntry | None = None
    ) -> bool:
        """See the port. Raises Conflict if the record never holds still."""
        name, at = self._calls.name, (call.company_id, call.call_id)
        step = {"Put": put_arguments(name, keys.step(*at, done.step.value), done, replaces=None)}
        for _ in range(ATTEMPTS):
            item = self._calls.item(keys.call(*at))
            if item is None:
                return False
            actions = [step, self._record(from_item(item, CallRecord), rev_of(item), changes)]
            if usage is not None:
                actions.append({"Put": {"TableName": name, "Item": to_item(keys.usage(*at, usage.usage_id), usage, 1)}})
            try:
                self._calls.client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if not lost_condition(error):
                    raise
                if self._calls.item(keys.step(*at, done.step.value)) is not None:
                    return False
                continue
            return True
        raise Conflict("The call was changed again and again.")

    def _record(self, call: CallRecord, rev: int, changes: Mapping[str, object]) -> dict[str, Any]:
        """Without changes the record only has to be there: nothing is written of a call that was erased meanwhile."""
        key = keys.call(call.company_id, call.call_id)
        if not changes:
            there = {"ConditionExpression": "attribute_exists(PK)"}
            return {"ConditionCheck": {"TableName": self._calls.name, "Key": key.attributes, **there}}
        changed = call.model_copy(update=changes)
        return {"Put": put_arguments(self._calls.name, key, changed, replaces=rev, extra=keys.call_extra(changed))}

    def finalise(self, call: CallRecord, segments: Sequence[TranscriptSegment]) -> None:
        """See the port. Raises Conflict if somebody else writes the same line."""
        for segment in segments:
            key = keys.segment(call.company_id, call.call_id, segment.segment_id)
            item = self._calls.item(key)
            if item is None or (now := from_item(item, TranscriptSegment)).final:
                continue
            self._calls.replace(key, now.model_copy(update={"final": True}), rev_of(item))

    def note(self, call: CallRecord, name: str, at: datetime) -> bool:
        """See the port."""
        item = to_item(keys.message(call.company_id, call.call_id, name), Noted(at=at), 1)
        unnoted = {"ConditionExpression": "attribute_not_exists(PK) OR attribute_exists(forgotten)"}
        try:
            self._calls.client.put_item(TableName=self._calls.name, Item=item, **unnoted)
        except ClientError as error:
            if not lost_condition(error):
                raise
            return False
        return True

    def forget(self, call: CallRecord, name: str, at: datetime) -> None:
        """See the port. Deleting would be more than the steps may do."""
        item = to_item(keys.message(call.company_id, call.call_id, name), Noted(at=at), 1, {"forgotten": 1})
        self._calls.client.put_item(TableName=self._calls.name, Item=item)

    def announce(self, event: CallEvent) -> CallEvent:
        """See the port."""
        key = keys.call_event(event.company_id, event.call_id, event.type)
        try:
            self._calls.client.put_item(**put_arguments(self._calls.name, key, event, replaces=None))
        except ClientError as error:
            if not lost_condition(error):
                raise
            return self._calls.get(key, CallEvent) or event
        return event


class DynamoWebhookEndpoints:
    """See shared.ports.after_call; table `core`."""

    def __init__(self, core: Table) -> None:
        self._core = core

    def get(self, company_id: str) -> WebhookEndpoint | None:
        """Where this company is told."""
        return self._core.get(keys.webhook_endpoint(company_id), WebhookEndpoint)

    def save(self, endpoint: WebhookEndpoint) -> None:
        """Store, whatever was there."""
        self._core.put(keys.webhook_endpoint(endpoint.company_id), endpoint)
