"""Generated schedules: workers that come too early, twice, late, that die and that overtake each other.

`python -m tests.functions.workflows.schedules 10000 [seed]` runs so many; a failure names the seed that repeats it.
"""

import logging
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from functions.workflows import task
from shared.contracts.records.after_call import Step
from tests.functions.workflows.closing_world import QuickWorld, World, die

LONGEST_LIFE = 15
"""No step has more moments on its way than this."""


def fault_free(world: World) -> dict[str, Any]:
    """What everything has to come to."""
    world.fresh()
    world.finish()
    return world.state()


def run_schedule(world: World, seed: int, *, repeats: int = 2) -> int:
    """A schedule of so many arrivals of each step on average; returns how many workers died or were overtaken."""
    chance = random.Random(seed)
    arrivals = [step for step in Step for _ in range(chance.randint(0, 2 * repeats - 1))]
    # Shuffled altogether, or nearly in order: only then later steps get anywhere before the end.
    if chance.random() < 0.5:
        chance.shuffle(arrivals)
    else:
        arrivals.sort(key=lambda step: list(Step).index(step) + chance.uniform(-1.5, 1.5))
    faults = 0
    for step in arrivals:
        plans = _plans(world, chance, step)
        faults += len(plans)
        world.attempt(step, plans)
    world.finish()
    return faults


def _plans(world: World, chance: random.Random, step: Step) -> dict[int, Callable[[], object]]:
    fate = chance.random()
    if fate < 0.35:
        return {chance.randrange(LONGEST_LIFE): die}
    if fate < 0.55:
        other = step if chance.random() < 0.7 else chance.choice(list(Step))
        inner = {chance.randrange(LONGEST_LIFE): die} if chance.random() < 0.3 else {}
        return {chance.randrange(LONGEST_LIFE): lambda: world.attempt(other, inner)}
    return {}


def check(world: World, expected: dict[str, Any], seed: int, *, repeats: int = 2) -> int:
    """Run a schedule and compare; the seed is in the complaint."""
    world.fresh()
    faults = run_schedule(world, seed, repeats=repeats)
    state = world.state()
    assert state == expected, f"seed {seed}: {_difference(state, expected)}"
    bodies = {post.content for post in world.company.posts}
    assert len(bodies) == 1, f"seed {seed}: the same message was sent with different words"
    return faults


def _difference(state: dict[str, Any], expected: dict[str, Any]) -> str:
    return "; ".join(
        f"{part}/{name}: {state[part].get(name)} instead of {expected[part].get(name)}"
        for part in expected
        for name in sorted({*state[part], *expected[part]})
        if state[part].get(name) != expected[part].get(name)
    )


def main() -> None:
    """The long run."""
    wanted = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    print(f"{wanted} schedules, seeds {first} to {first + wanted - 1}", flush=True)
    with pytest.MonkeyPatch.context() as patch:
        world = QuickWorld()
        patch.setattr(task, "closing_ports", lambda: world.ports)
        task.log.setLevel(logging.CRITICAL)
        expected = fault_free(world)
        faults = 0
        for number in range(wanted):
            faults += check(world, expected, first + number)
            if (number + 1) % 1000 == 0:
                print(f"{number + 1} schedules, {faults} workers died or were overtaken", flush=True)


if __name__ == "__main__":
    main()
