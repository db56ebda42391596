"""Callers in the middle of a conversation, and the provider they talk to, in one process of their own.

    python -m tests.bench.neighbours

Speaks JSON lines. Prints `{"provider": port}`; on `{"port", "origin", "sessions": [[id, token], …]}` makes the calls
and answers `{"connected": n}`; on `{"window": name}` answers with what happened since the last line; on
`{"stop": true}` hangs up.

Every 20 ms of sound carries a number and, towards the provider, when it was made. What is measured, in milliseconds:
`up`, from the caller's send to the provider's receipt; `down`, how much later than its schedule (the sound before it,
reckoned from the earliest of this call's last ten messages) a message of the AI reaches the caller; `timer`, how late
this process itself wakes, which is none of the server's doing. What is lost, repeated, out of order or closed is
counted.
"""

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import picows
import pybase64
import uvloop

from media_tier.legs.web_wire import encode_audio
from tests.bench.stamps import percentile

_TEXT, _CLOSE = picows.WSMsgType.TEXT, picows.WSMsgType.CLOSE
_HEAD = b'{"type":"audio","data":"'
_APPEND = b'"audio":"'
_MAGIC = b"\x5a\xa5\x13\x37\xc0\xde\x77\x02"
_RATE = 24_000
_BLOCK_BYTES = 960
_FRAME = 0.02
_BLOCKS_PER_DELTA = 5
_BACKLOG_DELTAS = 10
"""The AI speaks a second ahead, as providers do, so that the playout always has something to pace."""
_RECENT = 10
_LEAD_SECONDS = 0.5
"""Sound at the start of a call that comes ahead of its schedule."""


@dataclass
class Window:
    """What happened between two lines of the parent."""

    up: list[float] = field(default_factory=list)
    down: list[float] = field(default_factory=list)
    timer: list[float] = field(default_factory=list)
    lost: int = 0
    disordered: int = 0
    closed: list[int] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """As it is printed."""
        delays = {"up": self.up, "down": self.down, "timer": self.timer}
        figures = {
            name: {"count": len(values), "p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}
            | {"max": max(values, default=0.0)}
            for name, values in delays.items()
        }
        return figures | {"lost": self.lost, "disordered": self.disordered, "closed": self.closed}


class Books:
    """The window that is open now."""

    def __init__(self) -> None:
        self.window = Window()

    def number(self, expected: int, came: int) -> int:
        """Take a numbered block; returns the number that should come next."""
        if came > expected:
            self.window.lost += came - expected
        elif came < expected:
            self.window.disordered += 1
            return expected
        return came + 1


books = Books()


def block(number: int) -> bytes:
    """20 ms of sound with this number, made now."""
    head = _MAGIC + time.monotonic_ns().to_bytes(8) + number.to_bytes(4)
    return head + bytes(_BLOCK_BYTES - len(head))


def opened(data: bytes) -> tuple[int, int] | None:
    """When a block was made (monotonic ns) and its number, from its base64; None if it is not one of ours."""
    head = pybase64.b64decode(data[:28])
    if head[:8] != _MAGIC:
        return None
    return int.from_bytes(head[8:16]), int.from_bytes(head[16:20])


class Conversation(picows.WSListener):
    """The provider's side of one call: answers as many seconds as it hears, a second ahead, in one long response."""

    def __init__(self) -> None:
        self._expected = 0
        self._unanswered = 0
        self._said = 0
        self._speaking = False

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        transport.send(_TEXT, b'{"type":"session.created","event_id":"e0","session":{"id":"s"}}')

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == _CLOSE:
            transport.disconnect()
        elif frame.msg_type == _TEXT:
            self._message(transport, frame.get_payload_as_bytes())

    def _message(self, transport: picows.WSTransport, message: bytes) -> None:
        if b"input_audio_buffer.append" not in message[:200]:
            self._control(transport, json.loads(message))
            return
        start = message.index(_APPEND) + len(_APPEND)
        made = opened(message[start : start + 28])
        if made is not None:  # otherwise it is the bad neighbour who speaks
            books.window.up.append((time.monotonic_ns() - made[0]) / 1e6)
            self._expected = books.number(self._expected, made[1])
        self._unanswered += 1
        if self._speaking and self._unanswered >= _BLOCKS_PER_DELTA:
            self._unanswered -= _BLOCKS_PER_DELTA
            self._speak(transport)

    def _control(self, transport: picows.WSTransport, message: dict[str, Any]) -> None:
        if message["type"] == "session.update":
            transport.send(_TEXT, b'{"type":"session.updated","event_id":"e1","session":{"id":"s"}}')
        elif message["type"] == "response.create" and not self._speaking:
            self._speaking = True
            response = {"id": "r1", "metadata": message["response"].get("metadata")}
            transport.send(_TEXT, json.dumps({"type": "response.created", "response": response}).encode())
            for _ in range(_BACKLOG_DELTAS):
                self._speak(transport)

    def _speak(self, transport: picows.WSTransport) -> None:
        pcm = b"".join(block(self._said + index) for index in range(_BLOCKS_PER_DELTA))
        self._said += _BLOCKS_PER_DELTA
        transport.send(
            _TEXT,
            b'{"type":"response.output_audio.delta","event_id":"e","response_id":"r1","item_id":"i1",'
            b'"output_index":0,"content_index":0,"delta":"' + pybase64.b64encode(pcm) + b'"}',
        )


class Caller(picows.WSListener):
    """One caller who plays what it gets in real time and says so."""

    def __init__(self) -> None:
        self.hears = asyncio.Event()
        self.connected = asyncio.Event()
        self.over = False
        self._leaving = False
        self._expected = 0
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._received = self._played = 0
        self._rest = bytearray()
        self._playing_until = 0.0

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == _CLOSE:
            self._ended(int(frame.get_close_code().value))
            transport.disconnect()
        elif frame.msg_type == _TEXT:
            self._message(transport, frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self._ended(0)

    def _ended(self, code: int) -> None:
        if not self.over and not self._leaving:
            books.window.closed.append(code)
        self.over = True

    def _message(self, transport: picows.WSTransport, message: bytes) -> None:
        if message.startswith(_HEAD):
            self._sound(time.monotonic(), message)
        elif message.startswith(b'{"type":"connected"'):
            self.connected.set()
        elif message.startswith(b'{"type":"stop_audio"'):
            books.window.disordered += 1  # nobody interrupts here
            transport.send(_TEXT, b'{"type":"stopped","samples":%d}' % self._played)

    def _sound(self, now: float, message: bytes) -> None:
        pcm = pybase64.b64decode(message[len(_HEAD) : -2])
        position = self._received / _RATE
        if position >= _LEAD_SECONDS:
            self.hears.set()
            self._recent.append(now - position)
            books.window.down.append((self._recent[-1] - min(self._recent)) * 1000)
        self._received += len(pcm) // 2
        self._playing_until = max(self._playing_until, now) + len(pcm) / 2 / _RATE
        self._rest += pcm
        while len(self._rest) >= _BLOCK_BYTES:
            if self._rest[:8] != _MAGIC:
                raise AssertionError("the sound of this call is not its own")
            self._expected = books.number(self._expected, int.from_bytes(self._rest[16:20]))
            del self._rest[:_BLOCK_BYTES]

    async def call(self, url: str, token: str, origin: str) -> None:
        """Connect and talk until `leave`."""
        headers = {"Sec-WebSocket-Protocol": f"call.v1, token.{token}", "Origin": origin}
        transport, _ = await picows.ws_connect(lambda: self, url, extra_headers=headers)
        await asyncio.wait_for(self.connected.wait(), 20)
        due, number = time.monotonic(), 0
        while not self.over and not self._leaving:
            transport.send(_TEXT, encode_audio(block(number)))
            number += 1
            if number % 10 == 0:
                left = max(0.0, self._playing_until - time.monotonic())
                self._played = max(self._played, self._received - int(left * _RATE))
                transport.send(_TEXT, b'{"type":"played","samples":%d}' % self._played)
            due += _FRAME
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        transport.send(_TEXT, b'{"type":"end"}')
        transport.disconnect()

    def leave(self) -> None:
        """Hang up."""
        self._leaving = True


async def _watch_timer() -> None:
    while True:
        before = time.monotonic()
        await asyncio.sleep(_FRAME)
        books.window.timer.append(max(0.0, time.monotonic() - before - _FRAME) * 1000)


async def _connect(order: dict[str, Any], callers: list[Caller], tasks: deque[asyncio.Task[None]]) -> None:
    sessions = order["sessions"]
    for session_id, token in sessions:
        caller = Caller()
        callers.append(caller)
        url = f"ws://127.0.0.1:{order['port']}/api/widget/call/{session_id}/ws"
        tasks.append(asyncio.create_task(caller.call(url, token, order["origin"])))
        await asyncio.sleep(0.0213)  # no multiple of a frame: the calls are spread over its 20 ms
    for caller in callers:
        await asyncio.wait_for(caller.hears.wait(), 20)


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


async def main() -> None:
    """Do what the parent says until it says stop, or goes away."""
    provider = await picows.ws_create_server(lambda request: Conversation(), "127.0.0.1", 0)
    _say({"provider": provider.sockets[0].getsockname()[1]})
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    callers: list[Caller] = []
    tasks: deque[asyncio.Task[None]] = deque([asyncio.create_task(_watch_timer())])
    while line := await orders.readline():
        order = json.loads(line)
        if "sessions" in order:
            await _connect(order, callers, tasks)
            _say({"connected": len(callers)})
        elif "window" in order:
            done, books.window = books.window, Window()
            _say({"window": order["window"]} | done.report())
        else:
            break
    for caller in callers:
        caller.leave()
    await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [repr(result) for result in results if isinstance(result, Exception)]
    _say({"failed": failed})


if __name__ == "__main__":
    uvloop.run(main())
