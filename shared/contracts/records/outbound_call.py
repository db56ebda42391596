"""A call somebody asked for, from the wish to what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings.company import Id

Purpose = Literal["test", "call_me", "callback", "outreach"]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class OutboundState(StrEnum):
    """`waiting`: a WhatsApp user was asked for permission.

    `uncertain`: the carrier was asked and its answer was lost; it is never asked again.
    """

    REQUESTED = "requested"
    WAITING = "waiting"
    PLACING = "placing"
    UNCERTAIN = "uncertain"
    PLACED = "placed"
    REFUSED = "refused"


class OutboundCall(BaseModel):
    """`to` is a number in E.164, or a WhatsApp user's business-scoped id; personal data, never logged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Id
    outbound_id: Id
    account_id: Id
    chatbot_id: Id | None = None
    to: Annotated[str, Field(min_length=1, max_length=80)]
    purpose: Purpose
    requested_by: Annotated[str, Field(min_length=1, max_length=80)]
    """The user who asked, or `caller` where the called person did."""
    created_at: datetime
    state: OutboundState = OutboundState.REQUESTED
    claimed_at: datetime | None = None
    attempts: int = 0
    call_id: str | None = None
    carrier_call_id: str | None = None
    detail: Annotated[str, Field(max_length=300)] = ""
    """Why it was refused."""


class OutboundPolicy(BaseModel):
    """Where a company's calls may go, and how many. No countries: only the country of the calling number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed_countries: tuple[Country, ...] = ()
    test_calls_per_admin_per_hour: Annotated[int, Field(ge=0, le=100)] = 5
    calls_per_day: Annotated[int, Field(ge=0, le=100_000)] = 20
    version: Annotated[int, Field(ge=0)] = 0
