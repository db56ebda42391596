"""A door on loopback, an engine that echoes, and widgets that behave or do not."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from media_tier.app import Server, serve
from media_tier.call.events import Event
from media_tier.legs.twilio import TwilioLeg
from media_tier.legs.twilio_gate import StreamGate
from media_tier.legs.web import WebLeg
from media_tier.legs.web_limits import DoorLimits
from media_tier.ports import Refused

QUICK = replace(DoorLimits(), sweep_seconds=0.02, close_seconds=0.5)
FRAME = b"\1\2" * 480
PATH = "/api/widget/call/s-1/ws"
TIMEOUT = 10
Caller = WebLeg | TwilioLeg


@dataclass
class Engine:
    """Listens to one leg; echoes audio."""

    leg: Caller
    audio: list[bytes] = field(default_factory=list)
    played: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    gone: list[bool] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    echo: bool = True

    def on_caller_audio(self, pcm: bytes) -> None:
        self.audio.append(pcm)
        if self.echo:
            self.leg.play(pcm)

    def on_played(self, samples: int) -> None:
        self.played.append(samples)

    def on_stopped(self, samples: int) -> None:
        self.stopped.append(samples)

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def on_gone(self, clean: bool) -> None:
        self.gone.append(clean)
        self.over.set()


@dataclass
class Keeper:
    """Lets everybody in, unless told otherwise."""

    refusal: Refused | None = None
    failure: Exception | None = None
    gate: asyncio.Event | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)

    async def admit(
        self, session_id: str, token: str, origin: str, leg: Caller, carrier_call_id: str | None = None
    ) -> Engine:
        self.asked.append((session_id, token, origin, *filter(None, (carrier_call_id,))))
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if self.refusal is not None:
            raise self.refusal
        leg.tell({"type": "connected", "sessionId": session_id, "callId": "c", "resumeToken": "r"})
        engine = Engine(leg)
        self.engines.append(engine)
        return engine


@asynccontextmanager
async def door(
    keeper: Keeper, limits: DoorLimits = QUICK, ready: bool = True, gate: StreamGate | None = None
) -> AsyncIterator[Server]:
    server = await serve(keeper, "127.0.0.1", 0, clock=time.monotonic, ready=lambda: ready, limits=limits, gate=gate)
    try:
        yield server
    finally:
        await server.close()
        assert server.connections == 0


def widget(server: Server, path: str = PATH, protocols: tuple[str, ...] = ("call.v1", "token.t")) -> Any:
    """A well-behaved client library, to be entered as a context."""
    return websockets.connect(
        f"ws://127.0.0.1:{server.port}{path}",
        subprotocols=[websockets.Subprotocol(name) for name in protocols] or None,
        compression=None,
        max_size=None,
        ping_interval=None,
        close_timeout=1,
        origin=websockets.Origin("https://shop.example"),
    )


def audio(pcm: bytes = FRAME) -> str:
    return '{"type":"audio","data":"' + base64.b64encode(pcm).decode() + '"}'


async def hear(client: ClientConnection) -> dict[str, Any]:
    """The next message."""
    message: dict[str, Any] = json.loads(await asyncio.wait_for(client.recv(), TIMEOUT))
    return message


async def ending(client: ClientConnection) -> tuple[list[str], int | None]:
    """Read to the end: the codes of the error messages, and the close code."""
    errors = []
    try:
        async with asyncio.timeout(TIMEOUT):
            while True:
                message = json.loads(await client.recv())
                if message["type"] == "error":
                    assert message["message"]
                    errors.append(message["code"])
    except websockets.ConnectionClosed:
        return errors, client.close_code


async def raw(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare TCP connection."""
    return await asyncio.open_connection("127.0.0.1", server.port, limit=2**16)


UPGRADE = (
    f"GET {PATH} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: call.v1, token.t\r\n\r\n"
).encode()
"""The request as Firefox words it."""


def frame(payload: bytes, first: int = 0x81) -> bytes:
    """One masked client frame (mask zero)."""
    size = len(payload)
    head = bytes([first, 0x80 | size]) if size < 126 else bytes([first, 0xFE]) + size.to_bytes(2)
    return head + bytes(4) + payload


async def until(condition: Any) -> None:
    """Wait for something that happens on the same loop."""
    async with asyncio.timeout(TIMEOUT):
        while not condition():  # noqa: ASYNC110 - the condition is somebody else's state
            await asyncio.sleep(0.005)
