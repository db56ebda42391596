"""How many calls a company has at once, exactly, whatever runs in parallel and whatever died (table `live`).

One item for each company holds the set of its calls. A slot is taken by one conditional update. Nobody has to give it
back: when the set is full, the calls in it are looked up and the ended ones are removed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item, lost_condition
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.call import CallStatus

OVER = {CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.ABANDONED}
UNSTORED_SECONDS = 60
"""A slot without a stored call is free after this long: the request that took it died."""
BATCH = 100


class DynamoCallSlots:
    """See shared.ports.repositories."""

    def __init__(self, calls: Table, live: Table) -> None:
        self._calls, self._live = calls, live

    def take(self, company_id: str, call_id: str, limit: int, now: datetime) -> bool:
        """Take a slot."""
        if limit <= 0:
            return False
        if self._add(company_id, _member(call_id, now), limit):
            return True
        if self._may_sweep(company_id, now):
            self._sweep(company_id, now)
        return self._add(company_id, _member(call_id, now), limit)

    def give_back(self, company_id: str, call_id: str, now: datetime) -> None:
        """Undo a `take` of the same time."""
        self._remove(company_id, [_member(call_id, now)])

    def _add(self, company_id: str, member: str, limit: int) -> bool:
        return self._update(
            company_id,
            "ADD slots :member",
            "attribute_not_exists(slots) OR size(slots) < :limit",
            {":member": {"SS": [member]}, ":limit": {"N": str(limit)}},
        )

    def _may_sweep(self, company_id: str, now: datetime) -> bool:
        """Once a second is enough however many requests are refused."""
        second = {":second": {"N": str(int(now.timestamp()))}}
        return self._update(company_id, "SET swept = :second", "attribute_not_exists(swept) OR swept < :second", second)

    def _sweep(self, company_id: str, now: datetime) -> None:
        item = self._live.item(keys.call_slots(company_id)) or {}
        members: Sequence[str] = item.get("slots", {}).get("SS", [])
        ended = []
        for at in range(0, len(members), BATCH):
            batch = members[at : at + BATCH]
            states = self._states(company_id, [_call_of(member) for member in batch])
            ended += [member for member in batch if _is_free(member, states.get(_call_of(member)), now)]
        self._remove(company_id, ended)

    def _states(self, company_id: str, call_ids: Iterable[str]) -> dict[str, str]:
        by_pk = {keys.call(company_id, call_id).pk: call_id for call_id in call_ids}
        wanted = [{"PK": {"S": pk}, "SK": {"S": "META"}} for pk in by_pk]
        states: dict[str, str] = {}
        while wanted:
            request = {
                "Keys": wanted,
                "ConsistentRead": True,
                "ProjectionExpression": "PK, #status",
                "ExpressionAttributeNames": {"#status": "status"},
            }
            answer = self._calls.client.batch_get_item(RequestItems={self._calls.name: request})
            found: Sequence[Item] = answer["Responses"].get(self._calls.name, [])
            states |= {by_pk[item["PK"]["S"]]: item["status"]["S"] for item in found}
            wanted = answer.get("UnprocessedKeys", {}).get(self._calls.name, {}).get("Keys", [])
        return states

    def _remove(self, company_id: str, members: Sequence[str]) -> None:
        if members:
            self._update(company_id, "DELETE slots :members", None, {":members": {"SS": list(members)}})

    def _update(self, company_id: str, expression: str, condition: str | None, values: Item) -> bool:
        try:
            self._live.client.update_item(
                TableName=self._live.name,
                Key=keys.call_slots(company_id).attributes,
                UpdateExpression=expression,
                ExpressionAttributeValues=values,
                **({"ConditionExpression": condition} if condition else {}),
            )
        except ClientError as error:
            if lost_condition(error):
                return False
            raise
        return True


def _member(call_id: str, now: datetime) -> str:
    return f"{int(now.timestamp())}#{call_id}"


def _call_of(member: str) -> str:
    return member.partition("#")[2]


def _is_free(member: str, state: str | None, now: datetime) -> bool:
    if state is not None:
        return state in OVER
    return now.timestamp() - int(member.partition("#")[0]) > UNSTORED_SECONDS
