"""Which WebSocket server: CPU per echoed 20 ms audio message of picows, aiohttp, websockets, and the door itself.

    python -m tests.bench.servers [MESSAGES]

Each server runs in its own process, echoing base64 audio to one picows client that sends the next message when the
last has come back. The door decodes, polices and encodes as well; the others only echo.
"""

import asyncio
import contextlib
import multiprocessing
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from multiprocessing.connection import Connection

import picows
import uvloop

from media_tier.app import serve
from media_tier.call.events import Event
from media_tier.legs.web_limits import DoorLimits
from media_tier.legs.web_wire import encode_audio
from media_tier.ports import Leg

_MESSAGE = encode_audio(bytes(range(240)) * 4)
_PATH = "/api/widget/call/s/ws"


async def _picows() -> int:
    class Echo(picows.WSListener):
        def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
            if frame.msg_type == picows.WSMsgType.TEXT:
                transport.send(picows.WSMsgType.TEXT, frame.get_payload_as_bytes())

    server = await picows.ws_create_server(lambda request: Echo(), "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


async def _websockets() -> int:
    from websockets.asyncio.server import ServerConnection
    from websockets.asyncio.server import serve as serve_websockets
    from websockets.exceptions import ConnectionClosed
    from websockets.typing import Subprotocol

    async def echo(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                await connection.send(message)

    server = await serve_websockets(echo, "127.0.0.1", 0, compression=None, subprotocols=[Subprotocol("call.v1")])
    return int(next(iter(server.sockets)).getsockname()[1])


async def _aiohttp() -> int:
    from aiohttp import WSMsgType, web

    async def echo(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(compress=False, protocols=("call.v1",))
        await response.prepare(request)
        async for message in response:
            if message.type is WSMsgType.TEXT:
                await response.send_str(message.data)
        return response

    app = web.Application()
    app.router.add_get(_PATH, echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1])


class _Echo:
    def __init__(self, leg: Leg) -> None:
        self._leg = leg

    def on_caller_audio(self, pcm: bytes) -> None:
        self._leg.play(pcm)

    def on_played(self, samples: int) -> None: ...
    def on_stopped(self, samples: int) -> None: ...
    def on_event(self, event: Event) -> None: ...
    def on_gone(self, clean: bool) -> None: ...


class _Anybody:
    async def admit(
        self, session_id: str, token: str, origin: str, leg: Leg, carrier_call_id: str | None = None
    ) -> _Echo:
        return _Echo(leg)


async def _door() -> int:
    limits = replace(DoorLimits(), messages_per_second=1e6, audio_per_second=1e6)
    server = await serve(_Anybody(), "127.0.0.1", 0, clock=time.monotonic, ready=lambda: True, limits=limits)
    return server.port


SERVERS: dict[str, Callable[[], Awaitable[int]]] = {
    "picows": _picows,
    "aiohttp": _aiohttp,
    "websockets": _websockets,
    "door": _door,
}


def _run(name: str, pipe: Connection) -> None:
    async def main() -> None:
        pipe.send(await SERVERS[name]())
        while True:
            await asyncio.sleep(0.01)
            if pipe.poll():
                pipe.recv()
                used = resource.getrusage(resource.RUSAGE_SELF)
                pipe.send(used.ru_utime + used.ru_stime)

    uvloop.run(main())


class _Client(picows.WSListener):
    def __init__(self, messages: int) -> None:
        self._left = messages
        self.done = asyncio.Event()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        transport.send(picows.WSMsgType.TEXT, _MESSAGE)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type != picows.WSMsgType.TEXT:
            return
        self._left -= 1
        if self._left:
            transport.send(picows.WSMsgType.TEXT, _MESSAGE)
        else:
            self.done.set()


async def _drive(port: int, messages: int) -> float:
    client = _Client(messages)
    headers = {"Sec-WebSocket-Protocol": "call.v1, token.t"}
    transport, _ = await picows.ws_connect(lambda: client, f"ws://127.0.0.1:{port}{_PATH}", extra_headers=headers)
    started = time.perf_counter()
    await client.done.wait()
    took = time.perf_counter() - started
    transport.disconnect()
    return took / messages


def main(messages: int) -> None:
    """Print a line per server."""
    print("server        CPU us/message   round trip us")
    for name in SERVERS:
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_run, args=(name, theirs), daemon=True)
        process.start()
        port = ours.recv()
        uvloop.run(_drive(port, 200))
        ours.send(None)
        before = ours.recv()
        trip = uvloop.run(_drive(port, messages))
        ours.send(None)
        cpu = ours.recv() - before
        print(f"{name:12} {cpu / messages * 1e6:16.1f} {trip * 1e6:15.1f}")
        process.terminate()
        process.join()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
