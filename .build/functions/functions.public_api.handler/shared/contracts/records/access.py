"""Who was given what of a call: written before it is given, never changed."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class AccessEntry(BaseModel):
    """One access. `who` is a role with an id, `caller#<session id>` for callers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry_id: Annotated[str, Field(min_length=1, max_length=64)]
    company_id: str
    call_id: str
    what: Literal["recording", "transcript"]
    who: Annotated[str, Field(min_length=1, max_length=120)]
    at: datetime
