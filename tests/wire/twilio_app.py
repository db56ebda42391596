"""An app for the Twilio stand-in to ask: answers TwiML, checks every signature, and serves media streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from infra.local.standins.twilio import TwilioStandIn
from infra.local.standins.twilio_exchange import Account, Number
from infra.local.standins.twilio_webhooks import signature
from media_tier.legs.twilio_gate import signature_of

SID, TOKEN = "AC" + "1" * 32, "auth-token"
OURS, THEIRS = "+15005550001", "+15005550006"


def response(inner: str) -> str:
    """A TwiML document."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'


@dataclass
class App:
    """`documents` by path, as text or by what was asked; `stream` is what happens on a media stream."""

    documents: dict[str, str | Callable[[dict[str, str]], str]] = field(default_factory=dict)
    stream: Callable[[ServerConnection], Awaitable[None]] | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bad_signatures: list[str] = field(default_factory=list)
    upgrades: list[str] = field(default_factory=list)
    refuses: bool = False
    http: str = ""
    ws: str = ""

    def of(self, path: str) -> list[dict[str, str]]:
        """What was asked of a path."""
        return [params for asked, params in self.asked if asked == path]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One HTTP request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        target = head[0].split(" ")[1]
        params = dict(parse_qsl(body, keep_blank_values=True))
        if headers.get("x-twilio-signature") != signature(TOKEN, self.http + target, params):
            self.bad_signatures.append(target)
        path, _, query = target.partition("?")
        self.asked.append((path, {**dict(parse_qsl(query)), **params}))
        document = self.documents.get(path)
        text = document(self.asked[-1][1]) if callable(document) else document
        status = "200 OK" if text is not None else "500 Oops"
        data = (text or "").encode()
        writer.write(f"HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {len(data)}\r\n".encode())
        writer.write(b"connection: close\r\n\r\n" + data)
        await writer.drain()
        writer.close()

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """An upgrade."""
        self.upgrades.append(request.path)
        if self.refuses or request.headers.get("x-twilio-signature") != signature_of(TOKEN, self.ws + request.path):
            return connection.respond(HTTPStatus.FORBIDDEN, "")
        return None

    async def talk(self, connection: ServerConnection) -> None:
        """A media stream."""
        if self.stream is not None:
            try:
                await self.stream(connection)
            except ConnectionClosed:
                return


@asynccontextmanager
async def exchange(app: App, **number: str) -> AsyncIterator[TwilioStandIn]:
    """The stand-in, with one account and one number whose addresses are paths of the app."""
    http = await asyncio.start_server(app.answer, "127.0.0.1", 0)
    app.http = f"http://127.0.0.1:{http.sockets[0].getsockname()[1]}"
    async with serve(app.talk, "127.0.0.1", 0, process_request=app.check) as streams, http:
        app.ws = f"ws://127.0.0.1:{next(iter(streams.sockets)).getsockname()[1]}"
        ours = Number(OURS)
        for name, path in {"voice_url": "/voice", **number}.items():
            setattr(ours, name, app.http + path)
        async with TwilioStandIn([Account(SID, TOKEN, [ours])]) as twilio:
            yield twilio
    assert app.bad_signatures == []


async def next_message(connection: ServerConnection, event: str) -> dict[str, Any]:
    """The next message of a kind."""
    while True:
        message: dict[str, Any] = json.loads(await connection.recv())
        if message["event"] == event:
            return message
