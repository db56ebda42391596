"""Whatever dies, comes twice, late or in the wrong order: in the end all is as after a run without faults, once."""

import json
import random
from typing import Any

import pytest

from functions.workflows import task
from shared.contracts.records.after_call import CallEvent, Step
from shared.contracts.records.call import CallRecord
from shared.services import call_closing
from tests.functions.workflows.closing_world import COMPANY, QuickWorld, World, die
from tests.functions.workflows.schedules import check, fault_free

SCHEDULES, CHUNKS, QUICK = 48, 4, 300
FIRST_SEED = random.SystemRandom().randrange(10**9)


def before(world: World, step: Step) -> None:
    """Everything that comes before a step."""
    for earlier in list(Step)[: list(Step).index(step)]:
        world.work(earlier)


@pytest.fixture(scope="module")
def expected(built: World) -> dict[str, Any]:
    """What everything has to come to."""
    return fault_free(built)


@pytest.mark.parametrize("step", list(Step))
def test_a_worker_may_die_between_any_two_of_its_requests(world: World, step: Step) -> None:
    before(world, step)
    restore = world.remember()
    moments = world.attempt(step, {})
    assert moments >= 2
    right = world.state()
    for moment in range(moments):
        restore()
        assert world.attempt(step, {moment: die}) == moment + 1, "it died there"
        world.work(step)
        assert world.state() == right, f"killed before request {moment} of {step.value}"
        assert world.model.asked <= 2


@pytest.mark.parametrize("step", list(Step))
def test_a_worker_may_be_overtaken_by_its_double_between_any_two_requests(world: World, step: Step) -> None:
    before(world, step)
    restore = world.remember()
    world.work(step)
    right = world.state()
    for moment in range(20):
        restore()
        lived = world.attempt(step, {moment: lambda: world.attempt(step, {})})
        world.work(step)
        assert world.state() == right, f"overtaken before request {moment} of {step.value}"
        if lived <= moment:
            return
    raise AssertionError("it has more requests than were tried")


def test_ten_of_everything_have_one_effect(world: World, expected: dict[str, Any]) -> None:
    for step in Step:
        assert len({world.work(step) for _ in range(10)}) == 1
    assert world.state() == expected
    assert (len(world.company.posts), world.model.asked) == (1, 1)


def test_ten_of_everything_in_any_order_have_one_effect(world: World, expected: dict[str, Any]) -> None:
    seed = random.SystemRandom().randrange(10**9)
    arrivals = [step for step in Step for _ in range(10)]
    random.Random(seed).shuffle(arrivals)
    for step in arrivals:
        world.attempt(step, {})
    world.finish()
    assert world.state() == expected, f"seed {seed}"
    assert (len(world.company.posts), world.model.asked) == (1, 1)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_generated_schedules_come_to_the_same_end(world: World, expected: dict[str, Any], chunk: int) -> None:
    size = SCHEDULES // CHUNKS
    seeds = range(FIRST_SEED + chunk * size, FIRST_SEED + (chunk + 1) * size)
    print(f"seeds {seeds[0]} to {seeds[-1]}")
    assert sum(check(world, expected, seed) for seed in seeds) > size


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, built: World) -> QuickWorld:
    """The world without the emulator, as `make soak` uses it."""
    made = QuickWorld()
    monkeypatch.setattr(task, "closing_ports", lambda: made.ports)
    return made


def test_the_quick_world_is_the_emulated_one(
    world: World, expected: dict[str, Any], quick: QuickWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same requests at the same moments, and the same left in the end."""
    assert fault_free(quick) == expected

    def lives(of: World) -> list[int]:
        of.fresh()
        return [of.attempt(step, {}) for step in (*Step, *Step)]

    asked = lives(quick)
    monkeypatch.setattr(task, "closing_ports", lambda: world.ports)
    assert lives(world) == asked


def test_very_many_generated_schedules_come_to_the_same_end(expected: dict[str, Any], quick: QuickWorld) -> None:
    print(f"seeds {FIRST_SEED} to {FIRST_SEED + QUICK - 1}")
    assert sum(check(quick, expected, FIRST_SEED + number) for number in range(QUICK)) > QUICK


def test_a_summary_that_is_written_twice_is_kept_once_and_told_as_it_is_kept(world: World) -> None:
    world.model.varies = True
    for moment in range(5):
        world.fresh(provider="openai")
        world.work(Step.CLOSE_TRANSCRIPT)
        world.attempt(Step.SUMMARISE, {moment: die})
        world.attempt(Step.SUMMARISE, {moment: lambda: world.attempt(Step.SUMMARISE, {})})
        world.finish()
        kept = world.record().summary
        assert kept is not None
        document = json.loads(next(body for key, body in world.state()["objects"].items() if key.startswith("search/")))
        message = world.company.messages[f"evt_{world.call_id}_completed"]
        assert document["summary"] == message["data"]["summary"] == kept.model_dump(mode="json")
        usage = world.calls.usage(COMPANY, world.call_id)
        assert [entry.usage_id for entry in usage] == ["summary", "u0", "u1"]
        assert world.record().cost_usd == sum(entry.cost_usd for entry in usage)
        assert usage[0].text_in == 1000 * int(kept.outcome.removeprefix("Version ")), "what is paid is what is kept"


def test_a_step_with_an_effect_of_its_own_each_time_is_found_out(
    world: World, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above can fail: here the message has another id whenever it is made."""
    numbers = iter(range(1000))
    real = call_closing.event_of

    def careless(call: CallRecord) -> CallEvent:
        return real(call).model_copy(update={"event_id": f"evt_{next(numbers)}"})

    def forgetful(event: CallEvent) -> CallEvent:
        return event

    monkeypatch.setattr(call_closing, "event_of", careless)
    monkeypatch.setattr(world.ports.ledger, "announce", forgetful)
    before(world, Step.NOTIFY)
    world.attempt(Step.NOTIFY, {4: die})
    world.finish()
    assert len(world.company.messages) == 2
    assert world.state() != expected
