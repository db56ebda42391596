"""What carriers reported of a call, for the media process that has it, and what that process asks of the webhooks."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.carrier_calls import KEPT_SECONDS
from shared.adapters.aws.dynamo.documents import from_item, lost_condition, put_arguments, rev_of
from shared.contracts.errors import Conflict
from shared.contracts.records.carrier_call import CarrierCall, HandOver
from shared.ports.carrier_reports import CarrierKey

ATTEMPTS = 12
MOST_READ = 100
"""What one request can read; what it leaves out for want of capacity is asked for again the next time."""


class CarrierReports:
    """`dynamo` is an aiobotocore client; `calls` is the table's name."""

    def __init__(self, dynamo: Any, *, calls: str) -> None:
        self._dynamo, self._calls = dynamo, calls

    async def get(self, company_id: str, account_id: str, carrier_call_id: str) -> CarrierCall | None:
        """All that was reported: `facts.phase` says whether the carrier's call is over, `answer_sdp` what the called
        WhatsApp user's side answered to the offer that `connect` sent."""
        found, _ = await self._read(company_id, account_id, carrier_call_id)
        return found

    async def read(self, keys_: Sequence[CarrierKey]) -> Sequence[CarrierCall]:
        """See shared.ports.carrier_reports: one request, whatever is known of each by now or a moment ago."""
        places = [keys.carrier_call(key.company_id, key.account_id, key.carrier_call_id) for key in keys_[:MOST_READ]]
        request = {self._calls: {"Keys": [place.attributes for place in places]}}
        answer = await self._dynamo.batch_get_item(RequestItems=request)
        return [from_item(item, CarrierCall) for item in answer["Responses"].get(self._calls, ())]

    async def ask_hand_over(self, company_id: str, account_id: str, carrier_call_id: str, hand_over: HandOver) -> None:
        """Have the caller bridged to a phone once the stream is closed. Raises Conflict: there is no such call."""
        key = keys.carrier_call(company_id, account_id, carrier_call_id)
        for _ in range(ATTEMPTS):
            found, rev = await self._read(company_id, account_id, carrier_call_id)
            if found is None:
                break
            asked = found.model_copy(update={"hand_over": hand_over})
            expires = {"expires": int(hand_over.asked_at.timestamp()) + KEPT_SECONDS}
            try:
                await self._dynamo.put_item(**put_arguments(self._calls, key, asked, replaces=rev, extra=expires))
            except ClientError as error:
                if not lost_condition(error):
                    raise
            else:
                return
        raise Conflict("There is no such call.")

    async def _read(self, company_id: str, account_id: str, carrier_call_id: str) -> tuple[CarrierCall | None, int]:
        key = keys.carrier_call(company_id, account_id, carrier_call_id)
        answer = await self._dynamo.get_item(TableName=self._calls, Key=key.attributes, ConsistentRead=True)
        item = answer.get("Item")
        return (None, 0) if item is None else (from_item(item, CarrierCall), rev_of(item))
