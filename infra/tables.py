"""Tables and indexes as plain data, read by the local platform, the tests and the CDK stacks alike."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """A global secondary index on two string keys."""

    name: str
    partition_key: str
    sort_key: str


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table keyed by PK and SK."""

    name: str
    indexes: tuple[IndexSpec, ...] = ()
    ttl_attribute: str | None = None
    stream: bool = False
    point_in_time_recovery: bool = True


LIST_INDEX = IndexSpec("GSI1", "GSI1PK", "GSI1SK")
OWNER_INDEX = IndexSpec("GSI2", "GSI2PK", "GSI2SK")

CORE = TableSpec("core", (LIST_INDEX,), stream=True)
CALLS = TableSpec("calls", (LIST_INDEX, OWNER_INDEX), ttl_attribute="expires", stream=True)
LIVE = TableSpec("live", ttl_attribute="expires", point_in_time_recovery=False)
LEDGER = TableSpec("ledger", (LIST_INDEX,))
IDEMPOTENCY = TableSpec("idempotency", ttl_attribute="expiration", point_in_time_recovery=False)

TABLES = (CORE, CALLS, LIVE, LEDGER, IDEMPOTENCY)


def create_table_arguments(spec: TableSpec) -> dict[str, Any]:
    """The arguments of DynamoDB's CreateTable for one specification."""
    attributes = {"PK", "SK"} | {key for index in spec.indexes for key in (index.partition_key, index.sort_key)}
    arguments: dict[str, Any] = {
        "TableName": spec.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _keys("PK", "SK"),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(attributes)],
    }
    if spec.indexes:
        arguments["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": _keys(index.partition_key, index.sort_key),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in spec.indexes
        ]
    return arguments


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
