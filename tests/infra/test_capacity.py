"""What a measurement becomes: the size of tasks, and the calls they take."""

from typing import Any

import pytest
from pydantic import ValidationError

from infra.capacity import Capacity, read_capacity
from infra.costs import idle, per_thousand_minutes, sheet, total
from infra.stage import read_stage
from tests.bench.media_process import Result
from tests.bench.plan_capacity import held, planned


def measured(**changes: Any) -> Result:
    quick = {"p99": 8.0, "failed": 0, "lost": 0}
    known: dict[str, Any] = {
        "name": "media", "calls": 200, "cpu_ms": 4.0, "kb": 800.0, "growth_kb": 0.0, "busy": 0.8,
        "up": quick, "down": quick,
    }  # fmt: skip
    return Result(**{**known, **changes})


@pytest.mark.parametrize("worse", [{"p99": 21.0}, {"failed": 1}, {"lost": 1}])
def test_a_step_is_held_while_nobody_hears_it(worse: dict[str, Any]) -> None:
    assert held(measured())
    assert not held(measured(down={"p99": 8.0, "failed": 0, "lost": 0, **worse}))


def test_a_task_takes_seven_tenths_of_what_it_was_measured_to_carry() -> None:
    found = planned(measured(), 20.0, 2048, 4096, "2026-11-28")
    assert (found.calls, found.whatsapp_calls) == (200, 40)
    assert (found.admitted, found.whatsapp_admitted) == (140, 28)
    assert "200 resampled phone calls at 80%" in found.basis


def test_memory_bounds_a_task_too() -> None:
    assert planned(measured(kb=30_000.0), 20.0, 2048, 4096, "2026-11-28").calls == 104


def test_more_whatsapp_calls_than_calls_are_refused() -> None:
    with pytest.raises(ValidationError, match="part of calls"):
        Capacity(cpu=2048, memory_mb=4096, calls=10, whatsapp_calls=11, basis="x")


def test_the_bill_follows_the_sizes_in_code() -> None:
    stage, capacity = read_stage("prod"), read_capacity()
    fewer = stage.model_copy(update={"media": stage.media.model_copy(update={"minimum_tasks": 1})})
    assert total(idle(fewer, capacity)) < total(idle(stage, capacity))
    fuller = capacity.model_copy(update={"calls": capacity.calls * 2})
    assert total(per_thousand_minutes(stage, fuller)) < total(per_thousand_minutes(stage, capacity))
    text = sheet(stage, capacity)
    assert "1,000 call minutes" in text and "A month at idle (2 processes)" in text
