"""What a carrier reported of a call, kept apart from the call's own record.

Carriers repeat, reorder and delay their reports, so facts are only ever joined (shared.domain.carrier_progress). What
is known of a call that was never stored is kept as well: it says that a late announcement is of a call already over.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings.company import Id
from shared.contracts.settings.integration import E164

MAX_CARRIER_ID = 256
CARRIER_ID = r"^[A-Za-z0-9._=+/:-]+$"


class CarrierPhase(StrEnum):
    """In the order in which they come."""

    UNKNOWN = "unknown"
    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    ENDED = "ended"


class CarrierOutcome(StrEnum):
    """How the carrier's call ended; where reports differ the later one in this list counts."""

    CANCELED = "canceled"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    COMPLETED = "completed"


class CarrierFacts(BaseModel):
    """What one report says, or all of them together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phase: CarrierPhase = CarrierPhase.UNKNOWN
    outcome: CarrierOutcome | None = None
    began_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    answered_by: Annotated[str, Field(max_length=40)] | None = None
    """Twilio's word for who picked up: `human`, `machine_start`, `fax`, …"""
    error_code: int | None = None


class HandOver(BaseModel):
    """Asked for by a media process before it gives the call back: bridge the caller to a person's phone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: E164
    asked_at: datetime
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 20


class CarrierCall(BaseModel):
    """A carrier's call. `call_id` and `session_id` are None as long as no call of ours belongs to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Id
    account_id: Id
    carrier_call_id: Annotated[str, Field(min_length=1, max_length=MAX_CARRIER_ID, pattern=CARRIER_ID)]
    kind: Literal["twilio", "whatsapp"]
    call_id: str | None = None
    session_id: str | None = None
    outbound_id: str | None = None
    facts: CarrierFacts = CarrierFacts()
    offered: bool = False
    """A media process was asked to take it."""
    concluded: bool = False
    """Our record was ended by these facts, and by nothing else."""
    hand_over: HandOver | None = None
    answer_sdp: str | None = None
    """What the called WhatsApp user's side answered to our offer."""
