"""The vendor socket against a real WebSocket server on loopback."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from media_tier.ports import ProviderUnavailable
from media_tier.providers import socket as vendor_socket
from media_tier.providers.socket import VendorSocket, open_vendor_socket


class Peer:
    """Echoes; `!code reason` closes, `!drop` aborts, `!fragments` answers in pieces, `!big n` sends n bytes."""

    def __init__(self) -> None:
        self.refuse: int | None = None
        self.headers: dict[str, str] = {}
        self.extensions: list[str] = []

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        self.headers = dict(request.headers.raw_items())
        return connection.respond(HTTPStatus(self.refuse), "no") if self.refuse else None

    async def handle(self, connection: ServerConnection) -> None:
        async for message in connection:
            assert isinstance(message, str)
            if message == "!drop":
                connection.transport.abort()
            elif message == "!fragments":
                await connection.send(iter(["one ", "two ", "three"]))
            elif message.startswith("!big"):
                await connection.send(iter([b"x" * 2**20] * int(message.split()[1])))
            elif message.startswith("!"):
                code, _, reason = message[1:].partition(" ")
                await connection.close(int(code), reason)
            else:
                await connection.send(message)


def port_of(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


@pytest.fixture
async def peer() -> AsyncIterator[tuple[Peer, str]]:
    it = Peer()
    server: Server
    async with serve(it.handle, "127.0.0.1", 0, process_request=it.check) as server:
        yield it, f"ws://127.0.0.1:{port_of(server)}/v1"


class Heard:
    """What the socket reported."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.changed = asyncio.Event()

    def message(self, data: bytes) -> None:
        self.messages.append(data)
        self.changed.set()

    def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))
        self.changed.set()

    async def next(self) -> None:
        await asyncio.wait_for(self.changed.wait(), 5)
        self.changed.clear()


async def opened(url: str, heard: Heard, within: float = 2.0) -> VendorSocket:
    return await open_vendor_socket(
        url, headers={"x-key": "k"}, ssl=None, on_message=heard.message, on_closed=heard.close, timeout=within
    )


async def test_messages_go_both_ways_whole_even_when_fragmented(peer: tuple[Peer, str]) -> None:
    heard = Heard()
    socket = await opened(peer[1], heard)
    socket.send("text")
    await heard.next()
    socket.send(b"bytes")
    await heard.next()
    socket.send("!fragments")
    await heard.next()
    assert heard.messages == [b"text", b"bytes", b"one two three"]
    assert peer[0].headers["x-key"] == "k"
    assert "Sec-WebSocket-Extensions" not in peer[0].headers
    await socket.close()
    await socket.close()
    socket.send("after")
    await asyncio.sleep(0.05)
    assert heard.closed == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("!1001 maximum duration", (1001, "maximum duration")),
        ("!1011 internal", (1011, "internal")),
        ("!1000", (1000, "")),
        ("!4123 own", (4123, "own")),
        ("!drop", (1006, "")),
    ],
)
async def test_an_end_we_did_not_ask_for_is_reported_once(
    peer: tuple[Peer, str], command: str, expected: tuple[int, str]
) -> None:
    heard = Heard()
    socket = await opened(peer[1], heard)
    socket.send(command)
    await heard.next()
    await socket.close()
    assert heard.closed == [expected]


@pytest.mark.parametrize(("status", "fatal"), [(401, True), (403, True), (429, False), (503, False)])
async def test_a_refused_upgrade_carries_the_status(peer: tuple[Peer, str], status: int, fatal: bool) -> None:
    peer[0].refuse = status
    with pytest.raises(ProviderUnavailable) as refusal:
        await opened(peer[1], Heard())
    assert (refusal.value.code, refusal.value.fatal) == (f"http_{status}", fatal)


async def test_nobody_listening_is_unreachable_and_not_fatal() -> None:
    with pytest.raises(ProviderUnavailable) as refusal:
        await opened("ws://127.0.0.1:9/v1", Heard())
    assert (refusal.value.code, refusal.value.fatal) == ("unreachable", False)


async def test_a_peer_that_never_answers_times_out() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ProviderUnavailable) as late:
            await opened(f"ws://127.0.0.1:{port}/", Heard(), within=0.2)
    assert (late.value.code, late.value.fatal) == ("timeout", False)


async def test_an_oversized_message_ends_the_connection(peer: tuple[Peer, str]) -> None:
    heard = Heard()
    socket = await opened(peer[1], heard)
    socket.send("!big 17")
    await heard.next()
    assert heard.messages == [] and len(heard.closed) == 1
    await socket.close()


async def test_a_dead_peer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer completes the handshake and then never reads or writes again, not even a pong."""
    assert vendor_socket.PING_AFTER_SECONDS + vendor_socket.PONG_WITHIN_SECONDS <= 10
    monkeypatch.setattr(vendor_socket, "PING_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(vendor_socket, "PONG_WITHIN_SECONDS", 0.1)

    async def handle(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    heard = Heard()
    async with serve(handle, "127.0.0.1", 0) as server:
        await opened(f"ws://127.0.0.1:{port_of(server)}", heard)
        await heard.next()
        assert heard.closed == [(1006, "")]
        for connection in server.connections:
            connection.transport.abort()


async def deaf(connection: ServerConnection) -> None:
    """Never reads again, so it takes neither sound nor a goodbye."""
    connection.transport.pause_reading()
    await connection.wait_closed()


async def test_a_peer_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_socket, "MAX_UNSENT_BYTES", 2**16)
    heard = Heard()
    async with serve(deaf, "127.0.0.1", 0) as server:
        socket = await opened(f"ws://127.0.0.1:{port_of(server)}", heard)
        for _ in range(200):
            socket.send(bytes(2**17))
        await heard.next()
        assert heard.closed == [(1006, "")]
        for connection in server.connections:
            connection.transport.abort()


async def test_closing_does_not_wait_for_a_peer_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_socket, "CLOSE_WITHIN_SECONDS", 0.1)
    heard = Heard()
    async with serve(deaf, "127.0.0.1", 0) as server:
        socket = await opened(f"ws://127.0.0.1:{port_of(server)}", heard)
        async with asyncio.timeout(2):
            await socket.close()
        await asyncio.sleep(0.05)
        assert heard.closed == []
        for connection in server.connections:
            connection.transport.abort()
