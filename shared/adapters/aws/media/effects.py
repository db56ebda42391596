"""Effects of tools on DynamoDB."""

from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import from_item, lost_condition, put_arguments
from shared.contracts.records.call import CallRecord
from shared.contracts.records.effect import Order, ToolEffect


class DynamoEffects:
    """`client` is an aiobotocore DynamoDB client."""

    def __init__(self, client: Any, *, core: str, calls: str) -> None:
        self._client, self._core, self._calls = client, core, calls

    async def store(self, call: CallRecord, effect_id: str, kind: str, data: dict[str, str]) -> None:
        """Store an effect; a second time with the same id changes nothing."""
        key = keys.effect(call.company_id, call.call_id, effect_id)
        effect = ToolEffect(kind=kind, data=data)
        try:
            await self._client.put_item(**put_arguments(self._calls, key, effect, replaces=None))
        except ClientError as error:
            if not lost_condition(error):
                raise

    async def order(self, company_id: str, number: str) -> dict[str, str] | None:
        """An order of this company."""
        key = keys.order(company_id, number)
        answer = await self._client.get_item(TableName=self._core, Key=key.attributes)
        item = answer.get("Item")
        return None if item is None else from_item(item, Order).model_dump()
