"""Closed calls that are still kept, and their erasure (tables `calls` and `ledger`)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import delete_arguments, from_item, lost_condition, put_arguments, rev_of
from shared.adapters.aws.dynamo.paging import every
from shared.adapters.aws.dynamo.table import LAST, Span, Table
from shared.contracts.records.after_call import Erasure
from shared.contracts.records.audit import AuditEntry
from shared.contracts.records.call import CallRecord

ERASED = ("SEG#", "EVENT#", "EFF#", "CKPT")
"""Where words of a call are: transcript, messages about it, what tools did, the state of the conversation."""
BATCH = 25
ATTEMPTS = 8


class DynamoKeptCalls:
    """See shared.ports.after_call."""

    def __init__(self, calls: Table, ledger: Table) -> None:
        self._calls, self._ledger = calls, ledger

    def due(self, company_id: str, chatbot_id: str, ended_before: datetime) -> Iterator[CallRecord]:
        """See the port."""
        for item in every(self._calls, _span(company_id, chatbot_id, ended_before)):
            yield from_item(item, CallRecord)

    def count_due(self, company_id: str, chatbot_id: str, ended_before: datetime) -> int:
        """How many those are."""
        span = _span(company_id, chatbot_id, ended_before)
        pages = self._calls.client.get_paginator("query").paginate(
            TableName=self._calls.name,
            IndexName="GSI2",
            Select="COUNT",
            KeyConditionExpression="GSI2PK = :pk AND GSI2SK BETWEEN :low AND :high",
            ExpressionAttributeValues={
                ":pk": {"S": span.partition},
                ":low": {"S": span.low},
                ":high": {"S": span.high},
            },
        )
        return sum(int(page["Count"]) for page in pages)

    def begin_erasure(self, call: CallRecord, found: Erasure) -> Erasure:
        """See the port."""
        key = keys.erasure(call.company_id, call.call_id)
        try:
            self._calls.client.put_item(**put_arguments(self._calls.name, key, found, replaces=None))
        except ClientError as error:
            if not lost_condition(error):
                raise
            return self._calls.get(key, Erasure) or found
        return found

    def delete_words(self, call: CallRecord) -> None:
        """See the port."""
        partition = keys.call(call.company_id, call.call_id).pk
        spans = [Span(partition, low=prefix, high=prefix + LAST) for prefix in ERASED]
        found = [{name: item[name] for name in ("PK", "SK")} for span in spans for item in every(self._calls, span)]
        for at in range(0, len(found), BATCH):
            self._delete([{"DeleteRequest": {"Key": key}} for key in found[at : at + BATCH]])

    def _delete(self, requests: list[dict[str, Any]]) -> None:
        for _ in range(ATTEMPTS):
            answer = self._calls.client.batch_write_item(RequestItems={self._calls.name: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._calls.name, [])
            if not requests:
                return

    def finish_erasure(self, call: CallRecord, at: datetime, receipt: AuditEntry) -> bool:
        """See the port."""
        key = keys.call(call.company_id, call.call_id)
        item = self._calls.item(key)
        if item is None:
            return False
        current = from_item(item, CallRecord)
        if current.erased_at is not None:
            return False
        state = "deleted" if current.recording_state == "ready" else current.recording_state
        changes = {"erased_at": at, "summary": None, "recording_key": None, "recording_state": state}
        erased = current.model_copy(update=changes)
        moment = receipt.at.isoformat()
        entry_key = keys.access(receipt.company_id, f"{receipt.at:%Y%m}", moment, receipt.entry_id)
        listed = keys.audit_extra(receipt.company_id, receipt.entity_id, moment)
        begun = keys.erasure(call.company_id, call.call_id)
        record = put_arguments(self._calls.name, key, erased, replaces=rev_of(item), extra=keys.call_extra(erased))
        actions = [
            {"Put": record},
            {"Put": put_arguments(self._ledger.name, entry_key, receipt, replaces=None, extra=listed)},
            {"Delete": delete_arguments(self._calls.name, begun, replaces=None)},
        ]
        try:
            self._calls.client.transact_write_items(TransactItems=actions)
        except ClientError as error:
            if not lost_condition(error):
                raise
            return False
        return True


def _span(company_id: str, chatbot_id: str, ended_before: datetime) -> Span:
    return Span(keys.kept_partition(company_id, chatbot_id), "GSI2", high=ended_before.isoformat())
