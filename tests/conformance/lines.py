"""A caller on each channel, all alike: speaks, hears, hangs up, and knows which call it was.

The widget's caller speaks its protocol; a phone and a WhatsApp user are the carriers' stand-ins' own people, reached by
the sockets through which a browser is their phone: at the stand-ins themselves, since the way there is not under test.
"""

import asyncio
import base64
import contextlib
import json
import time
import uuid
from itertools import pairwise
from typing import Any, Protocol
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from infra.local.carriers import PHONE, WHATSAPP
from shared.contracts.records.call import Channel
from tests.conformance.books import Books
from tests.conformance.hearing import Ear
from tests.e2e.caller import FRAME, Caller, start_session
from tests.e2e.conftest import Running

ANSWERED_S = 40.0
KEY_S = 0.3
CONNECTED = {"connected", "in-progress"}
OVER = {"completed", "busy", "failed", "no-answer", "canceled", "unobtainable"}


class Line(Protocol):
    """One call as its caller has it. When it was dialled and answered is by the monotonic clock."""

    dialled_at: float
    answered_at: float

    def say(self, pcm: bytes) -> None:
        """Speak after what is queued: PCM16 at 24 kHz."""

    @property
    def unsaid(self) -> int:
        """Bytes that still wait for the microphone."""

    @property
    def ear(self) -> Ear:
        """What was heard so far."""

    @property
    def over(self) -> bool:
        """Whether the far end has ended the call."""

    async def hang_up(self) -> None:
        """End the call as a person does, and put the phone away."""

    async def leave(self) -> None:
        """Put the phone away, whatever the call does."""

    async def call_id(self) -> str:
        """The call in our books."""


class WidgetLine:
    """A caller by web."""

    def __init__(self, caller: Caller) -> None:
        self._caller, self._ear = caller, Ear()
        self.dialled_at = self.answered_at = caller.opened

    @classmethod
    async def ring(cls, running: Running, chatbot_id: str) -> "WidgetLine":
        """Call a chatbot; every call is another visitor's."""
        more = {"visitorId": str(uuid.uuid4())}
        session = await asyncio.to_thread(lambda: start_session(running.url, chatbot_id, **more))
        async with asyncio.timeout(ANSWERED_S):
            while True:
                caller = Caller(running.url, session)
                await caller.connect()
                await caller.until(lambda c: bool(c.of("connected")) or c.closed_with is not None)
                if caller.closed_with is None:
                    return cls(caller)
                await caller.leave()
                # As the widget does: a busy process refuses, and the next one may take the call.
                await asyncio.sleep(0.3)

    def say(self, pcm: bytes) -> None:
        """See Line."""
        self._caller.say(pcm)

    @property
    def unsaid(self) -> int:
        """See Line."""
        return self._caller.unsaid

    @property
    def ear(self) -> Ear:
        """See Line."""
        caller, known = self._caller, len(self._ear.pieces)
        end = (len(caller.heard) // 2, 0.0)
        for (sample, at), (following, _) in pairwise([*caller.heard_at[known:], end]):
            self._ear.hear(at, bytes(caller.heard[sample * 2 : following * 2]))
        return self._ear

    @property
    def over(self) -> bool:
        """See Line."""
        return self._caller.closed_with is not None

    async def hang_up(self) -> None:
        """See Line."""
        await self._caller.hang_up()
        await self._caller.leave()

    async def leave(self) -> None:
        """See Line."""
        await self._caller.leave()

    async def call_id(self) -> str:
        """See Line."""
        return str(self._caller.session["callId"])


class CarrierLine:
    """A caller by phone or WhatsApp."""

    def __init__(self, socket: ClientConnection, books: Books, account_id: str) -> None:
        self._socket, self._books, self._account_id = socket, books, account_id
        self.ear = Ear()
        self._microphone = bytearray()
        self._answered, self._ended, self._speaks = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.dialled_at, self.answered_at = time.monotonic(), 0.0
        self.carrier_call_id = ""
        self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._speak())]

    @classmethod
    async def ring(cls, books: Books, address: str, number: str, account_id: str) -> "CarrierLine":
        """Dial a number, and wait until it is answered."""
        url = f"{address.replace('http', 'ws', 1)}?{urlencode({'to': number})}"
        line = cls(await connect(url, compression=None), books, account_id)
        async with asyncio.timeout(ANSWERED_S):
            await line._answered.wait()
        return line

    def say(self, pcm: bytes) -> None:
        """See Line."""
        self._microphone += pcm
        self._speaks.set()

    @property
    def unsaid(self) -> int:
        """See Line."""
        return len(self._microphone)

    @property
    def over(self) -> bool:
        """See Line."""
        return self._ended.is_set()

    async def press(self, keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            await self._send({"type": "dtmf", "digit": key})
            await asyncio.sleep(KEY_S)

    async def hang_up(self) -> None:
        """See Line."""
        await self._send({"type": "end"})
        await self.leave()

    async def leave(self) -> None:
        """See Line."""
        await self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def call_id(self) -> str:
        """See Line."""
        return await self._books.call_of(self._account_id, self.carrier_call_id)

    async def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(json.dumps(message))

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self._socket:
                message = json.loads(text)
                if message["type"] == "audio":
                    self.ear.hear(time.monotonic(), base64.b64decode(message["data"]))
                    continue
                self.carrier_call_id = message.get("callSid") or message.get("callId") or self.carrier_call_id
                state = message.get("state", message["type"])
                if state in CONNECTED and not self._answered.is_set():
                    self.answered_at = time.monotonic()
                    self._answered.set()
                if state == "call_ended" or state in OVER:
                    break
        self._ended.set()

    async def _speak(self) -> None:
        """A frame every 20 ms while something is said; a phone nobody speaks into sends silence by itself."""
        while await self._speaks.wait():
            began, turn = time.monotonic(), 0
            while self._microphone:
                frame = bytes(self._microphone[:FRAME]).ljust(FRAME, b"\0")
                del self._microphone[:FRAME]
                await self._send({"type": "audio", "data": base64.b64encode(frame).decode()})
                turn += 1
                await asyncio.sleep(max(0.0, began + turn * 0.02 - time.monotonic()))
            self._speaks.clear()


async def ring(running: Running, books: Books, channel: Channel, place: int, chatbot_id: str) -> Line:
    """Call a chatbot of the demo page, the `place`-th, and be answered."""
    suffix = f"-{place + 1}" if place else ""
    match channel:
        case Channel.WEB:
            return await WidgetLine.ring(running, chatbot_id)
        case Channel.TWILIO:
            address = f"{standing_in(running, 'phone', 'TWILIO_BASE_URL')}/phone"
            return await CarrierLine.ring(books, address, f"+1500555000{place + 1}", f"{PHONE}{suffix}")
        case Channel.WHATSAPP:
            address = f"{standing_in(running, 'whatsapp', 'GRAPH_BASE_URL')}/whatsapp-phone"
            return await CarrierLine.ring(books, address, f"1555010000{place + 1}", f"{WHATSAPP}{suffix}")


def standing_in(running: Running, part: str, variable: str) -> str:
    """Where a part of the vendors' stand-ins listens."""
    return str(json.loads((running.data / f"standins-{part}.json").read_text())[variable])
