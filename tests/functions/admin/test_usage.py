"""What calls came to: counted once, told apart, and exported."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from shared.adapters.aws.dynamo.usage_counters import DynamoUsageCounters
from shared.contracts.errors import Conflict
from shared.contracts.records.call import CallStatus, Channel
from shared.services.usage import count_call
from tests.functions.admin.console import ADMIN, OTHER_ADMIN, Console, refusal
from tests.functions.admin.matrix import stored_call
from tests.services.world import World


def closed(world: World, call_id: str, *, company_id: str = "company-a", **changes: Any) -> None:
    """A call whose books are closed, counted twice."""
    call = stored_call(world, f"bot-{company_id[-1]}", call_id)
    facts: dict[str, Any] = {"status": CallStatus.COMPLETED, "duration_ms": 90_000, "cost_usd": Decimal("0.0500000001")}
    assert world.calls.replace(call, facts | changes) is not None
    for _ in range(2):
        count_call(world.calls, DynamoUsageCounters(world.calls_table), company_id, call_id)


def groups(console: Console, query: str) -> dict[str, tuple[int, str, str]]:
    """Calls, minutes and cost by key."""
    answer = console.get(ADMIN, f"/usage?{query}")
    assert answer.status_code == 200, answer.text
    return {
        group["key"]: (group["sums"]["calls"], group["sums"]["minutes"], group["sums"]["costUsd"])
        for group in answer.json()["groups"]
    }


def test_calls_are_counted_once_and_told_apart(console: Console, world: World) -> None:
    closed(world, "first")
    closed(world, "second", channel=Channel.TWILIO, account_id="phone-a", status=CallStatus.FAILED, duration_ms=30_000)
    closed(world, "trial", test_call=True, cost_usd=Decimal(0))
    closed(world, "foreign", company_id="company-b")
    world.pass_time(days=7)
    closed(world, "later")
    assert groups(console, "") == {
        "2026-11-25": (3, "3.50", "0.1000000002"),
        "2026-12-02": (1, "1.50", "0.0500000001"),
    }
    assert groups(console, "groupBy=month&until=2026-11-30") == {"2026-11": (3, "3.50", "0.1000000002")}
    assert groups(console, "groupBy=channel") == {
        "twilio": (1, "0.50", "0.0500000001"),
        "web": (3, "4.50", "0.1000000002"),
    }
    assert groups(console, "groupBy=chatbot&testCall=false") == {"bot-a": (3, "3.50", "0.1500000003")}
    assert groups(console, "accountId=phone-a&channel=twilio&chatbotId=bot-a") == {
        "2026-11-25": (1, "0.50", "0.0500000001")
    }
    total = console.get(ADMIN, "/usage").json()["total"]
    assert (total["calls"], total["failed"], total["errorRate"], total["averageSeconds"]) == (4, 1, 25.0, 75.0)
    assert console.get(OTHER_ADMIN, "/usage").json()["total"]["calls"] == 1
    empty = console.get(ADMIN, "/usage?until=2025-01-01").json()
    assert (empty["since"], empty["groups"], empty["total"]["errorRate"]) == ("2024-12-03", [], None)


def test_usage_is_exported_as_a_table(console: Console, world: World) -> None:
    world.chatbot(name="=Support")
    closed(world, "first")
    answer = console.get(ADMIN, "/usage/export?groupBy=chatbot")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="usage-by-chatbot-' in answer.headers["content-disposition"]
    assert list(csv.reader(io.StringIO(answer.text))) == [
        ["Chatbot", "Id", "Calls", "Failed", "Minutes", "Cost (USD)"],
        ["'=Support", "bot-a", "1", "0", "1.50", "0.0500000001"],
        ["Total", "", "1", "0", "1.50", "0.0500000001"],
    ]


@pytest.mark.parametrize("query", ["since=2026-11-26", "since=2020-01-01", "groupBy=year", "channel=fax", "since=x"])
def test_ranges_and_groups_that_cannot_be_are_refused(console: Console, query: str) -> None:
    assert refusal(console.get(ADMIN, f"/usage?{query}")) == (400, "invalid_request")


def test_days_at_the_ends_of_the_calendar(console: Console) -> None:
    assert console.get(ADMIN, "/usage?until=0001-01-02").status_code in (200, 400)
    assert console.get(ADMIN, "/usage?since=9999-12-31&until=9999-12-31").status_code == 200
    assert console.get(ADMIN, "/calls?until=0001-01-02").status_code in (200, 400)


def test_an_accounts_panel(console: Console, world: World) -> None:
    console.carriers.with_accounts()
    closed(world, "first", channel=Channel.TWILIO, account_id="phone-a")
    closed(world, "second", channel=Channel.TWILIO, account_id="phone-a", status=CallStatus.FAILED, duration_ms=0)
    closed(world, "third", channel=Channel.WHATSAPP, account_id="chat-a")
    live = stored_call(world, "bot-a", "live")
    assert world.calls.replace(live, {"account_id": "phone-a", "ended_at": None}) is not None
    panel = console.get(ADMIN, "/integration-accounts/phone-a/usage").json()
    assert (panel["month"]["calls"], panel["month"]["averageSeconds"], panel["month"]["errorRate"]) == (2, 45.0, 50.0)
    assert panel["activeCalls"] == 1 and panel["chatbots"] == [{"chatbotId": "bot-a", "name": "Support"}]
    assert len(panel["trend"]) == 30 and panel["trend"][-1]["key"] == "2026-11-25"
    assert [day["sums"]["calls"] for day in panel["trend"][-2:]] == [0, 2]
    assert panel["billingNote"].startswith("Integration costs (Twilio, WhatsApp) are billed directly by the provider.")


def test_calls_that_are_counted_at_the_same_time_all_count(world: World) -> None:
    counters = DynamoUsageCounters(world.calls_table)
    calls = [stored_call(world, "bot-a", f"call-{number}") for number in range(8)]

    def count(call: Any) -> None:
        for _ in range(2):
            try:
                counters.count(call)
            except Conflict:
                counters.count(call)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, calls))
    today = world.now.date()
    [row] = counters.rows("company-a", (today, today))
    assert row.calls == 8


def test_a_call_that_goes_on_is_not_counted(world: World) -> None:
    call = stored_call(world, "bot-a", "first")
    counters = DynamoUsageCounters(world.calls_table)
    count_call(world.calls, counters, "company-a", "first")
    assert world.calls.replace(call, {"ended_at": None, "cost_usd": Decimal(1)}) is not None
    count_call(world.calls, counters, "company-a", "first")
    assert counters.rows("company-a", (world.now.date(), world.now.date())) == []
