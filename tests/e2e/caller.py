"""A caller without a browser: speaks the widget's protocol in real time, plays what it hears, acknowledges it."""

import asyncio
import base64
import contextlib
import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin, Subprotocol

FRAME = 960
RATE = 24_000
STALL = 0.06
"""Seconds by which this process may be late before its playing stands still."""


def start_session(base: str, chatbot_id: str, **more: Any) -> dict[str, Any]:
    """Ask the public API for a call."""
    body = json.dumps({"chatbotId": chatbot_id, **more}).encode()
    request = urllib.request.Request(
        f"{base}/api/widget/call/session", body, {"content-type": "application/json", "origin": base}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.loads(answer.read()))


@dataclass
class Caller:
    """One call. `say` queues speech for the microphone; silence is sent otherwise."""

    base: str
    session: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    """What was really played."""
    heard_at: list[tuple[int, float]] = field(default_factory=list)
    """When it was: (sample of `heard`, monotonic seconds), about every 20 ms of sound."""
    spoken: bytearray = field(default_factory=bytearray)
    """What the microphone took, silence included, since this connection began."""
    spoken_at: list[tuple[int, float]] = field(default_factory=list)
    """When it did: (sample of `spoken`, monotonic seconds), every 20 ms."""
    stalls: int = 0
    """Turns of 20 ms in which it did not play because this process was late."""
    ppm: float = 0.0
    """By how many millionths this caller's sound clock runs fast."""
    first_sound_after: float | None = None
    closed_with: int | None = None
    resume_token: str | None = None
    stopped_after_ms: float | None = None
    opened: float = 0.0
    _socket: ClientConnection | None = None
    _microphone: bytearray = field(default_factory=bytearray)
    _queue: bytearray = field(default_factory=bytearray)
    _played: int = 0
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, token: str | None = None, origin: str | None = None) -> None:
        """Open the socket and begin to speak and play."""
        offered = [Subprotocol("call.v1"), Subprotocol(f"token.{token or self.session['token']}")]
        self._socket = await connect(
            self.session["websocketUrl"],
            subprotocols=offered,
            origin=Origin(origin or self.base),
            compression=None,
        )
        self.opened = time.monotonic()
        self._played = 0
        self._queue.clear()
        self.spoken.clear()
        self.spoken_at.clear()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._listen(self._socket)), loop.create_task(self._run(self._socket))]

    async def returned(self, seconds: float = 10.0, pause: float = 0.25) -> "Caller":
        """Come back by the resume token as the widget does, trying again after a pause (seconds)."""
        async with asyncio.timeout(seconds):
            while True:
                back = Caller(self.base, self.session)
                await asyncio.sleep(pause)
                with contextlib.suppress(InvalidHandshake, OSError):
                    await back.connect(token=self.resume_token)
                    await back.until(lambda c: bool(c.of("connected")) or c.closed_with is not None, 5)
                    if back.closed_with is None:
                        return back
                    await back.leave()

    def say(self, pcm: bytes) -> None:
        """Speak after what is queued."""
        self._microphone += pcm

    @property
    def unsaid(self) -> int:
        """Bytes that still wait for the microphone."""
        return len(self._microphone)

    async def send(self, message: dict[str, Any]) -> None:
        """Send any message."""
        assert self._socket is not None
        await self._socket.send(json.dumps(message))

    async def until(self, wanted: Callable[["Caller"], bool], seconds: float = 20.0) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(seconds):
            while not wanted(self):
                self._changed.clear()
                await self._changed.wait()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def said(self, role: str, *, final: bool = True) -> list[str]:
        """The latest captions of one side."""
        rows = {m["data"]["id"]: m["data"] for m in self.of("transcript") if m["data"]["role"] == role}
        return [row["text"] for row in rows.values() if row["final"] or not final]

    async def hang_up(self) -> None:
        """Press End and wait for the close."""
        await self.send({"type": "end"})
        await self.until(lambda caller: caller.closed_with is not None, 5)

    async def vanish(self) -> None:
        """Lose the connection without a word."""
        assert self._socket is not None
        self._socket.transport.abort()
        await self.leave()

    async def leave(self) -> None:
        """Stop this client's tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.close()

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for raw in socket:
                message = json.loads(raw)
                if message["type"] == "audio":
                    if self.first_sound_after is None:
                        self.first_sound_after = time.monotonic() - self.opened
                    self._queue += base64.b64decode(message["data"])
                    continue
                self.messages.append(message)
                if message["type"] == "connected":
                    self.resume_token = message["resumeToken"]
                elif message["type"] == "stop_audio":
                    self._queue.clear()
                    await socket.send(json.dumps({"type": "stopped", "samples": self._played}))
                self._changed.set()
        except ConnectionClosed:
            pass
        self.closed_with = socket.close_code
        self._changed.set()

    async def _run(self, socket: ClientConnection) -> None:
        """Fifty times a second: 20 ms from the microphone, 20 ms to the ear."""
        began, turn, period = time.monotonic(), 0, 0.02 / (1 + self.ppm / 1e6)
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = bytes(self._microphone[:FRAME]).ljust(FRAME, b"\0")
                del self._microphone[:FRAME]
                self.spoken_at.append((len(self.spoken) // 2, began + (turn - 1) * period))
                self.spoken += frame
                await socket.send('{"type":"audio","data":"' + base64.b64encode(frame).decode() + '"}')
                # The microphone makes up for a stall of this process, a loudspeaker cannot play faster than it does.
                stalled = time.monotonic() - began - turn * period > STALL
                sound = b"" if stalled else bytes(self._queue[:FRAME])
                self.stalls += stalled
                del self._queue[: len(sound)]
                if sound:
                    self.heard_at.append((len(self.heard) // 2, time.monotonic()))
                self.heard += sound
                self._played += len(sound) // 2
                if sound and (turn % 10 == 0 or not self._queue):
                    await socket.send(json.dumps({"type": "played", "samples": self._played}))
                turn += 1
                await asyncio.sleep(max(0.0, began + turn * period - time.monotonic()))
