"""Pydantic models as DynamoDB items, the same for the synchronous and the asynchronous client.

An item holds the model as JSON in `data`, its revision in `rev`, and whatever conditions and indexes need beside it.
A write names the revision it replaces, so that nobody's change is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel

Item = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Key:
    """Where an item lies in its table."""

    pk: str
    sk: str

    @property
    def attributes(self) -> Item:
        """As DynamoDB wants it."""
        return {"PK": {"S": self.pk}, "SK": {"S": self.sk}}


def attribute(value: str | int | float) -> dict[str, Any]:
    """One plain value."""
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def to_item(key: Key, model: BaseModel, rev: int, extra: Mapping[str, str | int | float] | None = None) -> Item:
    """The item of a model."""
    item: Item = {**key.attributes, "data": {"S": model.model_dump_json()}, "rev": {"N": str(rev)}}
    for name, value in (extra or {}).items():
        item[name] = attribute(value)
    return item


def from_item[M: BaseModel](item: Item, kind: type[M]) -> M:
    """The model of an item."""
    return kind.model_validate_json(item["data"]["S"])


def rev_of(item: Item) -> int:
    """The revision of an item."""
    return int(item["rev"]["N"])


def put_arguments(
    table: str,
    key: Key,
    model: BaseModel,
    *,
    replaces: int | None,
    extra: Mapping[str, str | int | float] | None = None,
) -> dict[str, Any]:
    """A conditional put: create (`replaces` None), or replace exactly that revision."""
    arguments: dict[str, Any] = {"TableName": table, "Item": to_item(key, model, (replaces or 0) + 1, extra)}
    if replaces is None:
        return {**arguments, "ConditionExpression": "attribute_not_exists(PK)"}
    return {
        **arguments,
        "ConditionExpression": "#rev = :rev",
        "ExpressionAttributeNames": {"#rev": "rev"},
        "ExpressionAttributeValues": {":rev": {"N": str(replaces)}},
    }


def delete_arguments(table: str, key: Key, *, replaces: int | None) -> dict[str, Any]:
    """A deletion of exactly that revision (None: whatever is there)."""
    arguments: dict[str, Any] = {"TableName": table, "Key": key.attributes}
    if replaces is None:
        return arguments
    return {
        **arguments,
        "ConditionExpression": "#rev = :rev",
        "ExpressionAttributeNames": {"#rev": "rev"},
        "ExpressionAttributeValues": {":rev": {"N": str(replaces)}},
    }


def lost_condition(error: ClientError) -> bool:
    """Whether a write lost against its condition (alone or in a transaction)."""
    if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
        return True
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        return False
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]  # not in botocore's types
    return any(reason.get("Code") in ("ConditionalCheckFailed", "TransactionConflict") for reason in reasons)
