"""Kept answers (table `idempotency`)."""

from datetime import datetime

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item, lost_condition
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict, InvalidRequest

KEEP_SECONDS = 24 * 3600
ACTING_SECONDS = 60
"""A request that has not finished after this long died; the next one acts."""


class DynamoAnswers:
    """See shared.ports.idempotency."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, scope: str, key: str, fingerprint: str, now: datetime) -> str | None:
        """Be the first, or get the first one's answer."""
        at = int(now.timestamp())
        item: Item = {
            **keys.idempotency(scope, key).attributes,
            "fingerprint": {"S": fingerprint},
            "expiration": {"N": str(at + ACTING_SECONDS)},
        }
        try:
            self._table.client.put_item(
                TableName=self._table.name,
                Item=item,
                ConditionExpression="attribute_not_exists(PK) OR expiration <= :now",
                ExpressionAttributeValues={":now": {"N": str(at)}},
            )
        except ClientError as error:
            if not lost_condition(error):
                raise
        else:
            return None
        kept = self._table.item(keys.idempotency(scope, key)) or {}
        if kept.get("fingerprint", {}).get("S") != fingerprint:
            raise InvalidRequest("This Idempotency-Key was used for another request.")
        if "answer" not in kept:
            raise Conflict("This request is being worked on. Try again in a moment.")
        return str(kept["answer"]["S"])

    def finish(self, scope: str, key: str, fingerprint: str, answer: str, now: datetime) -> None:
        """Keep the answer."""
        item: Item = {
            **keys.idempotency(scope, key).attributes,
            "fingerprint": {"S": fingerprint},
            "answer": {"S": answer},
            "expiration": {"N": str(int(now.timestamp()) + KEEP_SECONDS)},
        }
        self._table.client.put_item(TableName=self._table.name, Item=item)

    def abandon(self, scope: str, key: str) -> None:
        """Nothing was done: the next request acts."""
        self._table.client.delete_item(TableName=self._table.name, Key=keys.idempotency(scope, key).attributes)
