"""One client's connection to a stand-in: messages as JSON, faults where the script has them, work that ends with it.

Invariant: once the script has broken the connection, or made it fall silent, nothing more is sent on it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, Literal, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request

from infra.local.standins.conversation import StandInScript

Log = list[tuple[str, dict[str, Any]]]
"""Every message of both sides, as ("client" | "server", message)."""


class Abortable(Protocol):
    """What is below a connection."""

    def abort(self) -> None: ...


class Socket(Protocol):
    """A server's end of a WebSocket, as websockets' ServerConnection is one."""

    @property
    def request(self) -> Request | None: ...
    @property
    def transport(self) -> Abortable: ...
    async def recv(self) -> str | bytes: ...
    def __aiter__(self) -> AsyncIterator[str | bytes]: ...
    async def send(self, message: str | bytes) -> None: ...
    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class ScriptedLine:
    """`ids` numbers whatever this stand-in makes, over all its connections."""

    def __init__(self, socket: Socket, script: StandInScript, log: Log, ids: Iterator[int]) -> None:
        self.socket, self.script = socket, script
        self._log, self._ids = log, ids
        self._silent = False
        self._sent = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def next_id(self, kind: str, separator: Literal["_", "-"]) -> str:
        """An id that nothing else has."""
        return f"{kind}{separator}{next(self._ids):05d}"

    async def serve(self, conversation: Coroutine[Any, Any, None]) -> None:
        """Run the conversation until the connection ends; all work begun beside it ends, too."""
        try:
            await self._break_at(0)
            await conversation
        except ConnectionClosed:
            return
        finally:
            conversation.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the conversation."""

        async def until_closed() -> None:
            try:
                await work
            except ConnectionClosed:
                return

        task = asyncio.get_running_loop().create_task(until_closed())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before its first step never touches its work.
        task.add_done_callback(lambda _: work.close())
        return task

    async def send(self, message: dict[str, Any], *, binary: bool) -> None:
        """Send a message, then break what the script breaks after it."""
        if self._silent:
            return
        text = json.dumps(message)
        self._log.append(("server", json.loads(text)))
        self._sent += 1
        await self.socket.send(text.encode() if binary else text)
        await self._break_at(self._sent)

    def received(self, message: str | bytes) -> dict[str, Any] | None:
        """What a client's message says; None if it is no JSON object."""
        try:
            decoded = json.loads(message)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None
        if not isinstance(decoded, dict):
            return None
        self._log.append(("client", decoded))
        return decoded

    async def _break_at(self, sent: int) -> None:
        script = self.script
        if script.stall_after == sent:
            self._silent = True
        if script.drop_after == sent:
            self._silent = True
            self.socket.transport.abort()
        if script.close_after is not None and script.close_after[0] == sent:
            self._silent = True
            await self.socket.close(*script.close_after[1:])
