"""Who changed what, when, from what to what: written together with the change, never changed itself."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PLATFORM = "platform"
"""Stands for the company where a change belongs to none (packages, models)."""


class Change(BaseModel):
    """One field; values are JSON text, shortened, and never a secret. None: there was nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: Annotated[str, Field(max_length=200)]
    before: Annotated[str, Field(max_length=400)] | None = None
    after: Annotated[str, Field(max_length=400)] | None = None


class AuditEntry(BaseModel):
    """One administrative change. `who` is a role with an id, `action` is `<kind>.<verb>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry_id: Annotated[str, Field(min_length=1, max_length=64)]
    company_id: Annotated[str, Field(min_length=1, max_length=64)]
    who: Annotated[str, Field(min_length=1, max_length=120)]
    action: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=60)]
    entity_id: Annotated[str, Field(min_length=1, max_length=120)]
    at: datetime
    changes: Annotated[tuple[Change, ...], Field(max_length=200)] = ()
