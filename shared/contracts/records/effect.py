"""What tools did and may tell."""

from pydantic import BaseModel, ConfigDict


class ToolEffect(BaseModel):
    """Something a tool did during a call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    data: dict[str, str]


class Order(BaseModel):
    """An order callers may ask about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order_number: str
    status: str
