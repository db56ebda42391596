"""A caller's stars, chosen in WhatsApp: kept for the caller's own call, the latest only, whatever the order."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.records.call import CallStatus
from tests.functions.webhooks.carriers import Carriers, change
from tests.functions.webhooks.test_whatsapp import recorded
from tests.services.carrier_world import CALLER, CarrierWorld, phone_number_id
from tests.services.world import START


def chosen(row_id: Any, *, after: int = 60, user: str = CALLER, number: str = "100000000000001") -> dict[str, Any]:
    """The user's choice, so many seconds after START."""
    reply = {"type": "list_reply", "list_reply": {"id": row_id, "title": "★"}}
    message = {"from": user[1:], "id": "wamid.1", "timestamp": str(int(START.timestamp()) + after)}
    return change({"messages": [{**message, "type": "interactive", "interactive": reply}]}, "messages", number)


async def had_call(carriers: Carriers) -> str:
    await carriers.whatsapp(recorded("connect"))
    [call] = carriers.world.calls()
    ended = {"status": CallStatus.COMPLETED, "ended_at": START + timedelta(seconds=30), "duration_ms": 20_000}
    assert carriers.world.world.calls.replace(call, ended) is not None
    return call.call_id


def stars(world: CarrierWorld, call_id: str) -> int | None:
    kept = world.world.calls.feedback("company-a", call_id)
    return None if kept is None else kept.stars


async def test_the_latest_choice_counts_in_any_order(carriers: Carriers) -> None:
    call_id = await had_call(carriers)
    for row, after in ((f"stars-2-{call_id}", 60), (f"stars-4-{call_id}", 90), (f"stars-1-{call_id}", 70)):
        assert (await carriers.whatsapp(chosen(row, after=after))).status_code == 200
    assert stars(carriers.world, call_id) == 4
    log = [(event.kind, event.outcome) for event in carriers.events(kind="chat")]
    assert log[1:] == [("survey_answered", "success")] * 3


@pytest.mark.parametrize(
    "row", ["stars-6-{}", "stars-0-{}", "stars-5-", "{}", "", None, 5, ["stars-5-{}"], "stars-5-other"]
)
async def test_choices_that_are_none_of_ours(carriers: Carriers, row: Any) -> None:
    call_id = await had_call(carriers)
    given = row.format(call_id) if isinstance(row, str) else row
    assert (await carriers.whatsapp(chosen(given))).status_code == 200
    assert stars(carriers.world, call_id) is None


async def test_nobody_rates_anothers_call_or_one_long_gone(carriers: Carriers) -> None:
    call_id = await had_call(carriers)
    row = f"stars-5-{call_id}"
    await carriers.whatsapp(chosen(row, user="+14155550199"))
    await carriers.whatsapp(chosen(row, number=phone_number_id("b")), letter="b")
    await carriers.whatsapp(chosen(row, after=31 * 86_400))
    await carriers.whatsapp(chosen(row, after=-3600))
    assert stars(carriers.world, call_id) is None
