"""Twilio on loopback: REST API, signed webhooks, media streams, and telephones for tests and for people.

    async with TwilioStandIn(accounts) as twilio:
        call = twilio.exchange.ring("+1…", person)

Control for the demo page, on the same address as the REST API:
`POST /ring` {"to", "from"?, "say"?: [texts]} → 201 {"callSid"}: somebody calls and says the texts one after the other,
or, without `say`, the call waits for its person at `/phone?call=<sid>`.
`/phone?call=…` (that call) or `/phone?to=…` (ring there now) or `/phone?number=…` (be called there) is a WebSocket that
speaks like the widget's: `audio` with PCM16 24 kHz both ways, `dtmf` {digit}, `answer`, `end`; it is told `status`.
"""

import asyncio
import base64
import binascii
import contextlib
import json
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.local.standins.twilio_call import PhoneCall
from infra.local.standins.twilio_exchange import Account, Exchange, Subscriber
from infra.local.standins.twilio_people import BrowserPerson, ScriptedPerson
from infra.local.standins.twilio_rest import RestApi
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechRenderer

CALLER = VoiceSettings(voice_id="espeak:en-us+m1")
MOST_TEXTS = 20
MOST_WAITING = 100
MAX_MESSAGE_BYTES = 64 * 1024


class TwilioStandIn:
    """`url` is the base of the REST API, once it is started."""

    def __init__(self, accounts: Iterable[Account] = (), speech: SpeechRenderer | None = None) -> None:
        self.exchange = Exchange(accounts={account.sid: account for account in accounts}, speech=speech)
        self.rest = RestApi(self.exchange)
        self._speech = speech
        self._serving: asyncio.Task[None] | None = None
        self._server: uvicorn.Server
        self.url = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        app = Starlette(
            routes=[
                *self.rest.routes,
                Route("/ring", self._ring, methods=["POST"]),
                WebSocketRoute("/phone", self._phone),
            ],
            middleware=[Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["POST"])],
        )
        config = uvicorn.Config(
            app, host, port, log_level="warning", access_log=False, lifespan="off", ws="websockets-sansio",
            ws_max_size=MAX_MESSAGE_BYTES, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Server(config)
        self._serving = asyncio.get_running_loop().create_task(self._server.serve())
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0.01)
        self.url = f"http://{host}:{self._server.servers[0].sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """End every call and stop."""
        await self.exchange.close()
        if self._serving is not None:
            self._server.should_exit = True
            await self._serving

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _ring(self, request: Request) -> Response:
        try:
            given = json.loads(await request.body())
            to, texts = str(given["to"]), [str(text) for text in given.get("say", ())][:MOST_TEXTS]
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"error": "say whom to call"}, 400)
        person = ScriptedPerson()
        try:
            call = self.exchange.ring(to, person, caller=str(given.get("from", "+15005550006")))
        except LookupError:
            return JSONResponse({"error": "nobody has this number"}, 404)
        for text in texts:
            if self._speech is not None:
                person.say(await self._speech.render(model_id="caller", voice=CALLER, text=text) + bytes(48_000))
        return JSONResponse({"callSid": call.sid}, 201)

    async def _phone(self, socket: WebSocket) -> None:
        await socket.accept()
        query = socket.query_params
        number, phone = query.get("number", ""), None
        try:
            async with asyncio.TaskGroup() as group:
                phone = _BrowserPhone(socket, group)
                group.create_task(phone.write())
                if number:
                    self.exchange.subscribers[number] = phone.subscriber()
                elif (call := self._wanted(phone, query.get("call"), query.get("to"))) is not None:
                    phone.take(call)
                else:
                    phone.tell({"type": "status", "state": "unobtainable"})
                await phone.read()
        except* (WebSocketDisconnect, _PhoneOver):
            pass
        finally:
            self.exchange.subscribers.pop(number, None)
            if phone is not None and phone.call is not None:
                phone.call.hang_up()
        with contextlib.suppress(RuntimeError):  # the page closed it
            await socket.close()

    def _wanted(self, phone: "_BrowserPhone", sid: str | None, to: str | None) -> PhoneCall | None:
        if to is not None and self.exchange.owner(to) is not None:
            return self.exchange.ring(to, phone.person)
        return self.exchange.calls.get(sid or "")


class _PhoneOver(Exception):
    """The person put the phone away."""


class _BrowserPhone:
    """A page's microphone and loudspeaker."""

    def __init__(self, socket: WebSocket, group: asyncio.TaskGroup) -> None:
        self._socket, self._group = socket, group
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.person = BrowserPerson(lambda pcm: self.tell({"type": "audio", "data": base64.b64encode(pcm).decode()}))
        self.call: PhoneCall | None = None
        self.picked_up = asyncio.Event()

    def subscriber(self) -> Subscriber:
        """It can be called."""
        return Subscriber(lambda: self.person, picks_up=self.picked_up, rung=self.take)

    def take(self, call: PhoneCall) -> None:
        """This is its call now; how it stands is told."""
        self.call = call
        call.person = self.person
        self.picked_up.clear()
        self._group.create_task(self._report(call))

    def tell(self, message: dict[str, Any]) -> None:
        """Queue a message; sound a page does not take is left out."""
        if message["type"] != "audio" or self._out.qsize() < MOST_WAITING:
            self._out.put_nowait(message)

    async def write(self) -> None:
        """Send what is queued."""
        while True:
            await self._socket.send_text(json.dumps(await self._out.get()))

    async def _report(self, call: PhoneCall) -> None:
        state = ""
        while not call.over.is_set():
            if call.status != state:
                state = call.status
                self.tell({"type": "status", "state": state, "callSid": call.sid, "from": call.caller})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(call.over.wait(), 0.1)
        self.tell({"type": "status", "state": call.status, "callSid": call.sid, "from": call.caller})

    async def read(self) -> None:
        """Take what the page sends; ends with its socket."""
        while True:
            try:
                message = json.loads(await self._socket.receive_text())
                kind = message["type"]
                if kind == "audio":
                    pcm = base64.b64decode(message["data"], validate=True)
                    self.person.spoken(pcm)
                elif kind == "dtmf" and self.call is not None:
                    await self.call.verbs.press(str(message["digit"])[:1])
                elif kind == "answer":
                    self.picked_up.set()
                elif kind == "end":
                    raise _PhoneOver
            except (ValueError, KeyError, TypeError, binascii.Error):
                self.tell({"type": "error", "code": "bad_message"})


class _Server(uvicorn.Server):
    """One that leaves the signals to the process it lives in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """As they were."""
        yield
