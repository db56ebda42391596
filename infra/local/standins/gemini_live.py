"""A server that behaves as Gemini Live does, on loopback over TLS: the real SDK and our adapter connect unmodified.

The SDK insists on `wss`, so clients must trust `certificate.ca_file`. `script` and `keys` may be changed at any time
and hold for connections made afterwards; resumption handles outlive connections. `log` tells what was said by both
sides, in order, over all connections.
"""

import asyncio
import itertools
import re
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from infra.local.standins.certificate import Certificate
from infra.local.standins.conversation import BrainMaker, StandInScript
from infra.local.standins.gemini_rest import GeminiSpeechServer
from infra.local.standins.gemini_session import Memory, Session
from infra.local.standins.scripted_line import Log, ScriptedLine, Socket

CONNECTION_SECONDS = 600.0
GO_AWAY_SECONDS = 60.0
DEADLINE = (1011, "Deadline expired before operation could complete.")
MAX_MESSAGE_BYTES = 16 * 2**20

_PATH = re.compile(r"/ws/google\.ai\.generativelanguage\.v1(?:beta|alpha)?\.GenerativeService\.BidiGenerateContent")


class GeminiStandIn:
    """`async with GeminiStandIn(brains, certificate) as stand_in:` then use `stand_in.url` ("https://127.0.0.1:…").

    `rest_url` ("http://127.0.0.1:…") answers `generateContent` with speech.
    """

    def __init__(
        self,
        make_brain: BrainMaker,
        certificate: Certificate,
        script: StandInScript | None = None,
        keys: frozenset[str] = frozenset({"local"}),
    ) -> None:
        self._make_brain, self.certificate, self._ids = make_brain, certificate, itertools.count(1)
        self.script = script or StandInScript()
        self.keys = keys
        self.handles: dict[str, Memory] = {}
        self.log: Log = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of every handshake."""
        self._server: Server | None = None
        self.speech = GeminiSpeechServer(make_brain, keys)
        self.url = ""

    @property
    def rest_url(self) -> str:
        """Where sentences are rendered."""
        return self.speech.url

    async def start(self, host: str = "127.0.0.1", port: int = 0, rest_port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await serve(
            self.serve_client,
            host,
            port,
            ssl=self.certificate.server_context(),
            process_request=self._check,
            max_size=MAX_MESSAGE_BYTES,
            # A bounded queue would stop reading, and with it the closing handshake, while messages wait.
            max_queue=None,
        )
        await self.speech.start(host, rest_port)
        self.url = f"https://{host}:{next(iter(self._server.sockets)).getsockname()[1]}"

    async def close(self) -> None:
        """Stop, closing every connection."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        await self.speech.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """What clients sent of this kind (`setup`, `client_content`, …)."""
        return [message[kind] for side, message in self.log if side == "client" and kind in message]

    def told(self) -> list[dict[str, Any]]:
        """All messages we sent, in order."""
        return [message for side, message in self.log if side == "server"]

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append((request.path, dict(request.headers.raw_items())))
        if self.script.refuse_status is not None:
            return connection.respond(HTTPStatus(self.script.refuse_status), "Refused.")
        if _PATH.fullmatch(request.path.partition("?")[0]) is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "Not found.")
        return None

    async def serve_client(self, socket: Socket) -> None:
        """Serve one client until its connection ends."""
        assert socket.request is not None
        line = ScriptedLine(socket, self.script, self.log, self._ids)
        session = Session(line, self._make_brain, self.handles)
        ending = asyncio.get_running_loop().create_task(_end_in_time(session, socket, line.script))
        try:
            await session.run(authorised=socket.request.headers.get("x-goog-api-key") in self.keys)
        finally:
            ending.cancel()
            await asyncio.wait([ending])


async def _end_in_time(session: Session, socket: Socket, script: StandInScript) -> None:
    lasts = CONNECTION_SECONDS if script.cap_seconds is None else script.cap_seconds
    left = min(lasts, GO_AWAY_SECONDS if script.go_away_seconds is None else script.go_away_seconds)
    await asyncio.sleep(lasts - left)
    try:
        await session.out({"goAway": {"timeLeft": f"{left:g}s"}})
    except ConnectionClosed:
        return
    await asyncio.sleep(left)
    await socket.close(*DEADLINE)
