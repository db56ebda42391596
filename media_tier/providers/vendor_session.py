"""How a session with a vendor is opened, the same for every vendor: connect, set up, all within one time limit.

Invariant: whoever gets a session gets one that is set up; one that could not be set up has let go of its socket.
"""

import asyncio
import ssl as ssl_module
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from media_tier.ports import Clock, ProviderUnavailable


class Socket(Protocol):
    """A connection to a vendor. `send` queues one text message; `close` says goodbye, after which nothing is heard."""

    def send(self, data: bytes | str) -> None: ...
    async def close(self) -> None: ...


class OpenSocket(Protocol):
    """Connects: see media_tier.providers.socket.open_vendor_socket for what is promised."""

    async def __call__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        ssl: ssl_module.SSLContext | None,
        on_message: Callable[[bytes], None],
        on_closed: Callable[[int, str], None],
        timeout: float,  # noqa: ASYNC109  # bounds the handshake of whatever connects
    ) -> Socket: ...


class Session(Protocol):
    """One vendor's session on a socket. `set_up` raises ProviderUnavailable and takes as long as the vendor does."""

    def on_message(self, message: bytes) -> None: ...
    def on_closed(self, code: int, reason: str) -> None: ...
    async def set_up(self, socket: Socket) -> None: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where sessions are opened and how. `ssl` None: the system's trust store; `seconds` for all of it."""

    url: str
    headers: Mapping[str, str]
    ssl: ssl_module.SSLContext | None
    seconds: float
    open_socket: OpenSocket
    clock: Clock


async def opened[S: Session](session: S, vendor: Vendor) -> S:
    """Connect the session and set it up. Raises ProviderUnavailable."""
    until = vendor.clock() + vendor.seconds
    socket = await vendor.open_socket(
        vendor.url,
        headers=vendor.headers,
        ssl=vendor.ssl,
        on_message=session.on_message,
        on_closed=session.on_closed,
        timeout=vendor.seconds,
    )
    try:
        async with asyncio.timeout(max(0.0, until - vendor.clock())):
            await session.set_up(socket)
    except TimeoutError as late:
        await session.close()
        raise ProviderUnavailable("timeout", "The session was not configured in time.") from late
    except BaseException:
        await session.close()
        raise
    return session
