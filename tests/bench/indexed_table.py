"""A DynamoDB table in memory that reads as the real one does: a query costs what it returns, not what is stored.

The emulators look at every item of a table for each query of an index, so that they say nothing about large tables.
"""

import bisect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Item = dict[str, Any]
BETWEEN = re.compile(r"(\w+) = :pk AND (\w+) BETWEEN :low AND :high")
BEGINS = re.compile(r"(\w+) = :pk AND begins_with\((\w+), :prefix\)")
EVERYTHING = re.compile(r"(\w+) = :pk")
LAST = "\U0010ffff"


class IndexedTable:
    """Answers reads of one table itself and passes everything else on; counts the reads and the items read."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name
        self._items: dict[tuple[str, str], Item] = {}
        self._partitions: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
        self.requests = self.read = 0

    def fill(self, items: Iterator[Item]) -> None:
        """Add items; their partitions are sorted once."""
        for item in items:
            pk, sk = item["PK"]["S"], item["SK"]["S"]
            self._items[pk, sk] = item
            self._partitions["PK", pk].append((sk, pk, sk))
            for index in ("GSI1", "GSI2"):
                if f"{index}PK" in item:
                    place = (item[f"{index}SK"]["S"], pk, sk)
                    self._partitions[f"{index}PK", item[f"{index}PK"]["S"]].append(place)
        for places in self._partitions.values():
            places.sort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def query(self, **request: Any) -> Item:
        """See DynamoDB's Query, as far as the repositories use it."""
        if request["TableName"] != self._name:
            return dict(self._client.query(**request))
        places = self._range(request["KeyConditionExpression"], request["ExpressionAttributeValues"])
        forward = request.get("ScanIndexForward", True)
        if "ExclusiveStartKey" in request:
            places = self._after(places, request, forward=forward)
        if not forward:
            places = places[::-1]
        limit = request.get("Limit", len(places))
        found = [self._items[place[1], place[2]] for place in places[:limit]]
        self.requests += 1
        self.read += len(found)
        return {"Items": found, **({"LastEvaluatedKey": {}} if len(places) > limit else {})}

    def get_item(self, **request: Any) -> Item:
        """See DynamoDB's GetItem."""
        if request["TableName"] != self._name:
            return dict(self._client.get_item(**request))
        self.requests += 1
        self.read += 1
        found = self._items.get((request["Key"]["PK"]["S"], request["Key"]["SK"]["S"]))
        return {} if found is None else {"Item": found}

    def batch_get_item(self, **request: Any) -> Item:
        """See DynamoDB's BatchGetItem."""
        wanted = request["RequestItems"][self._name]["Keys"]
        found = [self._items.get((key["PK"]["S"], key["SK"]["S"])) for key in wanted]
        self.requests += 1
        self.read += len(wanted)
        return {"Responses": {self._name: [item for item in found if item is not None]}}

    def get_paginator(self, name: str) -> "_Pages":
        """Everything is one page."""
        return _Pages(self, self._client.get_paginator(name))

    def _range(self, condition: str, values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        if (found := BETWEEN.fullmatch(condition)) is not None:
            low, high = values[":low"]["S"], values[":high"]["S"]
        elif (found := BEGINS.fullmatch(condition)) is not None:
            low = values[":prefix"]["S"]
            high = low + LAST
        else:
            found, low, high = EVERYTHING.fullmatch(condition), "", LAST
        assert found is not None, condition
        places = self._partitions.get((found[1], values[":pk"]["S"]), [])
        return places[bisect.bisect_left(places, (low, "", "")) : bisect.bisect_right(places, (high, LAST, LAST))]

    def _after(
        self, places: list[tuple[str, str, str]], request: Mapping[str, Any], *, forward: bool
    ) -> list[tuple[str, str, str]]:
        key, index = request["ExclusiveStartKey"], request.get("IndexName")
        sort = key["SK"]["S"] if index is None else key[f"{index}SK"]["S"]
        place = (sort, key["PK"]["S"], key["SK"]["S"])
        if forward:
            return places[bisect.bisect_right(places, place) :]
        return places[: bisect.bisect_left(places, place)]


class _Pages:
    def __init__(self, table: IndexedTable, others: Any) -> None:
        self._table, self._others = table, others

    def paginate(self, **request: Any) -> Iterator[Item]:
        """One page of ours; as many as there are of other tables."""
        if request["TableName"] == self._table._name:
            yield self._table.query(**request)
        else:
            yield from self._others.paginate(**request)
