"""One address for the whole product: sends each connection to the process that serves its path, media sockets only to
processes that take calls.

Connections are spliced byte for byte after their first request's head is read, so WebSocket upgrades, abrupt ends and
close codes pass untouched. A browser opens a new connection for every upgrade, so one decision per connection is
enough.
"""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence

MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0
READY_SECONDS = 0.5
SOCKET_PATH = re.compile(rb"^GET /api/(widget/call/[^/ ]+/ws|webhooks/twilio/stream/[^ ]+)[ ?]")
PATH = re.compile(rb"^GET ([^? ]+)[? ]")
UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: 38\r\nretry-after: 1\r\n\r\nThis part of the product is starting.\n"
)

Address = tuple[str, int]


class Gateway:
    """Listens on one port; media sockets go to the media processes in turn, everything else to the front.

    `phones` are the paths at which a browser can be a caller's phone, and the carriers' stand-ins that serve them.
    """

    def __init__(
        self, front: Address, media: Callable[[], Sequence[Address]], phones: Mapping[str, Address] | None = None
    ) -> None:
        self._front, self._media, self._phones = front, media, dict(phones or {})
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

    async def _targets(self, head: bytes) -> Sequence[Address]:
        path = PATH.match(head)
        phone = None if path is None else self._phones.get(path[1].decode("latin-1"))
        if phone is not None:
            return (phone,)
        if not SOCKET_PATH.match(head):
            return (self._front,)
        processes = list(self._media())
        start = next(self._turn) % max(1, len(processes))
        in_turn = processes[start:] + processes[:start]
        ready = await asyncio.gather(*(_is_ready(process) for process in in_turn))
        # Where none is ready, the one whose turn it is says so itself.
        return [at for at, takes in zip(in_turn, ready, strict=True) if takes] or in_turn

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
        for host, port in await self._targets(head):
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


async def _is_ready(process: Address) -> bool:
    """Whether a media process takes calls, as a load balancer asks."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(READY_SECONDS):
            reader, writer = await asyncio.open_connection(*process)
            try:
                writer.write(b"GET /ready HTTP/1.1\r\nHost: media\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    return False


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
