"""What several nouns take and give: saved versions, and which one to bring back."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from functions.admin_api.requests import Schema
from shared.contracts.records.publication import Publication


class PublicationOut(Schema):
    """Who saved which version when."""

    number: int
    published_at: datetime
    published_by: str
    restored_from: int | None

    @classmethod
    def of(cls, publication: Publication) -> Self:
        """From the stored record."""
        return cls(**publication.model_dump())


class RollbackIn(Schema):
    """Which earlier version to bring back."""

    number: Annotated[int, Field(ge=1, le=999_999)]
