"""What calls came to: sums of a day, kept up as calls are closed."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.records.call import Channel

Count = Annotated[int, Field(ge=0)]


class UsageRow(BaseModel):
    """Calls of a chatbot on one channel (and account) that began on this UTC day; `failed` ones are part of `calls`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date
    chatbot_id: str
    channel: Channel
    account_id: str | None = None
    test_call: bool = False
    calls: Count = 0
    failed: Count = 0
    duration_ms: Count = 0
    cost_usd: Decimal = Decimal(0)
