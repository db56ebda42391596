"""Who published which version of a chatbot's call settings, and when."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Publication(BaseModel):
    """Lies beside the published settings; never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[int, Field(ge=1)]
    published_at: datetime
    published_by: Annotated[str, Field(max_length=120)]
    restored_from: Annotated[int, Field(ge=1)] | None = None
    """The earlier version whose settings were brought back."""
