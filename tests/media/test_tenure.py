"""How long a process stays, and where sockets belong: virtual clocks, a fake agent."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from media_tier.engine.places import FleetPlaces
from media_tier.engine.tenure import EMPTY_SECONDS, RENEW_SECONDS, Identity, Tenure, superseded
from shared.adapters.aws.ecs_agent import EcsAgent, TaskIdentity
from shared.contracts.records.call import MediaTask

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
OWN = Identity("a", "media:7", NOW - timedelta(hours=1))


def task(task_id: str, **changes: Any) -> MediaTask:
    known = {"address": f"10.0.0.{ord(task_id)}:8080", "calls": 0, "draining": False, "heartbeat_at": NOW, "room": 5}
    newer = {"revision": "media:8", "started_at": NOW - timedelta(minutes=1)}
    return MediaTask.model_validate({"task_id": task_id, **known, **newer, **changes})


@dataclass
class Agent:
    said: list[object] = field(default_factory=list)
    away: bool = False

    async def protect(self, minutes: int) -> None:
        if self.away:
            raise OSError("no agent")
        self.said.append(minutes)

    async def release(self) -> None:
        self.said.append("released")


@dataclass
class Process:
    calls: int = 0
    retiring: bool = False
    draining: bool = False
    ready: bool = True
    mine: str = ""

    def holds(self, session_id: str) -> bool:
        return session_id == self.mine


class World:
    def __init__(self) -> None:
        self.at, self.agent, self.held, self.left = 0.0, Agent(), Process(), 0
        self.tenure = Tenure(OWN, self.held, self.agent, 190, lambda: self.at, self._leave)

    def _leave(self) -> None:
        self.left += 1

    async def look(self, *tasks: MediaTask, after: float = 0.0) -> None:
        self.at += after
        await self.tenure.look(tasks, NOW)


async def test_it_is_protected_while_it_holds_calls_and_no_longer() -> None:
    world = World()
    await world.look()
    assert world.agent.said == []
    world.held.calls = 1
    await world.look()
    await world.look(after=RENEW_SECONDS / 2)
    assert world.agent.said == [190]
    await world.look(after=RENEW_SECONDS)
    assert world.agent.said == [190, 190]
    world.held.calls = 0
    await world.look()
    await world.look(after=EMPTY_SECONDS / 2)
    assert world.agent.said == [190, 190]
    await world.look(after=EMPTY_SECONDS)
    assert world.agent.said == [190, 190, "released"]
    assert world.left == 0


async def test_a_call_between_two_looks_keeps_the_protection() -> None:
    world = World()
    world.held.calls = 1
    await world.look()
    world.held.calls = 0
    await world.look()
    world.held.calls = 1
    await world.look(after=EMPTY_SECONDS * 2)
    assert world.agent.said == [190]


async def test_protection_that_was_refused_is_asked_for_again() -> None:
    world = World()
    world.held.calls, world.agent.away = 1, True
    await world.look()
    world.agent.away = False
    await world.look(after=5)
    assert world.agent.said == [190]


async def test_an_old_revision_keeps_its_calls_takes_no_others_and_leaves_when_the_last_is_over() -> None:
    world = World()
    world.held.calls = 3
    await world.look(task("b"))
    assert world.held.retiring
    await world.look(task("b"), after=3600)
    assert world.left == 0
    world.held.calls = 0
    await world.look(task("b"))
    assert world.left == 0
    await world.look(task("b"), after=EMPTY_SECONDS)
    assert world.left == 1
    assert world.agent.said[-1] == "released"


@pytest.mark.parametrize(
    ("changes", "over"),
    [
        ({}, True),
        ({"revision": "media:6"}, True),  # rolled back: the later process counts, not the higher number
        ({"revision": "media:7"}, False),
        ({"revision": ""}, False),
        ({"started_at": NOW - timedelta(hours=2)}, False),
        ({"started_at": NOW - timedelta(seconds=10)}, False),  # it has not proven itself
        ({"heartbeat_at": NOW - timedelta(seconds=20)}, False),
        ({"draining": True}, False),
        ({"retiring": True}, False),
    ],
)
def test_who_supersedes_whom(changes: dict[str, Any], over: bool) -> None:
    assert superseded(OWN, [task("b", **changes)], NOW) is over


@dataclass
class Registry:
    known: list[MediaTask]
    owned: str | None = None
    away: bool = False

    async def tasks(self) -> list[MediaTask]:
        if self.away:
            raise OSError("no storage")
        return self.known

    async def owner(self, session_id: str) -> str | None:
        return self.owned


@pytest.mark.parametrize(
    ("here", "registry", "place"),
    [
        (Process(), Registry([]), None),
        (Process(), Registry([task("b")]), None),
        (Process(ready=False), Registry([task("a"), task("b"), task("c", room=9)]), "10.0.0.99:8080"),
        (Process(ready=False), Registry([task("b", room=0), task("c", retiring=True)]), None),
        (Process(), Registry([task("b")], "b"), "10.0.0.98:8080"),
        (Process(), Registry([task("b", retiring=True, room=0)], "b"), "10.0.0.98:8080"),
        (Process(), Registry([task("b", draining=True)], "b"), None),
        (Process(), Registry([task("b", heartbeat_at=NOW - timedelta(seconds=16))], "b"), None),
        (Process(mine="s"), Registry([task("b")], "b"), None),
        (Process(), Registry([task("b")], "b", away=True), None),
    ],
)
async def test_where_a_socket_belongs(here: Process, registry: Registry, place: str | None) -> None:
    assert await FleetPlaces("a", here, registry, lambda: NOW).better_than_here("s") == place


@pytest.mark.parametrize(
    ("here", "takes"),
    [
        (Process(), True),
        (Process(ready=False), False),
        (Process(ready=False, mine="s"), True),
        (Process(ready=False, mine="s", draining=True), False),
    ],
)
def test_what_is_sent_here_is_taken_while_it_can_be(here: Process, takes: bool) -> None:
    assert FleetPlaces("a", here, Registry([]), lambda: NOW).takes("s") is takes


async def test_the_agent_is_spoken_to_as_amazon_writes() -> None:
    states: list[object] = []

    async def put(request: web.Request) -> web.Response:
        states.append(await request.json())
        return web.json_response({"protection": {"ProtectionEnabled": True}})

    async def who(request: web.Request) -> web.Response:
        network = {"NetworkMode": "awsvpc", "IPv4Addresses": ["10.0.1.23"]}
        found = {"Family": "calls-prod-media", "Revision": "12", "Containers": [{"Networks": [network]}]}
        return web.json_response(found)

    app = web.Application()
    app.router.add_put("/agent/task-protection/v1/state", put)
    app.router.add_get("/meta/task", who)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as http:
        agent = EcsAgent(http, f"{base}/agent", f"{base}/meta")
        assert await agent.identity() == TaskIdentity("calls-prod-media:12", "10.0.1.23")
        await agent.protect(5000)
        await agent.release()
        with pytest.raises(aiohttp.ClientResponseError):
            await EcsAgent(http, f"{base}/nowhere", base).protect(1)
    await runner.cleanup()
    assert states == [{"ProtectionEnabled": True, "ExpiresInMinutes": 2880}, {"ProtectionEnabled": False}]
