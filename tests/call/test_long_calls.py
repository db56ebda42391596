"""An hour's call over each real vendor adapter, whose connections end sooner than the call: in virtual time, by seed.

A failing seed stands in the test's name; `hour(vendor, seed)` plays it again.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import pytest

from infra.local.standins.conversation import StandInScript
from media_tier.call.commands import AddContext, OpenProvider, RunTool, TellStatus
from media_tier.call.events import ProviderFailed, ResponseInterrupted
from media_tier.call.transcript import HISTORY_CHARACTERS, HISTORY_LINES
from shared.contracts.records.call import EndedBy, EndReason, Role
from shared.contracts.settings.call_settings import DEFAULT_GREETING
from shared.domain.sentences import ONE_MINUTE_LEFT, TIME_IS_UP
from tests.call.level_speech import STORY, answer, number_of, status
from tests.call.long_call import hour
from tests.call.virtual_call import Vendor, VirtualCall
from tests.call.virtual_time import run

CPU_S = 10.0
"""Usual are two or three."""
PAUSE_S = 30.0
"""Within so long there is a pause in which a connection can be renewed."""


@dataclass(frozen=True, slots=True)
class Case:
    """`period_s`: how long a connection is used before it is renewed in the next pause."""

    vendor: Vendor
    seed: int
    cap_s: float | None
    period_s: float

    def __str__(self) -> str:
        return f"{self.vendor}-cap-{self.cap_s or 'usual'}-seed-{self.seed}"


CASES = (
    Case("openai", 1, None, 3240.0),
    Case("openai", 2, 600.0, 300.0),
    Case("google", 3, None, 540.0),
)


async def make(case: Case) -> VirtualCall:
    return await VirtualCall(hour(case.vendor, case.seed, StandInScript(cap_seconds=case.cap_s))).run()


@cache
def played(case: Case) -> tuple[VirtualCall, float]:
    """The call and the CPU seconds it took."""
    began = time.process_time()
    return run(make(case)), time.process_time() - began


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    chosen = request.param
    assert isinstance(chosen, Case)
    return chosen


def expected_lines(call: VirtualCall) -> Iterator[tuple[Role, str]]:
    """What is said on the call."""
    yield Role.ASSISTANT, DEFAULT_GREETING
    before = ""
    for text in call.plan.texts:
        number = number_of(text)
        yield Role.USER, text
        if "order" in text:
            yield Role.ASSISTANT, status(number)
        elif "story" in text:
            yield Role.ASSISTANT, STORY
        else:
            yield Role.ASSISTANT, answer(before, number)
        before = number
    yield Role.ASSISTANT, ONE_MINUTE_LEFT
    yield Role.ASSISTANT, TIME_IS_UP


def test_the_call_lasts_an_hour(case: Case) -> None:
    call, cpu_s = played(case)
    ((reason, by, duration_ms, interruptions),) = call.journal.ends
    assert (reason, by) == (EndReason.MAX_DURATION, EndedBy.POLICY)
    assert 3_600_000 <= duration_ms < 3_615_000
    stories = sum("story" in text for text in call.plan.texts)
    assert interruptions == stories > 5
    assert call.heard(ResponseInterrupted)
    warned = [at for at, told in call.all(TellStatus) if told.state == "duration_warning"]
    assert len(warned) == 1
    assert 3540 <= warned[0] < 3545
    assert cpu_s < CPU_S


def test_everything_said_is_in_the_transcript_in_its_order(case: Case) -> None:
    call, _ = played(case)
    rows = call.transcript()
    expected = list(expected_lines(call))
    assert [row.role for row in rows] == [role for role, _ in expected]
    for row, (_, text) in zip(rows, expected, strict=True):
        if text == STORY:
            assert row.interrupted
            assert row.text
            assert STORY.startswith(row.text)
        else:
            assert (row.text, row.interrupted) == (text, False)
    assert all(earlier.end_ms <= later.start_ms + 1000 for earlier, later in pairwise(rows))


def test_connections_are_renewed_in_pauses_before_they_end(case: Case) -> None:
    call, _ = played(case)
    first, *renewals = call.switches
    assert [switch.connection for switch in call.switches] == list(range(1, len(call.switches) + 1))
    assert all(switch.quiet for switch in renewals)
    times = [first.at, *(switch.at for switch in renewals)]
    # It may have been opened in one pause and be used from the next one on.
    assert all(abs(later - earlier - case.period_s) <= PAUSE_S for earlier, later in pairwise(times))
    assert 3600 - times[-1] <= case.period_s + PAUSE_S
    assert not call.heard(ProviderFailed), "no connection reached its end in use"
    # The old connection is let go of by us.
    assert all(socket.ended is not None and socket.ended.code == 1000 for socket in call.sockets)


def test_a_renewed_connection_knows_the_conversation(case: Case) -> None:
    call, _ = played(case)
    rows = call.transcript()
    opened = {command.connection: at for at, command in call.all(OpenProvider)}
    for switch in call.switches[1:]:
        configured, *told = [json.loads(message) for message in switch.seeded]
        if case.vendor == "google":
            assert configured["setup"]["sessionResumption"]["handle"].startswith("handle-")
            assert told == []
            continue
        until_ms = opened[switch.connection] * 1000
        said = [(row.role.value, row.text) for row in rows if row.end_ms <= until_ms + 1]
        assert configured["type"] == "session.update"
        assert {message["type"] for message in told} == {"conversation.item.create"}
        messages = [message["item"] for message in told if message["item"]["type"] == "message"]
        seeded = [(message["role"], message["content"][0]["text"]) for message in messages]
        assert seeded == said[-len(seeded) :]
        letters = sum(len(text) for _, text in said[-len(seeded) - 1 :])
        assert len(seeded) in (len(said), HISTORY_LINES) or letters > HISTORY_CHARACTERS


def test_nothing_is_told_twice(case: Case) -> None:
    """Besides our own sentences only what was said between a connection's opening and its use."""
    call, _ = played(case)
    told = [command.text for _, command in call.all(AddContext)]
    assert {DEFAULT_GREETING, ONE_MINUTE_LEFT} <= set(told)
    assert len(told) <= 2 + 2 * len(call.switches)
    assert len(told) == len(set(told))


def test_no_tool_takes_effect_twice(case: Case) -> None:
    call, _ = played(case)
    orders = [number_of(text) for text in call.plan.texts if "order" in text]
    assert call.tools.effects == orders
    assert len(call.all(RunTool)) == len(orders) > 10


def test_usage_is_counted_on_every_connection(case: Case) -> None:
    call, _ = played(case)
    usage_ids = [usage.usage_id for usage in call.journal.usages]
    assert len(usage_ids) == len(set(usage_ids)) >= len(call.plan.texts)


@pytest.mark.parametrize("again", CASES[1:], ids=str)
def test_the_same_seed_makes_the_same_call(again: Case) -> None:
    call, _ = played(again)
    assert "\n".join(run(make(again)).log) == "\n".join(call.log)
