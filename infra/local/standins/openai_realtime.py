"""A server that behaves as OpenAI Realtime does, on loopback: the real SDK and our adapter connect to it unmodified.

`script` and `keys` may be changed at any time and hold for connections made afterwards. `log` tells what was said by
both sides, in order, over all connections.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from infra.local.standins.conversation import BrainMaker, StandInScript
from infra.local.standins.openai_rules import MODELS, default_session
from infra.local.standins.openai_session import Session
from infra.local.standins.scripted_line import Log, ScriptedLine, Socket

CAP_SECONDS = 3600.0
CAP_REASON = "Your session hit the maximum duration of 60 minutes."
MAX_MESSAGE_BYTES = 16 * 2**20


class OpenAiStandIn:
    """`async with OpenAiStandIn(brains) as stand_in:` then connect to `stand_in.url` ("ws://127.0.0.1:…/v1")."""

    def __init__(
        self,
        make_brain: BrainMaker,
        script: StandInScript | None = None,
        keys: frozenset[str] = frozenset({"sk-local"}),
        epoch: Callable[[], float] = time.time,
    ) -> None:
        """`epoch` gives seconds since the epoch, for the expiry that is announced."""
        self._make_brain, self._epoch, self._ids = make_brain, epoch, itertools.count(1)
        self.script = script or StandInScript()
        self.keys = keys
        self.log: Log = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of every handshake."""
        self._server: Server | None = None
        self.url = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await serve(
            self.serve_client, host, port, process_request=self._check, max_size=MAX_MESSAGE_BYTES, compression=None
        )
        bound = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"ws://{host}:{bound}/v1"

    async def close(self) -> None:
        """Stop, closing every connection with 1001."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """What clients sent of this type."""
        return [event for side, event in self.log if side == "client" and event.get("type") == kind]

    def events(self) -> list[str]:
        """The types of all events we sent, in order."""
        return [str(event["type"]) for side, event in self.log if side == "server"]

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append((request.path, dict(request.headers.raw_items())))
        address = urlsplit(request.path)
        if self.script.refuse_status is not None:
            return _refusal(connection, HTTPStatus(self.script.refuse_status), "Refused.", "refused")
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.keys:
            message = "Incorrect API key provided."
            return _refusal(connection, HTTPStatus.UNAUTHORIZED, message, "invalid_api_key")
        if address.path == "/v1/models":
            return _json(connection, HTTPStatus.OK, {"object": "list", "data": list(MODELS)})
        if address.path != "/v1/realtime":
            return _refusal(connection, HTTPStatus.NOT_FOUND, f"Invalid URL ({request.path})", "not_found")
        if not parse_qs(address.query).get("model"):
            return _refusal(connection, HTTPStatus.BAD_REQUEST, "You must provide a model parameter.", "missing_model")
        return None

    async def serve_client(self, socket: Socket) -> None:
        """Serve one client until its connection ends."""
        assert socket.request is not None
        script = self.script
        line = ScriptedLine(socket, script, self.log, self._ids)
        model = parse_qs(urlsplit(socket.request.path).query)["model"][0]
        cap = script.cap_seconds if script.cap_seconds is not None else CAP_SECONDS
        config = default_session(line.next_id("sess", "_"), model, int(self._epoch() + cap))
        ending = asyncio.get_running_loop().create_task(_close_after(socket, cap))
        try:
            await Session(line, config, self._make_brain).run()
        finally:
            ending.cancel()


async def _close_after(socket: Socket, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await socket.close(1001, CAP_REASON)


def _json(connection: ServerConnection, status: HTTPStatus, body: dict[str, Any]) -> Response:
    response = connection.respond(status, json.dumps(body))
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def _refusal(connection: ServerConnection, status: HTTPStatus, message: str, code: str) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _json(connection, status, {"error": error})
