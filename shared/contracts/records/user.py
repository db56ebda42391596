"""A person who signs in."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Role(StrEnum):
    """What a person may do; end users need no account."""

    MASTER_ADMIN = "chatapp.master_admin"
    COMPANY_ADMIN = "company_admin"
    SUPPORT_AGENT = "support_agent"


class User(BaseModel):
    """A member of a company, or a master admin (who belongs to none)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: Annotated[str, Field(min_length=1, max_length=64)]
    company_id: Annotated[str | None, Field(max_length=64)] = None
    email: Annotated[str, Field(max_length=254)]
    name: Annotated[str, Field(max_length=120)] = ""
    role: Role
