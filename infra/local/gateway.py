"""One address for the whole product: sends each connection to the process that serves its path.

Connections are spliced byte for byte after their first request's head is read, so WebSocket upgrades, abrupt ends and
close codes pass untouched. A browser opens a new connection for every upgrade, so one decision per connection is
enough.
"""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable, Sequence

MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0
SOCKET_PATH = re.compile(rb"^GET /api/(widget/call/[^/ ]+/ws|webhooks/twilio/stream/[^ ]+)[ ?]")
WHATSAPP_PHONE_PATH = re.compile(rb"^GET /whatsapp-phone[ ?]")
UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: 38\r\nretry-after: 1\r\n\r\nThis part of the product is starting.\n"
)

Address = tuple[str, int]


class Gateway:
    """Listens on one port; media sockets go to the media processes in turn, everything else to the front.

    `whatsapp_phone` is the stand-in of Meta, where a browser can be a user's phone.
    """

    def __init__(
        self, front: Address, media: Callable[[], Sequence[Address]], whatsapp_phone: Address | None = None
    ) -> None:
        self._front, self._media, self._whatsapp_phone = front, media, whatsapp_phone
        self._turn = itertools.count()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=MAX_HEAD_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()

    def _targets(self, head: bytes) -> Sequence[Address]:
        if self._whatsapp_phone is not None and WHATSAPP_PHONE_PATH.match(head):
            return (self._whatsapp_phone,)
        if not SOCKET_PATH.match(head):
            return (self._front,)
        processes = list(self._media())
        start = next(self._turn)
        return [processes[(start + i) % len(processes)] for i in range(len(processes))]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        for host, port in self._targets(head):
            with contextlib.suppress(ConnectionError):
                upstream_reader, upstream_writer = await asyncio.open_connection(host, port)
                break
        else:
            writer.write(UNAVAILABLE)
            await writer.drain()
            writer.close()
            return
        upstream_writer.write(head)
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(reader, upstream_writer))
            group.create_task(_pump(upstream_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end, then end the other side; an abrupt end stays abrupt."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        writer.transport.abort()
        return
    if writer.can_write_eof():
        with contextlib.suppress(OSError):
            writer.write_eof()
    writer.close()
