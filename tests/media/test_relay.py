"""Sockets that reach the wrong process: passed on, byte by byte, or served where they are."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import websockets

from media_tier.app import Server, serve
from media_tier.legs.relay import Relay
from tests.media.door_fakes import QUICK, Keeper, audio, door, hear, widget


@dataclass
class Fixed:
    """Everything belongs to one address."""

    address: str | None
    open: bool = True
    asked: int = 0

    def takes(self, session_id: str) -> bool:
        return self.open

    async def better_than_here(self, session_id: str) -> str | None:
        assert session_id == "s-1"
        self.asked += 1
        return self.address


@asynccontextmanager
async def relaying(keeper: Keeper, places: Fixed, seconds: float = 1.5) -> AsyncIterator[tuple[Server, Relay]]:
    relay = Relay(places, seconds)
    server = await serve(keeper, "127.0.0.1", 0, clock=time.monotonic, ready=lambda: True, limits=QUICK, relay=relay)
    try:
        yield server, relay
    finally:
        await server.close()


async def _empty(relay: Relay) -> None:
    for _ in range(500):
        if not len(relay):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a relay is left")


async def test_a_socket_is_served_by_the_process_it_belongs_to() -> None:
    here, there = Keeper(), Keeper()
    async with door(there) as far, relaying(here, Fixed(f"127.0.0.1:{far.port}")) as (near, relay):
        async with widget(near) as client:
            assert (await hear(client))["type"] == "connected"
            assert client.subprotocol == "call.v1"
            await client.send(audio())
            assert (await hear(client))["type"] == "audio"
            assert len(relay) == 1
        assert there.asked == [("s-1", "t", "https://shop.example")]
        assert here.asked == []
        await asyncio.wait_for(there.engines[0].over.wait(), 5)
        await _empty(relay)


async def test_nothing_of_what_a_caller_says_is_lost_or_doubled() -> None:
    there = Keeper()
    async with door(there) as far, relaying(Keeper(), Fixed(f"127.0.0.1:{far.port}")) as (near, _):
        async with widget(near) as client:
            await hear(client)
            sent = [bytes([number, 0]) * 480 for number in range(50)]
            for frame in sent:
                await client.send(audio(frame))
            for _frame in sent:
                await hear(client)
        assert there.engines[0].audio == sent


async def test_a_socket_is_sent_on_once_only() -> None:
    """Two processes that each believe in the other must not play ball with a caller."""
    here, there = Keeper(), Keeper()
    back = Fixed(None)
    async with relaying(there, back) as (far, _), relaying(here, Fixed(f"127.0.0.1:{far.port}")) as (near, _relay):
        back.address = f"127.0.0.1:{near.port}"
        async with widget(near) as client:
            await hear(client)
    assert (len(here.asked), len(there.asked), back.asked) == (0, 1, 0)


async def test_who_leaves_takes_nothing_that_is_sent_on() -> None:
    """Others learn of it a heartbeat later."""
    here, there = Keeper(), Keeper()
    async with (
        relaying(there, Fixed(None, open=False)) as (far, _),
        relaying(here, Fixed(f"127.0.0.1:{far.port}")) as (near, _relay),
        widget(near) as client,
    ):
        await hear(client)
    assert (len(here.asked), len(there.asked)) == (1, 0)


async def _silent() -> asyncio.Server:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    return await asyncio.start_server(accept, "127.0.0.1", 0)


async def test_who_does_not_answer_is_replaced_here() -> None:
    here = Keeper()
    silent = await _silent()
    port = silent.sockets[0].getsockname()[1]
    async with relaying(here, Fixed(f"127.0.0.1:{port}"), 0.1) as (near, relay), widget(near) as client:
        assert (await hear(client))["type"] == "connected"
        assert len(relay) == 0
    assert len(here.asked) == 1
    silent.close()


async def test_who_is_gone_is_replaced_here_at_once() -> None:
    here = Keeper()
    silent = await _silent()
    port = silent.sockets[0].getsockname()[1]
    silent.close()
    await silent.wait_closed()
    async with relaying(here, Fixed(f"127.0.0.1:{port}")) as (near, _), widget(near) as client:
        assert (await hear(client))["type"] == "connected"
    assert len(here.asked) == 1


async def test_a_caller_learns_that_the_other_process_is_gone() -> None:
    there = Keeper()
    async with door(there) as far, relaying(Keeper(), Fixed(f"127.0.0.1:{far.port}")) as (near, relay):
        async with widget(near) as client:
            await hear(client)
            await far.close()
            with pytest.raises(websockets.ConnectionClosed):
                while True:
                    await asyncio.wait_for(client.recv(), 5)
        await _empty(relay)


async def test_a_door_that_closes_lets_its_relayed_callers_go() -> None:
    there = Keeper()
    async with (
        door(there) as far,
        relaying(Keeper(), Fixed(f"127.0.0.1:{far.port}")) as (near, _),
        widget(near) as client,
    ):
        await hear(client)
        await near.close()
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(client.recv(), 5)
