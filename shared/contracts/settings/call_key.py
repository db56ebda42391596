"""The key by which a company's own system opens calls. Only its hash is kept."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings.company import Id

PREFIX = "ck_"
"""`ck_<company>_<random>`: a key says whose it is, so that it can be looked up."""


class CallKey(BaseModel):
    """`key_hash` is the SHA-256 of the whole key; `masked` is all that is ever shown of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Id
    key_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    masked: str
    made_at: datetime
    active: bool = True
    version: Annotated[int, Field(ge=0)] = 0
