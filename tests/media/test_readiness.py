"""Whether a process takes calls: room, overload, drain; and that none of it touches the calls it has."""

import time

import httpx
import pytest

from media_tier.app import serve
from media_tier.engine.loop_lag import INTERVAL, LoopLag
from media_tier.engine.roster import DrainPlan, Roster
from media_tier.legs.web_limits import DoorLimits
from media_tier.ports import Refused
from shared.contracts.messages.widget_socket import CloseCode
from tests.media.call_fakes import SilentLeg, Surroundings, roster_of


async def refused(roster: Roster, session_id: str) -> CloseCode:
    with pytest.raises(Refused) as caught:
        await roster.admit(session_id, "t", "o", SilentLeg())
    return caught.value.code


async def test_an_overloaded_process_takes_no_new_calls_and_keeps_those_it_has() -> None:
    now = 0.0

    def pass_seconds(seconds: float, late: float) -> None:
        nonlocal now
        until = now + seconds
        while now < until:
            now += INTERVAL + late
            lag.record(now, late)

    lag = LoopLag(lambda: now)
    roster = roster_of(Surroundings(), overloaded=lambda: lag.overloaded)
    server = await serve(roster, "127.0.0.1", 0, clock=time.monotonic, ready=lambda: roster.ready, limits=DoorLimits())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        first = SilentLeg()
        await roster.admit("first", "t", "o", first)
        pass_seconds(10, 0.001)
        assert (await http.get("/ready")).status_code == 200
        pass_seconds(10, 0.2)
        assert (await http.get("/ready")).status_code == 503
        assert (await http.get("/health")).status_code == 200
        assert await refused(roster, "second") == CloseCode.FULL
        assert roster.calls == 1 and first.closed == []
        again = SilentLeg()
        await roster.admit("first", "resume", "o", again)
        assert first.closed == [CloseCode.REPLACED] and again.told[0]["resumed"]
        pass_seconds(10, 0.05)
        assert await refused(roster, "second") == CloseCode.FULL
        pass_seconds(10, 0.001)
        assert (await http.get("/ready")).status_code == 200
        await roster.admit("second", "t", "o", SilentLeg())
        assert roster.calls == 2 and again.closed == []
    await server.close()
    await roster.drain(DrainPlan(0))


async def test_whoever_comes_back_to_a_full_process_is_let_in() -> None:
    roster = roster_of(Surroundings(), capacity=1)
    await roster.admit("first", "t", "o", SilentLeg())
    assert not roster.ready
    assert await refused(roster, "second") == CloseCode.FULL
    await roster.admit("first", "resume", "o", SilentLeg())
    assert roster.calls == 1
    await roster.drain(DrainPlan(0))
    assert await refused(roster, "first") == CloseCode.FULL
