"""Callers by phone, in numbers: the carrier's stand-in in the test's own process, on the demo company's account."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.local import aws
from infra.local.carriers import PHONE
from infra.local.demo import CHATBOTS
from infra.local.standins.__main__ import TWILIO_NUMBERS, TWILIO_SID, TWILIO_TOKEN
from infra.local.standins.twilio_call import PhoneCall
from infra.local.standins.twilio_exchange import Account, Exchange, Number
from infra.local.standins.twilio_people import ScriptedPerson
from media_tier.audio import g711
from shared.adapters.aws.dynamo.calls import DynamoCalls
from shared.adapters.aws.dynamo.carrier_calls import DynamoCarrierCalls
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.call import CallRecord, Role, TranscriptSegment
from shared.domain.webhook_addresses import twilio_voice
from tests.e2e.conftest import Running
from tests.e2e.processes import COMPANY

LOUD = 300
PAUSE_IN_SPEECH = 1.0
_LOUD = bytes(abs(level) > LOUD for level in memoryview(g711.decode(bytes(range(256)))).cast("h"))


@dataclass
class Listener(ScriptedPerson):
    """Knows when there was sound, and when there was no stream: monotonic seconds, in which every frame of a stream
    takes 20 ms, however late a busy test passes it on.
    """

    loud_at: list[float] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)
    call: PhoneCall | None = None
    _stream: int = 0
    _at: float = 0.0

    def hear(self, mulaw: bytes) -> None:
        """See Person."""
        stream = len(self.call.verbs.streams) if self.call is not None else 0
        if stream == self._stream:
            self._at += 0.02
        else:
            now = time.monotonic()
            if self._stream:
                self.away.append((self._at, now))
            self._stream, self._at = stream, now
        if 1 in mulaw.translate(_LOUD):
            self.loud_at.append(self._at)
        super().hear(mulaw)

    def first_after(self, at: float) -> float | None:
        """When there was sound again."""
        return next((loud for loud in self.loud_at if loud > at), None)

    def last_before(self, at: float) -> float:
        """When there was sound before that."""
        return max((loud for loud in self.loud_at if loud <= at), default=at)

    def missed(self, away: tuple[float, float]) -> float:
        """Seconds without sound around a time without a stream, as somebody noticed who was to hear something."""
        gone, back = away
        last, again = self.last_before(gone), self.first_after(gone)
        return (again or back) - (last if gone - last < PAUSE_IN_SPEECH else gone)


@dataclass(frozen=True)
class Phone:
    """One caller; `place` is the chatbot called, in the order of the demo page."""

    person: Listener
    call: PhoneCall
    place: int

    @property
    def account_id(self) -> str:
        """Whose number was dialled."""
        return account_of(self.place)


class Phones:
    """Dials the demo company's numbers and looks into its books."""

    def __init__(self, running: Running) -> None:
        dynamo = aws.client("dynamodb", running.run["aws"])
        calls, live = Table(dynamo, "calls"), Table(dynamo, "live")
        self._calls, self._carrier = DynamoCalls(calls, live), DynamoCarrierCalls(calls, live)
        numbers = [
            Number(number, voice_url=twilio_voice(running.url, account_of(place)))
            for place, number in enumerate(TWILIO_NUMBERS)
        ]
        self.exchange = Exchange(accounts={TWILIO_SID: Account(TWILIO_SID, TWILIO_TOKEN, numbers)})

    async def ring(self, places: list[int], apart: float) -> list[Phone]:
        """Somebody calls each of these chatbots, one after the other."""
        phones = []
        for turn, place in enumerate(places):
            person = Listener()
            call = self.exchange.ring(TWILIO_NUMBERS[place], person, caller=f"+1500555{1000 + turn}")
            person.call = call
            phones.append(Phone(person, call, place))
            await asyncio.sleep(apart)
        return phones

    async def record(self, phone: Phone) -> CallRecord:
        """The call in the books."""
        known = await asyncio.to_thread(self._carrier.get, COMPANY, phone.account_id, phone.call.sid)
        assert known is not None and known.call_id is not None
        call = await asyncio.to_thread(self._calls.get, COMPANY, known.call_id)
        assert call is not None
        return call

    async def transcript(self, phone: Phone) -> list[TranscriptSegment]:
        """What was said, in order."""
        call = await self.record(phone)
        return list(await asyncio.to_thread(self._calls.transcript, COMPANY, call.call_id))

    async def until_said(self, phone: Phone, role: Role, wanted: Callable[[str], bool], seconds: float) -> str:
        """Wait until a line of that side is in the books."""
        until = time.monotonic() + seconds
        while True:
            lines = await self.transcript(phone)
            for line in lines:
                if line.role is role and wanted(line.text):
                    return line.text
            assert time.monotonic() < until, [f"{line.role}: {line.text}" for line in lines]
            await asyncio.sleep(0.5)


def account_of(place: int) -> str:
    """The account of the chatbot at this place."""
    return PHONE + (f"-{place + 1}" if place else "")


assert len(CHATBOTS) == len(TWILIO_NUMBERS)
