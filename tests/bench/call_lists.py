"""How quick the administration's lists, filters and searches are as a company's calls grow.

    python -m tests.bench.call_lists [CALLS ...]

Every request goes through the whole API (routes, tokens, services, repositories); the calls lie in a table that reads
as DynamoDB does. Printed: milliseconds of a request, and how many reads of how many items it took. On AWS each read
adds a round trip of a few milliseconds.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from moto import mock_aws

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import to_item
from shared.contracts.records.call import CallStatus, Channel, EndedBy, EndReason, Role, TranscriptSegment
from tests.bench.indexed_table import IndexedTable, Item
from tests.functions.admin.console import ADMIN, Console, enlist
from tests.functions.admin.matrix import stored_call
from tests.services.world import World, build

SIZES = (1_000, 10_000, 100_000)
DAYS = 90
ROUNDS = 30
SEARCHED = 20
"""So many of the latest calls have a transcript to be looked into, and every call has its words in the index."""
COMMON, RARE = "hello", "zeppelin"
REQUESTS: tuple[tuple[str, str], ...] = (
    ("all calls, first page", "/calls?limit=50"),
    ("all calls, a later page", "/calls?limit=50&cursor={cursor}"),
    ("one chatbot", "/calls?limit=50&chatbotId=bot-a"),
    ("channel and status", "/calls?limit=50&channel=whatsapp&status=failed"),
    ("a filter nothing matches", "/calls?limit=50&endReason=media_lost"),
    ("one day", "/calls?limit=50&since={day}&until={day}"),
    ("a common word", f"/calls/search?text={COMMON}"),
    ("a rare word", f"/calls/search?text={RARE}"),
    ("both words", f"/calls/search?text={COMMON}+{RARE}"),
    ("a word nobody said", "/calls/search?text=unheard"),
    ("channels of a chatbot", "/chatbots/bot-a/integrations"),
)


def calls(world: World, count: int) -> Iterator[Item]:
    """Calls over the last 90 days, with their words; the first of each hundred says the rare one."""
    random.seed(1)
    first = stored_call(world, "bot-a", "template")
    step = timedelta(days=DAYS) / count
    for number in range(count):
        began = world.now - number * step
        call = first.model_copy(
            update={
                "call_id": f"call-{number:07d}",
                "created_at": began,
                "started_at": began,
                "ended_at": began + timedelta(minutes=2),
                "channel": random.choice(tuple(Channel)),
                "status": random.choice((CallStatus.COMPLETED, CallStatus.COMPLETED, CallStatus.FAILED)),
                "end_reason": random.choice((EndReason.USER_ENDED, EndReason.SILENCE_TIMEOUT)),
                "ended_by": EndedBy.CALLER,
            }
        )
        yield to_item(keys.call(call.company_id, call.call_id), call, 1, keys.call_extra(call))
        words = (COMMON, RARE) if number % 100 == 0 else (COMMON,)
        position = f"{began.isoformat(timespec='microseconds')}#{call.call_id}"
        for word in words:
            yield keys.word(call.company_id, word, position).attributes
        if number < SEARCHED or number % 100 == 0:
            yield from transcript(call.company_id, call.call_id, " ".join(words))


def transcript(company_id: str, call_id: str, text: str) -> Iterator[Item]:
    """Ten lines, one of them with the words."""
    for line in range(10):
        said = text if line == 5 else f"this is line {line} of a call"
        segment = TranscriptSegment(
            segment_id=f"s{line}", role=Role.USER, text=said, start_ms=line * 1000, end_ms=line * 1000 + 900, final=True
        )
        yield to_item(keys.segment(company_id, call_id, segment.segment_id), segment, 1, None)


def percentile(values: list[float], share: float) -> float:
    """Of sorted values."""
    return values[min(len(values) - 1, int(len(values) * share))]


def measure(console: Console, table: IndexedTable, path: str) -> tuple[float, float, int, int]:
    """Median and 95th percentile in milliseconds; reads and items of one request."""
    took = []
    for _ in range(ROUNDS):
        table.requests = table.read = 0
        began = time.perf_counter()
        answer = console.get(ADMIN, path)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    took.sort()
    return statistics.median(took), percentile(took, 0.95), table.requests, table.read


def bench(count: int, say: Callable[[str], None]) -> None:
    """All requests against so many calls."""
    with mock_aws():
        world = build()
        table = IndexedTable(world.client, "calls")
        table.fill(calls(world, count))
        full = World(table, world.s3, world.now)
        enlist(full)
        console = Console(full)
        cursor = console.get(ADMIN, "/calls?limit=50").json()["nextCursor"]
        say(f"\n{count:,} calls in the company" + " " * 18 + "p50 ms   p95 ms    reads    items")
        for name, path in REQUESTS:
            values = {"cursor": cursor, "day": f"{world.now - timedelta(days=30):%Y-%m-%d}"}
            median, high, requests, items = measure(console, table, path.format(**values))
            say(f"  {name:<40}{median:8.1f} {high:8.1f} {requests:8d} {items:8d}")
        console.close()


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        for size in [int(argument) for argument in sys.argv[1:]] or SIZES:
            bench(size, print)
