"""What comes before picows: reads the head of a request, lets its door examine it, then hands the connection over.

picows decides about an upgrade in one synchronous call, which cannot ask a database; and it has no hook for sockets
that connect and never finish their request. Invariant: nothing is answered, and nothing read beyond what arrived with
the head, before the examination is over; all of it together takes at most `seconds`.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol, cast

MAX_HEAD_BYTES = 16 * 1024
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the examination of a request found: the HTTP status it is refused with, 200 to go on; and for whom."""

    status: int = 200
    subject: str = ""
    elsewhere: asyncio.BufferedProtocol | None = None
    """Another process answers it; this passes its bytes on."""


class Door(Protocol):
    """Whose connections these are."""

    def began(self, transport: asyncio.Transport) -> None:
        """A TCP connection came."""

    def ended(self, transport: asyncio.Transport) -> None:
        """Its request is examined, or it is gone; may be told twice."""

    def examine(self, head: bytes) -> Awaitable[Verdict] | None:
        """The check this request needs, if it needs one."""

    def protocol(self, verdict: Verdict) -> asyncio.BufferedProtocol:
        """Who goes on with the connection and answers the request."""


class Handshake(asyncio.Protocol):
    """One connection until its request is complete and examined."""

    def __init__(self, door: Door, seconds: float) -> None:
        self._door, self._seconds = door, seconds
        self._head = bytearray()
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle | None = None
        self._checking: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A TCP connection came."""
        stream = cast(asyncio.Transport, transport)  # uvloop's is none by descent
        self._transport = stream
        self._deadline = asyncio.get_running_loop().call_later(self._seconds, stream.abort)
        self._door.began(stream)

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone before it was handed over."""
        self._settled()
        if self._checking is not None:
            self._checking.cancel()

    def data_received(self, data: bytes) -> None:
        """More of the request."""
        self._head += data
        if _END not in self._head:
            if len(self._head) > MAX_HEAD_BYTES:
                self._transport.abort()
            return
        self._transport.pause_reading()
        check = self._door.examine(bytes(self._head))
        if check is None:
            self._hand_over(Verdict())
        else:
            self._checking = asyncio.get_running_loop().create_task(self._check(check))

    async def _check(self, check: Awaitable[Verdict]) -> None:
        verdict = await check
        self._checking = None
        self._hand_over(verdict)

    def _hand_over(self, verdict: Verdict) -> None:
        transport = self._transport
        if transport.is_closing():
            return
        self._settled()
        protocol = self._door.protocol(verdict)
        # Reading stood still, so that the loop starts it anew in the way of the new protocol.
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()
        data = memoryview(self._head)
        # Whoever wants no more of what came with the head stops reading.
        while data and transport.is_reading() and not transport.is_closing():
            room = memoryview(protocol.get_buffer(len(data)))
            size = min(len(room), len(data))
            room[:size] = data[:size]
            data = data[size:]
            protocol.buffer_updated(size)

    def _settled(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._door.ended(self._transport)
