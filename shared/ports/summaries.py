"""Summaries of calls: the seam to the text models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.records.call import Sentiment, TranscriptSegment
from shared.domain.pricing import Tokens


class SummaryFailed(Exception):
    """No usable summary came; asking again later may help. Its message holds nothing anybody said."""


class WrittenSummary(BaseModel):
    """What a model writes. Field names are the schema it is given; lengths are cut by whoever stores it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str
    key_points: list[str]
    outcome: str
    action_items: list[str]
    resolution: Literal["resolved", "partial", "unresolved"]
    sentiment: Sentiment
    sentiment_score: Annotated[float, Field(ge=-1, le=1)]


@dataclass(frozen=True, slots=True)
class SummaryAnswer:
    """A summary and what it cost."""

    summary: WrittenSummary
    tokens: Tokens


class Summaries(Protocol):
    """One vendor's text model."""

    def summarise(self, model_id: str, lines: Sequence[TranscriptSegment]) -> SummaryAnswer:
        """The summary of a conversation that has at least one line. Raises SummaryFailed."""
        ...
