"""The work after a call: its steps, what companies' own systems are told, and what is handed to the search.

Every step is done at most once for a call; its entry in the ledger says so and with what outcome.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.records.call import CallSummary, Channel, EndReason, Role


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(StrEnum):
    """What is done after a call."""

    CLOSE_TRANSCRIPT = "close_transcript"
    DELIVER_RECORDING = "deliver_recording"
    MESSAGE = "message_caller"
    SUMMARISE = "summarise_call"
    PRICE = "price_call"
    INDEX = "index_call"
    NOTIFY = "notify_company"
    COMPLETE = "complete_call"


class StepDone(_Record):
    """An entry of the ledger. `skipped`: there was nothing to do; `given_up`: it could not be done."""

    step: Step
    outcome: Literal["done", "skipped", "given_up"]
    at: datetime


class Noted(_Record):
    """When something was begun that may be done once only."""

    at: datetime


class CallEvent(_Record):
    """A call ended and everything about it is known. `event_id` is the same however often it is delivered."""

    event_id: str
    type: Literal["call.completed"] = "call.completed"
    company_id: str
    call_id: str
    chatbot_id: str
    channel: Channel
    direction: Literal["inbound", "outbound"]
    test_call: bool
    started_at: datetime | None
    ended_at: datetime
    duration_ms: int | None
    end_reason: EndReason | None
    recording_ready: bool
    summary: CallSummary | None


class SearchLine(_Record):
    """One thing somebody said."""

    segment_id: str
    role: Role
    text: str
    start_ms: Annotated[int, Field(ge=0)]


class SearchDocument(_Record):
    """All that a search engine needs of a call. `version` is 1 and names this form."""

    version: Literal[1] = 1
    company_id: str
    call_id: str
    chatbot_id: str
    channel: Channel
    started_at: datetime | None
    summary: CallSummary | None
    lines: tuple[SearchLine, ...]


class Erasure(_Record):
    """What an erasure found when it began; the receipt counts this, whatever a crash let be deleted before."""

    objects: Annotated[int, Field(ge=0)]
    lines: Annotated[int, Field(ge=0)]
    summarised: bool
    kept_days: Annotated[int, Field(ge=0)]
