"""Random calls in the simulated world: whatever breaks and whoever talks over whom, the call never gets stuck."""

from random import Random
from typing import Any

import pytest

from media_tier.call.commands import AppendTranscript, SubmitToolResult
from media_tier.call.events import LegConnected, LegDropped, Party, ToolRequested
from shared.contracts.records.call import EndReason
from tests.call.script import GEMINI_LIKE, OPENAI_LIKE, configuration
from tests.call.test_world import answer
from tests.call.world import World

WORDS = ("What are your hours?", "Where is my order?", "I want a human", "mhm", "hold on")
INTERRUPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"allowed": False},
    {"debounce_ms": 400},
    {"ignored_backchannels": ["mhm"]},
)


def random_world(random: Random, seed: int) -> tuple[World, float]:
    """A call with random talk and faults, and when the last of them happens."""
    chosen = configuration(
        random.choice([OPENAI_LIKE, GEMINI_LIKE]),
        silence_timeout_seconds=30,
        max_duration_minutes=60,
        recording={"enabled": random.random() < 0.5},
        interruption=random.choice(INTERRUPTIONS),
    )
    tools = frozenset({"check_order_status"})
    world = World(chosen, tools, answer, seed, random.choice([0.2, 1.5, 3.0, 7.0]), rendered=random.random() < 0.6)
    at = 1.0
    for _ in range(random.randint(0, 8)):
        at += random.uniform(0.5, 12)
        world.caller_says(at, random.choice(WORDS), random.uniform(0.1, 2))
    for _ in range(random.randint(0, 3)):
        world.at(random.uniform(0, at + 20), world.drop)
    if random.random() < 0.4:
        dropped = random.uniform(0, at + 5)
        world.event_at(dropped, LegDropped(Party.CALLER))
        world.event_at(dropped + random.uniform(0.1, 20), LegConnected(Party.CALLER, resumed=True))
    if random.random() < 0.2:
        world.at(random.uniform(1, at + 5), world.move)
    return world, at + 25


@pytest.mark.parametrize("seed", range(60))
def test_a_call_that_nobody_ends_is_ended_by_silence(seed: int) -> None:
    world, last = random_world(Random(seed), seed)
    world.run()
    assert [finish.reason for finish in world.finishes] == [EndReason.SILENCE_TIMEOUT]
    assert world.now < last + 120
    answered = [result.call_id for result in world.all(SubmitToolResult)]
    assert len(answered) == len(set(answered))
    assert set(answered) <= {event.call_id for _, event in world.heard(ToolRequested)}
    final: dict[str, AppendTranscript] = {}
    for row in world.all(AppendTranscript):
        assert row.final or row.segment_id not in final, "a final row never becomes uncertain again"
        assert row.text and 0 <= row.start_ms <= row.end_ms
        if row.final:
            final[row.segment_id] = row
