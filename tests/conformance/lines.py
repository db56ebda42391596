"""A caller on each channel, all alike: speaks, hears, hangs up, and knows which call it was.

The widget's caller speaks its protocol; a phone and a WhatsApp user are the carriers' stand-ins' own people, reached by
the sockets through which a browser is their phone.
"""

import asyncio
import base64
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from infra.local import aws
from infra.local.demo import COMPANY
from shared.adapters.aws.dynamo.carrier_calls import DynamoCarrierCalls
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.call import Channel
from tests.conformance.hearing import Ear
from tests.e2e.caller import FRAME, Caller, start_session
from tests.e2e.conftest import Running

SILENCE = bytes(FRAME)
CONNECTED = {"connected", "in-progress"}
OVER = {"completed", "busy", "failed", "no-answer", "canceled", "unobtainable"}


class Line(Protocol):
    """One call as its caller has it. `answered_at` is when it was answered, by the monotonic clock."""

    answered_at: float

    def say(self, pcm: bytes) -> None:
        """Speak after what is queued: PCM16 at 24 kHz."""

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

    def call_id(self) -> str:
        """The call in our books; asks the database."""


class WidgetLine:
    """A caller by web."""

    def __init__(self, caller: Caller) -> None:
        self._caller, self._ear = caller, Ear()
        self.answered_at = caller.opened

    @classmethod
    async def ring(cls, running: Running, chatbot_id: str) -> "WidgetLine":
        """Call a chatbot; every call is another visitor's."""
        more = {"visitorId": str(uuid.uuid4())}
        session = await asyncio.to_thread(lambda: start_session(running.url, chatbot_id, **more))
        async with asyncio.timeout(20):
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

    def call_id(self) -> str:
        """See Line."""
        return str(self._caller.session["callId"])


class CarrierLine:
    """A caller by phone or WhatsApp."""

    def __init__(self, socket: ClientConnection, find_call: Callable[[str], str]) -> None:
        self._socket, self._find_call = socket, find_call
        self.ear = Ear()
        self._microphone = bytearray()
        self._answered, self._ended = asyncio.Event(), asyncio.Event()
        self.answered_at = 0.0
        self.carrier_call_id = ""
        self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._speak())]

    @classmethod
    async def ring(cls, running: Running, path: str, number: str, account_id: str) -> "CarrierLine":
        """Dial a number, and wait until it is answered."""

        def find_call(carrier_call_id: str) -> str:
            dynamo = aws.client("dynamodb", running.run["aws"])
            calls = DynamoCarrierCalls(Table(dynamo, "calls"), Table(dynamo, "live"))
            known = calls.get(COMPANY.company_id, account_id, carrier_call_id)
            assert known is not None and known.call_id is not None, "the carrier's call has no call of ours"
            return known.call_id

        address = f"{running.url.replace('http', 'ws', 1)}{path}?{urlencode({'to': number})}"
        line = cls(await connect(address, compression=None), find_call)
        async with asyncio.timeout(20):
            await line._answered.wait()
        return line

    def say(self, pcm: bytes) -> None:
        """See Line."""
        self._microphone += pcm

    @property
    def over(self) -> bool:
        """See Line."""
        return self._ended.is_set()

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

    def call_id(self) -> str:
        """See Line."""
        return self._find_call(self.carrier_call_id)

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
        """A frame every 20 ms, once the call is answered."""
        await self._answered.wait()
        began, turn = time.monotonic(), 0
        while not self.over:
            frame = bytes(self._microphone[:FRAME]).ljust(FRAME, b"\0")
            del self._microphone[:FRAME]
            await self._send({"type": "audio", "data": base64.b64encode(frame).decode()})
            turn += 1
            await asyncio.sleep(max(0.0, began + turn * 0.02 - time.monotonic()))


async def ring(running: Running, channel: Channel, place: int, chatbot_id: str) -> Line:
    """Call a chatbot of the demo page, the `place`-th, and be answered."""
    suffix = f"-{place + 1}" if place else ""
    match channel:
        case Channel.WEB:
            return await WidgetLine.ring(running, chatbot_id)
        case Channel.TWILIO:
            return await CarrierLine.ring(running, "/phone", f"+1500555000{place + 1}", f"local-phone{suffix}")
        case Channel.WHATSAPP:
            number = f"1555010000{place + 1}"
            return await CarrierLine.ring(running, "/whatsapp-phone", number, f"local-whatsapp{suffix}")
