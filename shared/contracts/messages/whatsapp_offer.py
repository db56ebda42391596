"""A WhatsApp call on its way from webhook or worker to a media process with room (SQS)."""

from datetime import datetime
from typing import Annotated, Literal

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
    direction: Literal["inbound", "outbound"] = "inbound"
    """Outbound: a media process makes the offer (`sdp` is empty) and asks Meta for the call, which has no id yet."""
    outbound_id: str = ""
    """The wish that an outbound call comes from."""
    answer_by: datetime
