"""A person who signs in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Role(StrEnum):
    """What a person may do; end users need no account. The values are the names of the identity provider's groups."""

    MASTER_ADMIN = "chatapp.master_admin"
    COMPANY_ADMIN = "company_admin"
    SUPPORT_AGENT = "support_agent"


class User(BaseModel):
    """A member of a company, or a master admin (who belongs to none). Members are switched off, never deleted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: Annotated[str, Field(min_length=1, max_length=64)]
    company_id: Annotated[str | None, Field(max_length=64)] = None
    email: Annotated[str, Field(max_length=254)]
    name: Annotated[str, Field(max_length=120)] = ""
    role: Role
    active: bool = True
    invited_at: datetime | None = None
    version: Annotated[int, Field(ge=0)] = 0


class Participation(BaseModel):
    """A support agent was on a call, or it was assigned to them: what lets them read it later."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Annotated[str, Field(min_length=1, max_length=64)]
    call_id: Annotated[str, Field(min_length=1, max_length=64)]
    user_id: Annotated[str, Field(min_length=1, max_length=64)]
    since: datetime
