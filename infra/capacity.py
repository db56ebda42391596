"""What one media task carries, as `python -m tests.bench.plan_capacity` wrote it to `infra/capacity.json`.

Invariant: sizes and capacity stand in one file, so that a task is never made smaller than what it was measured at.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CAPACITY = Path(__file__).parent / "capacity.json"
ADMISSION = 0.7
"""Share of what was measured up to which a task takes calls: the rest is for what a measurement does not show."""


class Capacity(BaseModel):
    """A task's size and the calls it was measured to carry at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu: Literal[1024, 2048, 4096, 8192]
    """CPU units; 1,024 are one vCPU."""
    memory_mb: Annotated[int, Field(ge=2048, le=61_440, multiple_of=1024)]
    calls: Annotated[int, Field(ge=2, le=5000)]
    whatsapp_calls: Annotated[int, Field(ge=2, le=5000)]
    """Of `calls`: Opus and SRTP make these several times as dear."""
    basis: Annotated[str, Field(min_length=1)]
    """Where the numbers come from."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.whatsapp_calls > self.calls:
            raise ValueError("whatsapp_calls are part of calls")
        return self

    @property
    def admitted(self) -> int:
        """Calls a task takes."""
        return int(self.calls * ADMISSION)

    @property
    def whatsapp_admitted(self) -> int:
        """Of those, WhatsApp's."""
        return int(self.whatsapp_calls * ADMISSION)


def read_capacity(path: Path = CAPACITY) -> Capacity:
    """The capacity in force; raises ValidationError."""
    return Capacity.model_validate_json(path.read_text())
