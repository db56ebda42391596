"""One table through boto3's low-level client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel

from shared.adapters.aws.dynamo.documents import Item, Key, from_item, lost_condition, put_arguments, rev_of, to_item
from shared.contracts.errors import Conflict

LAST = "\U0010ffff"
"""Sorts behind every other text."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one partition, of the table or of an index; both bounds belong to it."""

    partition: str
    index: str | None = None
    low: str = " "
    high: str = LAST
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """Some items in order, and whether there may be more behind them."""

    items: Sequence[Item]
    more: bool


def versioned[M: BaseModel](item: Item, kind: type[M]) -> M:
    """The editable record of an item."""
    return from_item(item, kind).model_copy(update={"version": rev_of(item)})


class Table:
    """`client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name = client, name

    def item(self, key: Key) -> Item | None:
        """The raw item."""
        answer = self.client.get_item(TableName=self.name, Key=key.attributes, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def get[M: BaseModel](self, key: Key, kind: type[M]) -> M | None:
        """The model stored under a key."""
        found = self.item(key)
        return None if found is None or "data" not in found else from_item(found, kind)

    def record[M: BaseModel](self, key: Key, kind: type[M]) -> M | None:
        """An editable record: its `version` is the revision of the item."""
        found = self.item(key)
        return None if found is None else versioned(found, kind)

    def put(self, key: Key, model: BaseModel, extra: Mapping[str, str | int | float] | None = None) -> None:
        """Store, whatever was there."""
        found = self.item(key)
        rev = 0 if found is None else rev_of(found)
        self.client.put_item(TableName=self.name, Item=to_item(key, model, rev + 1, extra))

    def replace(
        self, key: Key, model: BaseModel, rev: int | None, extra: Mapping[str, str | int | float] | None = None
    ) -> None:
        """Store over exactly this revision (None: nothing may be there); raises Conflict."""
        try:
            self.client.put_item(**put_arguments(self.name, key, model, replaces=rev, extra=extra))
        except ClientError as error:
            if lost_condition(error):
                raise Conflict("Somebody else changed this at the same time.") from error
            raise

    def slice(self, span: Span, limit: int, after: Item | None) -> Slice:
        """Up to `limit` items of a span behind an item's key, and whether there may be more."""
        name = "PK" if span.index is None else f"{span.index}PK"
        sort = "SK" if span.index is None else f"{span.index}SK"
        values = {":pk": {"S": span.partition}, ":low": {"S": span.low}, ":high": {"S": span.high}}
        answer = self.client.query(
            TableName=self.name,
            KeyConditionExpression=f"{name} = :pk AND {sort} BETWEEN :low AND :high",
            ExpressionAttributeValues=values,
            ScanIndexForward=not span.newest_first,
            Limit=limit,
            **({"IndexName": span.index} if span.index else {"ConsistentRead": True}),
            **({"ExclusiveStartKey": after} if after else {}),
        )
        return Slice(answer["Items"], "LastEvaluatedKey" in answer)

    def query[M: BaseModel](self, pk: str, prefix: str, kind: type[M]) -> Sequence[M]:
        """Every model of a partition whose sort key begins so."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            ConsistentRead=True,
            KeyConditionExpression="PK = :pk AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
        )
        return [from_item(found, kind) for page in pages for found in page["Items"] if "data" in found]

    def index[M: BaseModel](self, name: str, value: str, kind: type[M]) -> Sequence[M]:
        """Every model of one partition of an index."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=name,
            KeyConditionExpression=f"{name}PK = :pk",
            ExpressionAttributeValues={":pk": {"S": value}},
        )
        return [from_item(found, kind) for page in pages for found in page["Items"]]
