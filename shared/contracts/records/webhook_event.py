"""One request of a carrier, for the log of its account. Without secrets, whole numbers or contents."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings.company import Id

Outcome = Literal["success", "duplicate", "ignored", "failed", "rejected"]
"""`rejected`: not signed by this account; `duplicate`: nothing new in it; `failed`: its detail says why."""


class WebhookEvent(BaseModel):
    """`kind` is ours (`call_initiated`, `call_ended`, …), `status` the HTTP status we answered with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: Id
    company_id: Id
    account_id: Id
    kind: Annotated[str, Field(max_length=60)]
    outcome: Outcome
    status: int
    took_ms: Annotated[int, Field(ge=0)]
    at: datetime
    detail: Annotated[str, Field(max_length=300)] = ""
    call_id: str | None = None
    caller: Annotated[str, Field(max_length=40)] = ""
    """Masked."""


class WebhookSeen(BaseModel):
    """When the carrier last proved that it is set up to call us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime


class WebhookHealth(BaseModel):
    """What an account's card shows. `success_rate` is a percentage of what was signed, None without events."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    configured: bool
    events: int
    success_rate: float | None
    last_event_at: datetime | None
