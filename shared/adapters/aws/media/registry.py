"""What media processes say of themselves, and who holds a call, asynchronously (tables `live` and `calls`)."""

from collections.abc import Sequence
from typing import Any

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item, Key, from_item
from shared.contracts.records.call import CallRecord, CallStatus, MediaTask, Session


class DynamoRegistry:
    """See media_tier.engine.places.Registry. `client` is an aiobotocore DynamoDB client."""

    def __init__(self, client: Any, *, calls: str, live: str) -> None:
        self._client, self._calls, self._live = client, calls, live

    async def tasks(self) -> Sequence[MediaTask]:
        """Every process that was heard of lately."""
        answer = await self._client.query(
            TableName=self._live,
            ConsistentRead=True,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": "TASKS"}},
        )
        return [from_item(item, MediaTask) for item in answer["Items"]]

    async def owner(self, session_id: str) -> str | None:
        """See the port. A session that nobody joined has none: most sockets cost one read."""
        item = await self._get(self._live, keys.session(session_id))
        if item is None:
            return None
        session = from_item(item, Session)
        if not session.token_used:
            return None
        found = await self._get(self._calls, keys.call(session.company_id, session.call_id))
        if found is None:
            return None
        call = from_item(found, CallRecord)
        return call.owner if call.status is CallStatus.ACTIVE and not call.moving else None

    async def _get(self, table: str, key: Key) -> Item | None:
        answer = await self._client.get_item(TableName=table, Key=key.attributes, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item
