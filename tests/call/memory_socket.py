"""A WebSocket without a network: one end for our adapter, the other for a vendor's stand-in, both on one event loop.

Messages arrive in order, each after some latency. What the adapter sends is kept for the tests, its sound left out.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close
from websockets.http11 import Request

SOUND = (b'{"type":"input_audio_buffer.append"', b'{"realtime_input"')
TIE = 1e-6
"""Two messages never arrive at the same time, so that their order is certain."""


class Mail:
    """One direction."""

    def __init__(self, latency: Callable[[], float]) -> None:
        self._loop, self._latency, self._last = asyncio.get_running_loop(), latency, 0.0

    def post(self, arrive: Callable[[], None]) -> None:
        """Have this happen at the far end."""
        self._last = max(self._loop.time() + self._latency(), self._last + TIE)
        self._loop.call_at(self._last, arrive)


class MemorySocket:
    """One connection: `near` is the adapter's end, this object itself is the stand-in's."""

    def __init__(
        self,
        path: str,
        headers: Mapping[str, str],
        on_message: Callable[[bytes], None],
        on_closed: Callable[[int, str], None],
        latency: Callable[[], float],
    ) -> None:
        self.request: Request = Request(path, Headers(headers))
        self.near = NearEnd(self)
        self.ended: Close | None = None
        """How it ended, as the stand-in sees it."""
        self._on_message, self._on_closed = on_message, on_closed
        self._inbox: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._to_near, self.to_far = Mail(latency), Mail(latency)
        self._cut = False

    @property
    def transport(self) -> "MemorySocket":
        return self

    def abort(self) -> None:
        """Break it; what is under way is lost."""
        self._cut = True
        self._end(Close(1006, ""))
        self._to_near.post(lambda: self._tell(1006, ""))

    def arrive(self, message: str | bytes | None) -> None:
        """A message of the adapter is here; None: it closed the connection."""
        if self.ended is None:
            self._inbox.put_nowait(message)

    async def recv(self) -> str | bytes:
        message = None if self.ended is not None else await self._inbox.get()
        if message is None:
            self.ended = self.ended or Close(1000, "")
            raise self._closed()
        return message

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            try:
                message = await self.recv()
            except ConnectionClosedOK:
                return
            yield message

    async def send(self, message: str | bytes) -> None:
        if self.ended is not None:
            raise self._closed()
        data = message.encode() if isinstance(message, str) else message
        self._to_near.post(lambda: self._deliver(data))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self.ended is None:
            self._end(Close(code, reason))
            self._to_near.post(lambda: self._tell(code, reason))

    def _end(self, how: Close) -> None:
        if self.ended is None:
            self.ended = how
            self._inbox.put_nowait(None)

    def _closed(self) -> ConnectionClosed:
        assert self.ended is not None
        kind = ConnectionClosedOK if self.ended.code in (1000, 1001) else ConnectionClosedError
        return kind(self.ended, None)

    def _deliver(self, message: bytes) -> None:
        if not self.near.gone and not self._cut:
            self._on_message(message)

    def _tell(self, code: int, reason: str) -> None:
        if not self.near.gone:
            self.near.gone = True
            self._on_closed(code, reason)


class NearEnd:
    """The adapter's end. `sent` is what it said, without sound."""

    def __init__(self, far: MemorySocket) -> None:
        self._far = far
        self.gone = False
        self.sent: list[bytes] = []

    def send(self, data: bytes | str) -> None:
        if self.gone:
            return
        message = data.encode() if isinstance(data, str) else data
        if not message.startswith(SOUND):
            self.sent.append(message)
        self._far.to_far.post(lambda: self._far.arrive(message))

    async def close(self) -> None:
        if not self.gone:
            self.gone = True
            self._far.to_far.post(lambda: self._far.arrive(None))
