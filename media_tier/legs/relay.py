"""Sends a socket on to the process that should have it, byte by byte, as if that one had been reached at once.

Nothing is read on the way but the head of the request: the other process checks token, origin and signature of the very
request its caller made. Invariant: a socket goes through one relay at most (its head says so), and only once the other
process has answered; until then it can still be served here, where claiming its call replaces an owner that is gone.
"""

import asyncio
import logging
from typing import Protocol, cast

_log = logging.getLogger(__name__)

HEADER = "X-Relayed"
MARK = HEADER.encode() + b": 1\r\n"
ANSWER_SECONDS = 1.5
"""The other process answers an upgrade within milliseconds; one that hangs must not keep its caller."""
MOST = 256 * 1024
"""Bytes waiting for one side at which the other is no longer read."""


class Places(Protocol):
    """Knows where a socket of a session belongs."""

    async def better_than_here(self, session_id: str) -> str | None:
        """`host:port` of another process, None: here. Never raises."""

    def takes(self, session_id: str) -> bool:
        """Whether this process takes what another one sends it."""


class Relay:
    """Opens relays and keeps them until they end."""

    def __init__(self, places: Places, seconds: float = ANSWER_SECONDS) -> None:
        self._places, self._seconds = places, seconds
        self._open: set[Relayed] = set()

    def __len__(self) -> int:
        return len(self._open)

    def takes(self, session_id: str) -> bool:
        """Whether a socket that was sent here may come in; the other process serves it otherwise."""
        return self._places.takes(session_id)

    @staticmethod
    def may(head: bytes) -> bool:
        """Whether this request has not been sent on before."""
        return MARK.strip().lower() not in head.lower()

    async def elsewhere(self, head: bytes, session_id: str) -> "Relayed | None":
        """The relay of this request; None: it is to be served here. `head` may have more behind it."""
        address = await self._places.better_than_here(session_id)
        if address is None:
            return None
        host, _, port = address.rpartition(":")
        far = _FarSide()
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.get_running_loop().create_connection(lambda: far, host, int(port))
                first, rest = head.split(b"\r\n", 1)
                far.transport.write(first + b"\r\n" + MARK + rest)
                await far.answered.wait()
        except (OSError, TimeoutError) as error:
            _log.warning("A process did not take a socket", extra={"kind": type(error).__name__})
            far.abort()
            return None
        if far.gone or not far.agreed:
            far.abort()
            return None
        relayed = Relayed(far, len(head), self._open.discard)
        self._open.add(relayed)
        return relayed

    def close(self) -> None:
        """End all of them: their callers come back to where their calls are."""
        for relayed in list(self._open):
            relayed.end()


class _FarSide(asyncio.Protocol):
    """The connection to the other process."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.answered = asyncio.Event()
        self.gone = False
        self._before = bytearray()
        self._near: Relayed | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The other process took the connection."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(MOST)

    @property
    def agreed(self) -> bool:
        """Whether it upgraded the connection."""
        return self._before.startswith(b"HTTP/1.1 101")

    def attach(self, near: "Relayed") -> None:
        """What comes goes there from now on."""
        self._near = near
        if self._before:
            near.transport.write(bytes(self._before))
        if self.gone:
            near.end()

    def data_received(self, data: bytes) -> None:
        """Something for the caller."""
        self.answered.set()
        if self._near is None:
            self._before += data
        else:
            self._near.transport.write(data)

    def pause_writing(self) -> None:
        """It is slow: read the caller no more."""
        if self._near is not None:
            self._near.transport.pause_reading()

    def resume_writing(self) -> None:
        """It caught up."""
        if self._near is not None:
            self._near.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """The other process ended it."""
        self.gone = True
        self.answered.set()
        if self._near is not None:
            self._near.end()

    def abort(self) -> None:
        """Give up before anything was agreed."""
        if hasattr(self, "transport"):
            self.transport.abort()


class Relayed(asyncio.BufferedProtocol):
    """The caller's connection. The first `seen` bytes of it were sent on with the request."""

    def __init__(self, far: _FarSide, seen: int, ended: "Ended") -> None:
        self._far, self._seen, self._ended = far, seen, ended
        self._buffer = memoryview(bytearray(64 * 1024))
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake hands over."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(MOST)
        self._far.attach(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Something for the other process."""
        data = self._buffer[:nbytes]
        if self._seen:
            skipped = min(self._seen, nbytes)
            self._seen -= skipped
            data = data[skipped:]
        if data:
            self._far.transport.write(bytes(data))

    def eof_received(self) -> bool:
        """The caller says no more; the connection ends."""
        return False

    def pause_writing(self) -> None:
        """The caller is slow: read the other process no more."""
        self._far.transport.pause_reading()

    def resume_writing(self) -> None:
        """They caught up."""
        self._far.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """The caller is gone."""
        self._far.transport.close()
        self._ended(self)

    def end(self) -> None:
        """Let the caller have what is written, then close."""
        self.transport.close()


class Ended(Protocol):
    """Is told of a relay that is over."""

    def __call__(self, relayed: Relayed, /) -> None: ...
