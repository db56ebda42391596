"""The tools of a chatbot that the platform itself carries out. Each effect is stored under the id of its tool call,
so that it happens once however often it is asked for."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from media_tier.ports import Toolbox, ToolSpec
from shared.contracts.records.call import CallRecord

LONGEST_TEXT = 300


class Effects(Protocol):
    """Stores what a tool did; looks up what a tool may tell."""

    async def store(self, call: CallRecord, effect_id: str, kind: str, data: dict[str, str]) -> None: ...
    async def order(self, company_id: str, number: str) -> dict[str, str] | None: ...


def _spec(tool: str, description: str, /, **parameters: str) -> ToolSpec:
    properties = {key: {"type": "string", "description": text} for key, text in parameters.items()}
    return ToolSpec(tool, description, {"type": "object", "properties": properties, "required": list(parameters)[:1]})


SPECS = (
    _spec("end_call", "End the call after saying goodbye.", reason="Why the call ends."),
    _spec(
        "transfer_to_human",
        "Hand the caller over to a human support agent.",
        reason="Why a human is needed.",
        department="The department, if the caller named one.",
    ),
    _spec("check_order_status", "Look up an order by its number.", order_number="The number of the order."),
    _spec(
        "save_customer_info",
        "Store what the caller told about themselves.",
        name="Full name.",
        email="Email address.",
        phone="Phone number.",
    ),
    _spec(
        "schedule_callback",
        "Have a human call back.",
        phone_number="The number to call.",
        preferred_time="When it suits the caller.",
    ),
)


class PlatformTools:
    """Implements ports.Toolbox. `allowed` are the names switched on; an empty set allows all."""

    def __init__(self, effects: Effects, *, enabled: bool, allowed: frozenset[str]) -> None:
        self._effects = effects
        self._specs = tuple(spec for spec in SPECS if enabled and (not allowed or spec.name in allowed))

    def specs(self) -> Sequence[ToolSpec]:
        """The tools the AI is told of."""
        return self._specs

    async def run(self, call: CallRecord, call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry out one tool call; raises KeyError for a tool there is none of."""
        given = {key: str(value)[:LONGEST_TEXT] for key, value in arguments.items() if value is not None}
        match name:
            case "check_order_status":
                number = "".join(character for character in given.get("order_number", "") if character.isalnum())
                order = await self._effects.order(call.company_id, number or "-")
                return order if order is not None else {"order_number": number, "status": "was not found"}
            case "save_customer_info" | "schedule_callback":
                await self._effects.store(call, call_id, name, given)
                return {"status": "done"}
            case _:
                raise KeyError(name)


class SlowTools:
    """A toolbox whose tools all take so many seconds longer, to try out what callers hear meanwhile."""

    def __init__(self, tools: Toolbox, seconds: float) -> None:
        self._tools, self._seconds = tools, seconds

    def specs(self) -> Sequence[ToolSpec]:
        """See the toolbox."""
        return self._tools.specs()

    async def run(self, call: CallRecord, call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See the toolbox."""
        await asyncio.sleep(self._seconds)
        return await self._tools.run(call, call_id, name, arguments)
