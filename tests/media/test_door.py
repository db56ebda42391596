"""The door with real sockets: admission, refusals, and every way a client can misbehave."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
import websockets

from media_tier.app import Server
from media_tier.call.events import EndRequested, MuteChanged, Party, QualityMeasured
from media_tier.ports import Refused
from shared.contracts.messages.widget_socket import MAX_MESSAGE_BYTES, CloseCode
from tests.media.door_fakes import (
    FRAME,
    PATH,
    QUICK,
    UPGRADE,
    Keeper,
    audio,
    door,
    ending,
    frame,
    hear,
    raw,
    until,
    widget,
)

pytestmark = pytest.mark.realtime


@asynccontextmanager
async def _bystander(server: Server) -> AsyncIterator[list[float]]:
    """Another caller in the middle of a conversation; yields the seconds each of its frames took there and back."""
    delays: list[float] = []
    async with widget(server, "/api/widget/call/bystander/ws") as client:
        await hear(client)

        async def talk() -> None:
            while True:
                sent = time.monotonic()
                await client.send(audio())
                assert (await hear(client))["type"] == "audio"
                delays.append(time.monotonic() - sent)
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(talk())
        try:
            await until(lambda: len(delays) >= 2)
            yield delays
            before = len(delays)
            await until(lambda: len(delays) >= before + 2)
            assert not talking.done()
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
    print(f"bystander: {len(delays)} frames, worst {max(delays) * 1000:.1f} ms")


async def test_a_call_from_hello_to_goodbye() -> None:
    keeper = Keeper()
    async with door(keeper) as server, widget(server) as client:
        assert client.subprotocol == "call.v1"
        assert await hear(client) == {"type": "connected", "sessionId": "s-1", "callId": "c", "resumeToken": "r"}
        assert keeper.asked == [("s-1", "t", "https://shop.example")]
        assert server.connections == 1
        await client.send(audio())
        assert json.dumps(await hear(client), separators=(",", ":")) == audio()
        await client.send('{"type":"ping","t":7.5}')
        assert await hear(client) == {"type": "pong", "t": 7.5}
        for message in (
            '{"type":"played","samples":480}',
            '{"type":"played","samples":20}',
            '{"type":"stopped","samples":490}',
            '{"type":"mute","on":true}',
            '{"type":"quality","rttMs":30,"underruns":2,"backlogMs":1.5}',
            '{"type":"end"}',
        ):
            await client.send(message)
        (engine,) = keeper.engines
        await until(lambda: len(engine.events) == 3)
        assert (engine.audio, engine.played, engine.stopped) == ([FRAME], [480, 480], [490])
        assert engine.events == [MuteChanged(True), QualityMeasured(30, 2, 1.5), EndRequested(Party.CALLER)]
        engine.leg.stop()
        engine.leg.tell({"type": "call_ended", "data": {"duration": 1, "reason": "user_ended"}})
        engine.leg.close(CloseCode.NORMAL, "bye")
        assert engine.gone == []  # never from within the verb
        assert (await hear(client))["type"] == "stop_audio"
        assert (await hear(client))["type"] == "call_ended"
        assert await ending(client) == ([], 1000)
        await until(lambda: server.connections == 0)
        assert engine.gone == [True]
        engine.leg.play(FRAME)


@pytest.mark.parametrize("code", [code for code in CloseCode if code >= 4400])
async def test_a_refused_caller_sees_why(code: CloseCode) -> None:
    keeper = Keeper(refusal=Refused(code, "Because."))
    async with door(keeper) as server, widget(server) as client:
        assert await hear(client) == {"type": "error", "code": code.name.lower(), "message": "Because."}
        assert await ending(client) == ([], code)


@pytest.mark.parametrize(
    "protocols",
    [(), ("call.v1",), ("call.v1", "token."), ("call.v1", "token.a", "token.b"), ("call.v1", "token." + "x" * 3000)],
)
async def test_without_protocol_or_token_nobody_is_asked(protocols: tuple[str, ...]) -> None:
    keeper = Keeper()
    async with door(keeper) as server, widget(server, protocols=protocols) as client:
        assert await ending(client) == (["unauthorized"], 4401)
    assert keeper.asked == []


@pytest.mark.parametrize(
    "path", ["/", "/api/widget/call//ws", "/api/widget/call/a/b/ws", PATH + "/", "/x" + PATH, "/%2e"]
)
async def test_there_is_one_path(path: str) -> None:
    async with door(Keeper()) as server:
        with pytest.raises(websockets.InvalidStatus) as caught:
            async with widget(server, path):
                pass
        assert caught.value.response.status_code == 404


async def test_probes_are_answered_on_the_same_port() -> None:
    for ready, status in ((True, 200), (False, 503)):
        async with door(Keeper(), ready=ready) as server, httpx.AsyncClient() as http:
            base = f"http://127.0.0.1:{server.port}"
            assert (await http.get(base + "/health")).json() == {"status": "ok"}
            assert (await http.get(base + "/ready?x=1")).status_code == status
            assert (await http.get(base + "/other")).status_code == 404
            assert (await http.get(base + PATH)).status_code == 400
            assert (await http.post(base + "/health", content=b"x")).status_code == 400


async def test_an_engine_that_fails_costs_one_caller(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    async with door(keeper) as server, _bystander(server):
        keeper.failure = RuntimeError("table is gone")
        async with widget(server, protocols=("call.v1", "token.secret-token")) as client:
            assert await ending(client) == (["internal_error"], 1011)
    assert "could not be admitted" in caplog.text
    assert "secret-token" not in caplog.text


async def test_a_listener_that_fails_costs_one_caller(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    async with door(keeper) as server, _bystander(server), widget(server) as client:
        await hear(client)
        await client.send(audio())
        assert (await hear(client))["type"] == "audio"
        keeper.engines[1].on_caller_audio = None  # type: ignore[method-assign, assignment]  # calling it raises
        await client.send(audio())
        assert await ending(client) == (["internal_error"], 1011)
        await until(lambda: keeper.engines[1].gone == [False])
    assert "could not be handled" in caplog.text


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("{", "bad_json"),
        ('{"type":"ping","t":NaN}', "bad_json"),
        ("[" * 30_000, "bad_json"),
        ('{"type":"hello"}', "bad_message"),
        ('{"type":"audio","data":"%%%%"}', "bad_audio"),
        ('{"type":"audio","data":"AA=="}', "bad_audio"),
        (b"binary", "bad_message"),
    ],
)
async def test_four_mistakes_are_answered_and_the_fifth_closes(bad: str | bytes, code: str) -> None:
    keeper = Keeper()
    async with door(keeper) as server, _bystander(server), widget(server) as client:
        await hear(client)
        for _ in range(4):
            await client.send(bad)
            assert (await hear(client))["code"] == code
        await client.send(audio())
        assert (await hear(client))["type"] == "audio"
        await client.send(bad)
        assert await ending(client) == ([code, "policy_violation"], 1008)
        assert keeper.engines[1].gone == [False]


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 2 * MAX_MESSAGE_BYTES])
async def test_an_oversized_message_closes(size: int) -> None:
    async with door(Keeper()) as server, _bystander(server), widget(server) as client:
        await hear(client)
        await client.send(" " * size)
        assert await ending(client) == (["too_big"], 1009)


async def test_fragments_are_put_together_and_capped() -> None:
    async with door(Keeper()) as server, widget(server) as client:
        await hear(client)
        message = audio()
        await client.send([message[:100], message[100:200], message[200:]])
        assert (await hear(client))["type"] == "audio"
        await client.send([" " * 40_000, " " * 40_000])
        assert await ending(client) == (["too_big"], 1009)


async def test_a_frame_far_beyond_the_cap_is_not_read() -> None:
    async with door(Keeper()) as server, _bystander(server):
        reader, writer = await raw(server)
        writer.write(UPGRADE + bytes([0x81, 0xFF]) + (2**40).to_bytes(8) + bytes(4))
        answer = await asyncio.wait_for(reader.read(), 10)
        assert b"\x88" in answer
        assert (1009).to_bytes(2) in answer
        writer.close()


@pytest.mark.parametrize(
    "frames",
    [frame(b"x", 0x80), frame(b"{}", 0xC1), frame(b"a", 0x01) + frame(b"b", 0x81), b"\x81\x01x", frame(b"x", 0x83)],
    ids=["continuation of nothing", "reserved bit", "two starts", "unmasked", "unknown opcode"],
)
async def test_broken_framing_closes(frames: bytes) -> None:
    async with door(Keeper()) as server, _bystander(server):
        reader, writer = await raw(server)
        writer.write(UPGRADE + frames)
        answer = await asyncio.wait_for(reader.read(), 10)
        assert (1002).to_bytes(2) in answer
        writer.close()


async def test_a_flood_of_messages_closes() -> None:
    limits = replace(QUICK, messages_per_second=100, message_burst=50)
    async with door(Keeper(), limits) as server, _bystander(server), widget(server) as client:
        await hear(client)
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(200):
                await client.send('{"type":"ping","t":1}')
        assert await ending(client) == (["flood"], 4429)


async def test_a_flood_is_not_read_to_its_end() -> None:
    """A client that goes on after our close frame fills its own buffers, not our time."""
    limits = replace(QUICK, close_seconds=3)
    async with door(Keeper(), limits) as server:
        reader, writer = await raw(server)
        writer.write(UPGRADE)
        volley = frame(b'{"type":"ping","t":1}') * 5000
        sent, heard = 0, bytearray()

        async def listen() -> None:
            with contextlib.suppress(ConnectionResetError):
                while data := await reader.read(65_536):
                    heard.extend(data)

        listening = asyncio.create_task(listen())
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                while sent < 40_000_000:
                    writer.write(volley)
                    sent += len(volley)
                    await writer.drain()
        assert sent < 20_000_000
        await asyncio.wait_for(listening, 10)
        assert (4429).to_bytes(2) in heard
        writer.close()


async def test_more_sound_than_time_closes() -> None:
    keeper = Keeper()
    async with door(keeper) as server, _bystander(server), widget(server) as client:
        await hear(client)
        await client.send(audio())
        assert (await hear(client))["type"] == "audio"
        for _ in range(6):
            await client.send(audio(FRAME * 25))  # half a second each
        assert await ending(client) == (["flood"], 4429)
        assert 4 <= len(keeper.engines[1].audio) < 7


async def test_a_burst_after_a_stall_is_forgiven() -> None:
    keeper = Keeper()
    limits = replace(QUICK, audio_burst_seconds=0.1, message_burst=5, messages_per_second=30)
    async with door(keeper, limits) as server, widget(server) as client:
        await hear(client)
        await asyncio.sleep(0.5)
        for _ in range(15):
            await client.send(audio())
        for _ in range(15):
            assert (await hear(client))["type"] == "audio"


async def test_silence_times_out_even_if_the_browser_answers_pings() -> None:
    limits = replace(QUICK, idle_seconds=0.3, ping_seconds=0.05)
    keeper = Keeper()
    async with door(keeper, limits) as server, widget(server) as client:
        await hear(client)
        assert await ending(client) == (["timed_out"], 4408)
        assert keeper.engines[0].gone == [False]


async def test_a_socket_that_went_dead_is_let_go() -> None:
    limits = replace(QUICK, idle_seconds=0.3, close_seconds=0.1)
    keeper = Keeper()
    async with door(keeper, limits) as server:
        _, writer = await raw(server)
        writer.write(UPGRADE)
        await until(lambda: keeper.engines)
        await until(lambda: server.connections == 0)
        assert keeper.engines[0].gone == [False]
        writer.transport.abort()


async def test_half_a_request_is_cut_off_in_time() -> None:
    limits = replace(QUICK, handshake_seconds=0.2)
    async with door(Keeper(), limits) as server, _bystander(server):
        for start in (b"", b"GET /heal", UPGRADE[:-2]):
            reader, writer = await raw(server)
            writer.write(start)
            assert await _rest(reader) == b""
            writer.close()


async def test_a_request_without_end_is_cut_off() -> None:
    async with door(Keeper()) as server:
        reader, writer = await raw(server)
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000)
        assert b"200" not in await _rest(reader)
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""


async def test_silent_sockets_cannot_lock_callers_out() -> None:
    limits = replace(QUICK, half_open=3)
    async with door(Keeper(), limits) as server, _bystander(server):
        idle = [await raw(server) for _ in range(6)]
        async with widget(server) as client:
            assert (await hear(client))["type"] == "connected"
        assert await _rest(idle[0][0]) == b""
        for _, writer in idle:
            writer.transport.abort()


async def test_a_client_that_does_not_read_is_slow() -> None:
    """It keeps sending, so it is not idle; its pongs stay away."""
    limits = replace(QUICK, ping_seconds=0.05, slow_seconds=0.4, close_seconds=0.1)
    keeper = Keeper()
    async with door(keeper, limits) as server, _bystander(server):
        reader, writer = await raw(server)
        writer.write(UPGRADE)
        await until(lambda: len(keeper.engines) == 2)
        engine = keeper.engines[1]
        while not engine.gone:
            writer.write(frame(audio().encode()))
            await asyncio.sleep(0.02)
        assert engine.gone == [False]
        assert (4430).to_bytes(2) in await _rest(reader)
        writer.close()


async def test_what_a_client_does_not_take_is_not_kept_for_it() -> None:
    limits = replace(QUICK, close_seconds=0.1)
    keeper = Keeper()
    async with door(keeper, limits) as server, _bystander(server):
        reader, writer = await raw(server)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # streams type it as the base transport
        writer.write(UPGRADE)
        await until(lambda: len(keeper.engines) == 2)
        engine = keeper.engines[1]
        sent = 0
        while not engine.gone and sent < 50_000_000:
            engine.leg.play(FRAME * 40)
            sent += 38_400
            await asyncio.sleep(0)
        assert engine.gone == [False]
        await until(lambda: server.connections == 1)
        del reader
        writer.transport.abort()


async def test_sound_nobody_acknowledges_is_slow() -> None:
    limits = replace(QUICK, unacked_seconds=0.1, slow_seconds=0.3)
    keeper = Keeper()
    async with door(keeper, limits) as server, widget(server) as client:
        await hear(client)
        await client.send('{"type":"played","samples":1}')
        await until(lambda: keeper.engines[0].played)
        keeper.engines[0].leg.play(FRAME * 10)
        assert await ending(client) == (["slow_reader"], 4430)


async def test_flushed_sound_need_not_be_acknowledged() -> None:
    limits = replace(QUICK, unacked_seconds=0.1, slow_seconds=0.1)
    keeper = Keeper()
    async with door(keeper, limits) as server, widget(server) as client:
        await hear(client)
        await client.send('{"type":"played","samples":1}')
        await until(lambda: keeper.engines[0].played)
        keeper.engines[0].leg.play(FRAME * 10)
        keeper.engines[0].leg.stop()
        await client.send('{"type":"stopped","samples":2}')
        await asyncio.sleep(0.4)
        assert keeper.engines[0].gone == []


async def test_what_is_said_during_admission_arrives_in_order_and_only_the_newest_sound() -> None:
    keeper = Keeper(gate=asyncio.Event())
    limits = replace(QUICK, admit_audio_seconds=0.1)
    async with door(keeper, limits) as server, widget(server) as client:
        for number in range(8):
            await client.send(audio(bytes([number, 0]) * 480))
        await client.send('{"type":"mute","on":true}')
        await client.send('{"type":"ping","t":1}')
        assert (await hear(client))["type"] == "pong"
        assert keeper.gate is not None
        keeper.gate.set()
        assert (await hear(client))["type"] == "connected"
        await until(lambda: keeper.engines and keeper.engines[0].events)
        assert [pcm[0] for pcm in keeper.engines[0].audio] == [3, 4, 5, 6, 7]


async def test_admission_takes_only_so_long() -> None:
    keeper = Keeper(gate=asyncio.Event())
    async with door(keeper, replace(QUICK, admit_seconds=0.1)) as server, widget(server) as client:
        assert await ending(client) == (["timed_out"], 4408)
        assert keeper.gate is not None
        keeper.gate.set()
        await until(lambda: keeper.engines and keeper.engines[0].gone)
        assert keeper.engines[0].gone == [False]


@pytest.mark.parametrize(("code", "clean"), [(1000, True), (1001, False), (4000, False)])
async def test_only_a_goodbye_is_clean(code: int, clean: bool) -> None:
    keeper = Keeper()
    async with door(keeper) as server:
        async with widget(server) as client:
            await hear(client)
            await client.close(code)
            assert client.close_code == code
        await until(lambda: keeper.engines[0].gone)
        assert keeper.engines[0].gone == [clean]


async def test_a_cut_line_is_not_clean() -> None:
    keeper = Keeper()
    async with door(keeper) as server, widget(server) as client:
        await hear(client)
        client.transport.abort()
        await until(lambda: keeper.engines[0].gone)
        assert keeper.engines[0].gone == [False]


async def test_closing_says_going_away(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    with caplog.at_level(logging.INFO):
        async with door(keeper) as server, widget(server) as client:
            await hear(client)
            leaving = asyncio.create_task(server.close())
            assert await ending(client) == (["going_away"], 1001)
            await leaving
            assert keeper.engines[0].gone == [False]
            with pytest.raises(OSError):
                await raw(server)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
