"""The wheel that turns the playouts, and the measure of the loop's lateness."""

import asyncio
import logging
import time

import pytest
import uvloop

from media_tier.bridge.wheel import Turn, Wheel
from media_tier.engine.loop_lag import INTERVAL, LoopLag

pytestmark = pytest.mark.realtime


async def test_members_are_called_about_every_20_ms_until_they_decline() -> None:
    wheel = Wheel(time.monotonic)
    calls: list[float] = []
    done = asyncio.Event()

    def turn(now: float) -> bool:
        calls.append(now)
        if len(calls) == 10:
            done.set()
        return len(calls) < 10

    wheel.add(turn)
    wheel.add(turn)
    assert len(wheel) == 1
    await asyncio.wait_for(done.wait(), 10)
    assert calls[-1] - calls[0] >= 0.17
    await asyncio.sleep(0.06)
    assert len(calls) == 10
    assert len(wheel) == 0
    wheel.add(turn)
    await asyncio.sleep(0.06)
    assert len(calls) == 11


def test_uvloop_timers_that_come_early_do_not_double_a_turn() -> None:
    calls: list[float] = []

    async def main() -> None:
        wheel = Wheel(time.monotonic)

        def turn(now: float) -> bool:
            calls.append(now)
            return True

        wheel.add(turn)
        await asyncio.sleep(0.5)
        wheel.close()

    uvloop.run(main())
    assert 5 <= len(calls) <= 26


async def test_a_late_loop_is_not_answered_with_a_burst() -> None:
    wheel = Wheel(time.monotonic)
    calls: list[float] = []

    def turn(now: float) -> bool:
        calls.append(now)
        return True

    wheel.add(turn)
    await asyncio.sleep(0.05)
    before = len(calls)
    time.sleep(0.3)  # noqa: ASYNC251 - the loop is made late on purpose
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(calls) - before <= 2
    wheel.close()
    stopped = len(calls)
    await asyncio.sleep(0.05)
    assert len(calls) == stopped


async def test_members_sit_on_different_spokes_and_can_leave_during_a_turn() -> None:
    wheel = Wheel(time.monotonic)
    calls: dict[int, int] = dict.fromkeys(range(8), 0)

    def member(index: int) -> None:
        def turn(now: float) -> bool:
            calls[index] += 1
            if index < 4:
                wheel.remove(turns[index + 4])
            return True

        turns[index] = turn
        wheel.add(turn)

    turns: dict[int, Turn] = {}
    for index in range(8):
        member(index)
    assert len(wheel) == 8
    await asyncio.sleep(0.1)
    assert len(wheel) == 4
    assert all(calls[index] > 0 for index in range(4))
    assert not any(calls[index] for index in range(4, 8))
    wheel.close()


async def test_one_failing_member_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    wheel = Wheel(time.monotonic)
    calls = []

    def broken(now: float) -> bool:
        raise RuntimeError("broken")

    def sound(now: float) -> bool:
        calls.append(now)
        return True

    for _ in range(4):
        wheel.add(broken)
    wheel.add(sound)
    await asyncio.sleep(0.1)
    assert len(calls) >= 2
    assert len(wheel) == 1
    assert "no longer turned" in caplog.text
    wheel.close()


def test_lag_covers_the_last_five_seconds(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    lag = LoopLag(lambda: now)
    assert (lag.p99, lag.max) == (0.0, 0.0)
    with caplog.at_level(logging.WARNING):
        for step in range(200):
            lag.record(step * 0.02, 0.2 if step in (10, 11) else 0.001)
    assert lag.max == 0.2
    assert lag.p99 == 0.2
    assert caplog.text.count("late") == 1
    now = 8.0
    assert lag.max == 0.001
    now = 30.0
    assert lag.max == 0.0


def test_a_process_that_is_late_for_seconds_takes_no_new_calls_until_it_is_well_again() -> None:
    now = 0.0
    lag = LoopLag(lambda: now)
    steps = [
        (20.0, 0.001, False),
        (21.0, 3.0, True),  # so late that a single sample stands for seconds
        (30.0, 0.001, False),
        (40.0, 0.09, False),  # between the two bounds: as before
        (50.0, 0.11, True),
        (60.0, 0.09, True),
        (70.0, 0.05, True),
        (80.0, 0.03, False),
    ]
    for until, late, overloaded in steps:
        while now < until:
            now += INTERVAL + late
            lag.record(now, late)
        assert lag.overloaded is overloaded, until


def test_a_few_late_wake_ups_are_no_overload() -> None:
    now = 0.0
    lag = LoopLag(lambda: now)
    for step in range(2000):
        now = step * INTERVAL
        lag.record(now, 0.5 if step % 150 == 0 else 0.001)
        assert not lag.overloaded


def test_a_late_start_is_no_overload() -> None:
    now = 0.0
    lag = LoopLag(lambda: now)
    for step in range(500):
        now = step * INTERVAL
        lag.record(now, 2.0 if step < 5 else 0.001)
        assert not lag.overloaded


async def test_a_blocked_loop_is_measured() -> None:
    lag = LoopLag(time.monotonic)
    lag.start()
    await asyncio.sleep(0.05)
    time.sleep(0.15)  # noqa: ASYNC251 - the loop is made late on purpose
    await asyncio.sleep(0.05)
    assert lag.max >= 0.1
    await lag.close()
