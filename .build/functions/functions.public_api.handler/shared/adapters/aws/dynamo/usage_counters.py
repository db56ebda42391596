"""Sums of calls (table `calls`): an item for each day, chatbot, channel and account; a marker beside each counted call.

Marker and sums are written in one transaction, so a call counts once; what a report reads does not grow with the calls.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item, lost_condition
from shared.adapters.aws.dynamo.paging import every
from shared.adapters.aws.dynamo.table import LAST, Span, Table
from shared.contracts.errors import Conflict
from shared.contracts.records.call import CallRecord, CallStatus
from shared.contracts.records.usage import UsageRow

SUMS = ("calls", "failed", "duration_ms", "cost_usd")


class DynamoUsageCounters:
    """See shared.ports.usage_counters."""

    def __init__(self, calls: Table) -> None:
        self._calls = calls

    def count(self, call: CallRecord) -> None:
        """Add a call, once."""
        marker = keys.counted(call.company_id, call.call_id)
        put = {
            "TableName": self._calls.name,
            "Item": marker.attributes,
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        try:
            self._calls.client.transact_write_items(TransactItems=[{"Put": put}, {"Update": self._addition(call)}])
        except ClientError as error:
            if not lost_condition(error):
                raise
            if self._calls.item(marker) is None:
                raise Conflict("Other calls are being counted.") from error

    def rows(self, company_id: str, days: tuple[date, date]) -> Sequence[UsageRow]:
        """The sums of these days (both included), by day."""
        low, high = days[0].isoformat(), days[1].isoformat() + LAST
        span = Span(keys.usage_row(company_id, "", "").pk, low=low, high=high)
        return [_row(item) for item in every(self._calls, span)]

    def _addition(self, call: CallRecord) -> dict[str, Any]:
        day = call.created_at.date().isoformat()
        rest = f"{call.channel}#{call.chatbot_id}#{call.account_id or '-'}#{'test' if call.test_call else 'real'}"
        added = {
            "calls": 1,
            "failed": int(call.status is CallStatus.FAILED),
            "duration_ms": call.duration_ms or 0,
            "cost_usd": call.cost_usd or Decimal(0),
        }
        return {
            "TableName": self._calls.name,
            "Key": keys.usage_row(call.company_id, day, rest).attributes,
            "UpdateExpression": "ADD " + ", ".join(f"#{name} :{name}" for name in SUMS),
            "ExpressionAttributeNames": {f"#{name}": name for name in SUMS},
            "ExpressionAttributeValues": {f":{name}": {"N": format(value, "f")} for name, value in added.items()},
        }


def _row(item: Item) -> UsageRow:
    day, channel, chatbot_id, account_id, kind = item["SK"]["S"].split("#")
    return UsageRow.model_validate(
        {
            "day": day,
            "channel": channel,
            "chatbot_id": chatbot_id,
            "account_id": None if account_id == "-" else account_id,
            "test_call": kind == "test",
            **{name: item[name]["N"] for name in SUMS},
        }
    )
