"""An SDP offer on its way from the webhook to a media process with room (SQS)."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_SDP_CHARACTERS = 20_000


class WhatsAppOffer(BaseModel):
    """`token` lets exactly one media process claim the call; the offer is worthless once `answer_by` has passed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: str
    account_id: str
    phone_number_id: str
    call_id: str
    session_id: str
    token: str
    carrier_call_id: str
    sdp: Annotated[str, Field(max_length=MAX_SDP_CHARACTERS)]
    direction: str = "inbound"
    answer_by: datetime
