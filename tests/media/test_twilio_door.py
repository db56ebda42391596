"""Twilio's streams at the door: who gets in, and what every message and every mistake leads to."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvloop
import websockets
from websockets.asyncio.client import ClientConnection

from infra.local.gateway import SOCKET_PATH
from media_tier.app import Server
from media_tier.call.events import Dtmf, EndRequested, Party
from media_tier.legs import twilio_gate
from media_tier.legs.twilio_gate import signature_of, stream_request
from media_tier.ports import Refused
from shared.contracts.messages.widget_socket import CloseCode
from tests.media.door_fakes import QUICK, Engine, Keeper, door, raw, until, widget
from tests.media.door_fakes import audio as widget_audio
from tests.media.door_fakes import hear as widget_hears
from tests.media.twilio_fakes import (
    ACCOUNT,
    ACCOUNT_ID,
    CALL,
    CONNECTED,
    FRAME,
    PATH,
    TOKEN,
    Accounts,
    AnyTicket,
    closed,
    event,
    gate_of,
    heard,
    media,
    say,
    signed,
    start,
    stream,
)

pytestmark = pytest.mark.realtime


async def refused(server: Server, path: str = PATH, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of an upgrade that is refused."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with stream(server, path, headers):
            pass
    return caught.value.response.status_code, bytes(caught.value.response.body or b"")


@asynccontextmanager
async def admitted(keeper: Keeper | None = None, limits: Any = QUICK) -> AsyncIterator[tuple[ClientConnection, Engine]]:
    """A stream in the middle of its call."""
    keeper = keeper or Keeper()
    async with door(keeper, limits, gate=gate_of(Accounts())) as server, stream(server) as socket:
        await say(socket, CONNECTED, start())
        await until(lambda: keeper.engines)
        engine = keeper.engines[0]
        engine.echo = False
        yield socket, engine


# Who gets in


def test_a_signature_of_the_vendors_own_library_is_ours() -> None:
    url = "wss://media.example.com/tw/11111111-2222-3333-4444-555555555555/abc"
    assert signature_of("12345", url) == "ZqTLWm8aYwgob2B6UPCt5dkcDMA="


async def test_a_signed_stream_gets_in_and_is_admitted_by_its_ticket() -> None:
    keeper, accounts = Keeper(), Accounts()
    async with door(keeper, gate=gate_of(accounts)) as server, stream(server) as socket:
        await say(socket, CONNECTED)
        await asyncio.sleep(0.05)
        assert keeper.asked == []  # nothing is set up before the stream has said whose it is
        await say(socket, start())
        await until(lambda: keeper.asked)
    assert keeper.asked == [("s-1", "ticket", f"twilio:{ACCOUNT_ID}", CALL)]
    assert accounts.asked == [ACCOUNT_ID]


async def test_all_refusals_look_the_same() -> None:
    async with door(Keeper(), gate=gate_of(Accounts(), AnyTicket(("used",)))) as server:
        used = PATH.replace("ticket", "used")
        stranger = PATH.replace(ACCOUNT_ID, "acc-2")
        looks = {
            await refused(server, headers={}),
            await refused(server, headers={"x-twilio-signature": ""}),
            await refused(server, headers={"x-twilio-signature": "ä"}),
            await refused(server, headers=signed(token="another")),
            await refused(server, headers=signed(PATH + "x")),
            await refused(
                server, headers={"x-twilio-signature": signature_of(TOKEN, "https://calls.example.com" + PATH)}
            ),
            await refused(server, stranger, signed(stranger)),
            await refused(server, stranger, signed(stranger, "")),
            await refused(server, used, signed(used)),
        }
        assert len(looks) == 1
        assert looks.pop()[0] == 403


async def test_two_signatures_are_none() -> None:
    async with door(Keeper(), gate=gate_of(Accounts())) as server:
        reader, writer = await raw(server)
        signature = signed()["x-twilio-signature"]
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: h\r\n".encode())
        writer.write(f"X-Twilio-Signature: {signature}\r\nx-twilio-signature: {signature}\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 403")
        writer.close()


@pytest.mark.parametrize("path", [PATH + "/", PATH + "?x=1", PATH.replace(".", ""), PATH.replace("acc-1", "a" * 81)])
async def test_other_addresses_do_not_exist(path: str) -> None:
    accounts = Accounts()
    async with door(Keeper(), gate=gate_of(accounts)) as server:
        assert (await refused(server, path, signed(path)))[0] == 404
    assert accounts.asked == []


async def test_without_a_gate_there_are_no_streams() -> None:
    async with door(Keeper()) as server:
        assert (await refused(server))[0] == 404


async def test_an_account_store_that_fails_is_not_a_refusal(caplog: pytest.LogCaptureFixture) -> None:
    async with door(Keeper(), gate=gate_of(Accounts(failure=OSError("gone")))) as server:
        assert (await refused(server))[0] == 503
    assert "could not be checked" in caplog.text
    assert "ticket" not in caplog.text


async def test_nobody_waits_for_a_check_that_hangs() -> None:
    accounts = Accounts(gate=asyncio.Event())
    async with door(Keeper(), replace(QUICK, handshake_seconds=0.2), gate=gate_of(accounts)) as server:
        with pytest.raises((OSError, websockets.InvalidMessage)):
            async with stream(server):
                pass
        assert accounts.asked


async def test_what_is_sent_during_the_check_is_not_lost() -> None:
    accounts, keeper = Accounts(gate=asyncio.Event()), Keeper()
    async with door(keeper, gate=gate_of(accounts)) as server:
        reader, writer = await raw(server)
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}".encode())
        writer.write(f"X-Twilio-Signature: {signed()['x-twilio-signature']}\r\n\r\n\x89\x80\0\0\0\0".encode("latin-1"))
        await until(lambda: accounts.asked)
        writer.write(b"\x89\x81\0\0\0\0x")
        await asyncio.sleep(0.05)
        assert accounts.gate is not None
        accounts.gate.set()
        assert b"101 Switching Protocols" in await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(5) == b"\x8a\0\x8a\1x"
        writer.close()
        await until(lambda: server.connections == 0)


async def test_tokens_are_remembered_a_while_and_asked_for_again_when_they_no_longer_fit() -> None:
    now, accounts = [100.0], Accounts()
    gate = gate_of(accounts, clock=lambda: now[0])

    async def admits(token: str) -> bool:
        head = f"GET {PATH} HTTP/1.1\r\nX-Twilio-Signature: {signed(token=token)['x-twilio-signature']}\r\n\r\n"
        request = stream_request(head.encode())
        assert request is not None
        return await gate.admits(request) == ACCOUNT

    assert [await admits(TOKEN), await admits(TOKEN), await admits("wrong")] == [True, True, False]
    assert len(accounts.asked) == 1
    accounts.tokens[ACCOUNT_ID] = "rotated"
    now[0] += 2 * twilio_gate.FRESH_SECONDS
    assert [await admits("rotated"), await admits(TOKEN)] == [True, False]
    assert len(accounts.asked) == 2
    now[0] += twilio_gate.KEPT_SECONDS
    assert await admits("rotated")
    assert len(accounts.asked) == 3


def test_the_local_gateway_sends_streams_to_media_processes() -> None:
    assert SOCKET_PATH.match(f"GET {PATH} HTTP/1.1\r\n".encode())
    assert not SOCKET_PATH.match(b"POST /api/webhooks/twilio/voice HTTP/1.1\r\n")
    assert not SOCKET_PATH.match(b"GET /api/webhooks/twilio/stream-status HTTP/1.1\r\n")


# What a stream does


async def test_sound_keys_marks_and_goodbye() -> None:
    async with admitted() as (socket, engine):
        await say(socket, media(), event("dtmf", dtmf={"track": "inbound_track", "digit": "7"}))
        await say(socket, event("dtmf", dtmf={"digit": "A"}), event("new"), media(b"\xff"))
        await until(lambda: len(engine.audio) == 2)
        assert engine.audio == [FRAME, b"\xff"]
        assert engine.events == [Dtmf("7")]
        engine.leg.play(FRAME)
        assert await heard(socket) == {k: v for k, v in media().items() if k != "sequenceNumber"} | {
            "media": {"payload": media()["media"]["payload"]}
        }
        mark = await heard(socket)
        assert mark["event"] == "mark"
        await say(socket, event("mark", mark={"name": "nobody's"}), event("mark", mark=mark["mark"]))
        await until(lambda: engine.played)
        assert engine.played == [len(FRAME)]
        await say(socket, event("stop", stop={}))
        await until(lambda: EndRequested(Party.CALLER) in engine.events)
        engine.leg.close(CloseCode.NORMAL, "user_ended")
        assert await closed(socket) == 1000
        await until(lambda: engine.gone)
        assert engine.gone == [True]
        assert engine.events.count(EndRequested(Party.CALLER)) == 1
        engine.leg.play(FRAME)
        engine.leg.stop()


async def test_marks_follow_the_sound_now_and_then_and_before_its_end() -> None:
    async with admitted() as (socket, engine):
        loop = asyncio.get_running_loop()
        engine.leg.play(FRAME * 15)
        last = loop.time()
        for _ in range(5):
            await asyncio.sleep(0.1)
            last = loop.time()
            engine.leg.play(FRAME * 5)
        kinds, sizes, ended = [], 0, 0.0
        with contextlib.suppress(TimeoutError):
            while True:
                message = await heard(socket, 0.4)
                kinds.append(message["event"])
                sizes += len(base64.b64decode(message["media"]["payload"])) if "media" in message else 0
                ended = loop.time()
        assert sizes == 40 * 160
        assert kinds[:3] == ["media", "mark", "media"]
        assert kinds[-1] == "mark"
        assert 3 <= kinds.count("mark") <= 4
        assert ended - last < 0.25  # of 0.3 s that Twilio still had to play


async def test_marks_that_come_back_after_a_clear_were_not_heard() -> None:
    async with admitted() as (socket, engine):
        engine.leg.play(FRAME * 50)
        _, first, _ = [await heard(socket) for _ in range(3)]
        await say(socket, event("mark", mark=first["mark"]))
        await until(lambda: engine.played)
        second = await heard(socket)
        await asyncio.sleep(0.1)
        engine.leg.stop()
        assert engine.stopped == []  # never from within the verb
        assert await heard(socket) == {"event": "clear", "streamSid": "MZ" + "3" * 32}
        await say(socket, event("mark", mark=second["mark"]))
        await until(lambda: engine.stopped)
        await say(socket, media())
        await until(lambda: engine.audio)
        assert engine.played == [160]
        # 20 ms by the mark, then 0.2 s until the second mark was sent and 0.1 s more; not the second that was sent.
        assert 160 + 0.25 * 8000 < engine.stopped[0] < 160 + 0.6 * 8000
        engine.leg.play(FRAME)
        assert [(await heard(socket))["event"] for _ in range(2)] == ["media", "mark"]


async def test_nothing_is_heard_while_nothing_is_played() -> None:
    async with admitted() as (socket, engine):
        engine.leg.play(FRAME)
        _, mark = [await heard(socket) for _ in range(2)]
        await say(socket, event("mark", mark=mark["mark"]))
        await until(lambda: engine.played)
        await asyncio.sleep(0.2)
        engine.leg.play(FRAME * 20)
        engine.leg.stop()
        await until(lambda: engine.stopped)
        assert 160 <= engine.stopped[0] < 160 + 800


async def test_a_phone_shows_nothing_and_reconnects_by_hanging_the_stream_up() -> None:
    async with admitted() as (socket, engine):
        engine.leg.tell({"type": "transcript", "data": {}})
        engine.leg.tell({"type": "reconnect"})
        assert await closed(socket) == 1000
        await until(lambda: engine.gone)
        assert engine.gone == [False]
        assert engine.events == []


async def test_a_close_without_stop_is_a_hang_up() -> None:
    async with admitted() as (socket, engine):
        await socket.close(1000)
        await until(lambda: engine.gone)
        assert (engine.events, engine.gone) == ([EndRequested(Party.CALLER)], [True])


async def test_a_cut_line_is_not_a_hang_up() -> None:
    async with admitted() as (socket, engine):
        socket.transport.abort()
        await until(lambda: engine.gone)
        assert (engine.events, engine.gone) == ([], [False])


async def test_what_comes_during_admission_arrives_in_order() -> None:
    keeper = Keeper(gate=asyncio.Event())
    async with door(keeper, gate=gate_of(Accounts())) as server, stream(server) as socket:
        await say(
            socket, CONNECTED, start(), media(b"\1" * 8000), media(b"\2" * 160), event("dtmf", dtmf={"digit": "1"})
        )
        await say(socket, event("stop", stop={}))
        await until(lambda: keeper.asked)
        await asyncio.sleep(0.05)
        assert keeper.gate is not None
        keeper.gate.set()
        await until(lambda: keeper.engines and len(keeper.engines[0].events) == 2)
        engine = keeper.engines[0]
        assert engine.audio == [b"\2" * 160]
        assert engine.events == [Dtmf("1"), EndRequested(Party.CALLER)]


@pytest.mark.parametrize(
    "other", [{"accountSid": "AC" + "2" * 32}, {"customParameters": {"sessionId": "s-2"}}], ids=["account", "session"]
)
async def test_a_stream_of_another_than_the_address_names_is_refused(other: dict[str, Any]) -> None:
    keeper = Keeper()
    async with door(keeper, gate=gate_of(Accounts())) as server, stream(server) as socket:
        await say(socket, CONNECTED, start(**other))
        assert await closed(socket) == 4401
    assert keeper.asked == []


async def test_a_wrong_ticket_closes_the_stream() -> None:
    keeper = Keeper(refusal=Refused(CloseCode.UNAUTHORIZED, "No."))
    async with door(keeper, gate=gate_of(Accounts())) as server, stream(server) as socket:
        await say(socket, CONNECTED, start())
        assert await closed(socket) == 4401


# Mistakes

OTHER = "MZ" + "4" * 32


@pytest.mark.parametrize(
    "messages",
    [
        [media()],
        [start()],
        [CONNECTED, media()],
        [CONNECTED, event("mark", mark={"name": "x"})],
        [CONNECTED, CONNECTED],
        [CONNECTED, start(streamSid=OTHER)],
        [CONNECTED, start(tracks=["outbound"])],
        [CONNECTED, start(), start()],
        [CONNECTED, start(), CONNECTED],
        [CONNECTED, start(), media(stream_sid=OTHER)],
        [CONNECTED, start(), event("dtmf", dtmf={"digit": "1"}) | {"streamSid": OTHER}],
        [CONNECTED, start(), *["{"] * 5],
        [CONNECTED, start(), *[event("media", media={"track": "inbound", "payload": "!"})] * 5],
        [CONNECTED, start(), *[b"\0"] * 5],
    ],
)
async def test_breaking_the_protocol_closes(messages: list[Any]) -> None:
    async with door(Keeper(), gate=gate_of(Accounts())) as server, stream(server) as socket:
        await say(socket, *messages)
        assert await closed(socket) == 1008


async def test_four_mistakes_are_left_out() -> None:
    async with admitted() as (socket, engine):
        await say(socket, "{", event("media", media={"track": "inbound", "payload": "!"}), event("mark"), "[]", media())
        await until(lambda: engine.audio)
        assert engine.gone == []


async def test_an_oversized_message_closes() -> None:
    async with admitted() as (socket, engine):
        await say(socket, media(b"\xff" * 60_000))
        assert await closed(socket) == 1009
        await until(lambda: engine.gone)
        assert engine.gone == [False]


async def test_more_sound_than_time_closes() -> None:
    async with admitted() as (socket, _):
        await say(socket, *[media(b"\xff" * 40_000)] * 3)
        assert await closed(socket) == 4429


async def test_a_stream_that_never_starts_is_let_go() -> None:
    limits = replace(QUICK, handshake_seconds=0.2)
    async with door(Keeper(), limits, gate=gate_of(Accounts())) as server, stream(server) as socket:
        await say(socket, CONNECTED)
        assert await closed(socket) == 4408


async def test_a_stream_that_falls_silent_is_let_go() -> None:
    async with admitted(limits=replace(QUICK, idle_seconds=0.2)) as (socket, engine):
        assert await closed(socket) == 4408
        await until(lambda: engine.gone)
        assert engine.gone == [False]


async def test_hang_up_before_start_is_survived(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with door(Keeper(), gate=gate_of(Accounts())) as server:
            for messages in ([], [CONNECTED], [event("stop", stop={})], [CONNECTED, event("stop", stop={})]):
                async with stream(server) as socket:
                    await say(socket, *messages)
            await until(lambda: server.connections == 0)
    assert not caplog.records


def test_widgets_and_streams_share_the_door_under_the_loop_of_production() -> None:
    async def both() -> None:
        keeper = Keeper()
        async with door(keeper, gate=gate_of(Accounts())) as server:
            async with stream(server) as socket, widget(server) as client:
                await say(socket, CONNECTED, start())
                await widget_hears(client)
                await client.send(widget_audio())
                assert (await widget_hears(client))["type"] == "audio"
                await until(lambda: len(keeper.engines) == 2)
                await say(socket, media())
                assert (await heard(socket))["event"] == "media"
            assert (await refused(server, headers={}))[0] == 403
        await asyncio.sleep(0.1)  # uvloop complains of sockets that are still closing when it goes

    uvloop.run(both())
