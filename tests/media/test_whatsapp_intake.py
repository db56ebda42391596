"""From an offer in the queue to a call and its end: verbs in order, one process per call, nobody left hanging."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from infra.local.standins.meta_media import PhonePeer
from media_tier.bridge.wheel import Wheel
from media_tier.call.events import EndRequested, Event, LegDropped, Party
from media_tier.legs.whatsapp import WhatsAppLimits
from media_tier.legs.whatsapp_intake import WhatsAppIntake
from media_tier.legs.whatsapp_outside import Outside
from media_tier.ports import Leg, Refused
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.records.carrier_call import CarrierCall, CarrierFacts, CarrierOutcome, CarrierPhase
from shared.contracts.settings.integration import WhatsAppAccount
from shared.ports.carrier_reports import CarrierKey
from shared.ports.outgoing_calls import Reserved
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from shared.ports.whatsapp_offers import ReceivedOffer
from tests.media.whatsapp_peer import IDS, Ear, share_of, tone, until

pytestmark = pytest.mark.realtime

ACCOUNT = WhatsAppAccount(
    company_id="c1",
    account_id="a1",
    name="Main",
    business_account_id="1000001",
    phone_number_id="2000001",
    phone_number="+15550100001",
)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIMITS = WhatsAppLimits(connect_seconds=0.6, linger_seconds=0.05)


@dataclass
class Meta:
    """Meta's verbs, on a phone."""

    phone: PhonePeer
    said: list[str] = field(default_factory=list)
    sdp: str = ""
    refuse: str = ""
    deaf: bool = False

    async def pre_accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None:
        self._note("pre_accept", carrier_call_id)
        self.sdp = sdp
        if not self.deaf:
            await self.phone.answer(sdp)

    async def accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None:
        assert sdp == self.sdp and self.phone.state == "connected"
        await asyncio.sleep(0.1)
        assert not self.phone.heard, "sound before the call was accepted"
        self._note("accept", carrier_call_id)
        self.phone.accepted = True
        self.phone.talk()

    async def reject(self, account: WhatsAppAccount, carrier_call_id: str) -> None:
        self._note("reject", carrier_call_id)

    async def terminate(self, account: WhatsAppAccount, carrier_call_id: str) -> None:
        self._note("terminate", carrier_call_id)

    def _note(self, verb: str, carrier_call_id: str) -> None:
        assert carrier_call_id == "wacid.1"
        self.said.append(verb)
        if verb == self.refuse:
            raise WhatsAppRefused(100, Reaction.GIVE_UP, "no")

    async def connect(self, account: WhatsAppAccount, to: str, sdp: str, opaque: str) -> str:
        raise AssertionError("nobody is called here")


@dataclass
class Queue:
    waiting: list[ReceivedOffer] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)
    failures: int = 0
    stuck: bool = False

    async def receive(self, limit: int) -> list[ReceivedOffer]:
        await asyncio.sleep(0.01)
        if self.failures:
            self.failures -= 1
            raise OSError("away")
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    async def done(self, receipt: str) -> None:
        self.finished.append(receipt)
        if self.stuck:
            raise OSError("away")

    async def give_back(self, receipt: str) -> None:
        self.given_back.append(receipt)


@dataclass
class Admission:
    ready: bool = True
    refusal: CloseCode | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    ear: Ear = field(default_factory=Ear)

    async def admit(
        self,
        session_id: str,
        token: str,
        origin: str,
        leg: Leg,
        carrier_call_id: str | None = None,
        *,
        awaited: bool = False,
    ) -> Ear:
        self.asked.append((session_id, token, origin))
        if self.refusal is not None:
            raise Refused(self.refusal, "no")
        leg.tell({"type": "connected"})
        leg.play(tone(440, 0.4, 24_000))
        self.legs.append(leg)
        return self.ear


@dataclass
class Reports:
    """What the webhooks stored."""

    known: dict[str, CarrierCall] = field(default_factory=dict)
    reads: int = 0
    failures: int = 0

    def say(self, carrier_call_id: str, **changes: object) -> None:
        stored = self.known.get(carrier_call_id) or CarrierCall(
            company_id="c1", account_id="a1", carrier_call_id=carrier_call_id, kind="whatsapp"
        )
        self.known[carrier_call_id] = stored.model_copy(update=changes)

    async def read(self, keys: Sequence[CarrierKey]) -> Sequence[CarrierCall]:
        self.reads += 1
        if self.failures:
            self.failures -= 1
            raise OSError("away")
        return [self.known[key.carrier_call_id] for key in keys if key.carrier_call_id in self.known]


class Outgoing:
    """Nothing goes out."""

    async def reserve(self, offer: WhatsAppOffer, origin: str, now: datetime) -> Reserved | None:
        raise AssertionError("nobody is called here")

    placed = conclude = refused = failed = lost = reserve


@dataclass
class World:
    phone: PhonePeer
    meta: Meta
    queue: Queue
    admission: Admission
    reports: Reports
    intake: WhatsAppIntake
    offer: WhatsAppOffer

    def ring(self, **changes: object) -> None:
        offer = self.offer.model_copy(update=changes)
        self.queue.waiting.append(ReceivedOffer(offer, f"receipt-{len(self.queue.waiting)}"))


@asynccontextmanager
async def world(limits: WhatsAppLimits = LIMITS, capacity: int = 60, meta: Meta | None = None) -> AsyncIterator[World]:
    phone = PhonePeer()
    meta, queue, admission, wheel = meta or Meta(phone), Queue(), Admission(), Wheel(time.monotonic)
    reports = Reports()
    outside = Outside(
        offers=queue,
        accounts=Accounts(),
        calls=meta,
        reports=reports,
        outgoing=Outgoing(),  # type: ignore[arg-type]  # every verb of it is a failure
        admission=admission,
        wheel=wheel,
        clock=time.monotonic,
        utc_now=lambda: NOW,
        new_ids=lambda: IDS,
        addresses=["127.0.0.1"],
        private_addresses=True,
        capacity=capacity,
    )
    intake = WhatsAppIntake(outside, limits)
    offer = WhatsAppOffer(
        company_id="c1",
        account_id="a1",
        phone_number_id="2000001",
        call_id="call-1",
        session_id="session-1",
        token="token-1",
        carrier_call_id="wacid.1",
        sdp=await phone.offer(),
        answer_by=NOW + timedelta(seconds=20),
    )
    running = asyncio.get_running_loop().create_task(intake.run())
    try:
        yield World(phone, meta, queue, admission, reports, intake, offer)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await intake.close()
        await phone.close()
        wheel.close()
        assert intake.calls == 0


class Accounts:
    async def account(self, account_id: str) -> WhatsAppAccount | None:
        return ACCOUNT if account_id == "a1" else None


def accepted(w: World) -> Callable[[], bool]:
    return lambda: "accept" in w.meta.said


async def test_a_call_from_the_first_ring_to_our_goodbye() -> None:
    async with world() as w:
        w.ring()
        await until(accepted(w))
        assert w.admission.asked == [("session-1", "token-1", "whatsapp:a1")]
        assert w.queue.finished == ["receipt-0"]
        await asyncio.sleep(0.7)
        assert share_of(440, w.phone.sound()[: int(0.4 * 48_000)], 48_000) > 0.95, "the greeting is whole"
        assert w.phone.early_packets == 0
        w.admission.legs[0].close(1000, "done")
        await until(lambda: w.intake.calls == 0)
        assert w.meta.said == ["pre_accept", "accept", "terminate"]
        assert w.admission.ear.gone == [True]


@pytest.mark.parametrize(
    ("outcome", "event", "clean"),
    [
        (CarrierOutcome.COMPLETED, EndRequested(Party.CALLER), True),
        (CarrierOutcome.FAILED, LegDropped(Party.CALLER, for_good=True), False),
    ],
)
async def test_the_end_that_meta_reports_is_the_calls_within_a_second(
    outcome: CarrierOutcome, event: Event, clean: bool
) -> None:
    async with world() as w:
        w.reports.failures = 1
        w.ring()
        await until(accepted(w))
        began = time.monotonic()
        w.reports.say("wacid.2", facts=CarrierFacts(phase=CarrierPhase.ENDED, outcome=outcome))
        w.reports.say("wacid.1", facts=CarrierFacts(phase=CarrierPhase.ENDED, outcome=outcome))
        await until(lambda: w.intake.calls == 0)
        assert time.monotonic() - began < 2.5, "a second; one more because a read failed"
        assert w.meta.said == ["pre_accept", "accept"], "Meta is not told what it told"
        assert (w.admission.ear.gone, w.admission.ear.events) == ([clean], [event])


async def test_a_goodbye_over_the_connection_is_told_to_meta_if_meta_does_not_say_it() -> None:
    async with world() as w:
        w.ring()
        await until(accepted(w))
        await w.phone.close()
        await until(lambda: w.admission.ear.gone)
        assert w.admission.ear.events == [EndRequested(Party.CALLER)]
        assert w.meta.said[-1] == "accept"
        await until(lambda: w.intake.calls == 0)
        assert w.meta.said[2:] == ["terminate"]


async def test_calls_are_looked_after_by_one_read_a_second() -> None:
    async with world() as w:
        w.ring()
        await until(accepted(w))
        before = w.reports.reads
        await asyncio.sleep(2.2)
        assert 1 <= w.reports.reads - before <= 3
    assert w.admission.ear.events == [LegDropped(Party.CALLER, for_good=True)], "the process left"


async def test_a_leaving_process_stays_until_its_calls_are_over() -> None:
    async with world() as w:
        w.ring()
        await until(accepted(w))
        w.admission.ready = False
        staying = asyncio.create_task(w.intake.empty(30))
        await asyncio.sleep(0.6)
        assert not staying.done()
        w.ring(carrier_call_id="wacid.2")
        w.admission.legs[0].close(1000, "done")
        await asyncio.wait_for(staying, 3)
        assert len(w.queue.waiting) == 1, "what comes now is others'"
        began = time.monotonic()
        await w.intake.empty(30)
        assert time.monotonic() - began < 1


async def test_a_leaving_process_does_not_stay_for_ever() -> None:
    async with world() as w:
        w.ring()
        await until(accepted(w))
        await w.intake.empty(0.2)
        assert w.intake.calls == 1
    assert w.meta.said[-1] == "terminate"


@pytest.mark.parametrize(
    ("changes", "said", "finished"),
    [
        ({"answer_by": NOW}, [], 1),
        ({"account_id": "unknown"}, [], 1),
        ({"company_id": "another"}, [], 1),
        ({"sdp": "v=0\r\nm=video"}, ["reject"], 1),
    ],
)
async def test_offers_nobody_can_take(changes: dict[str, object], said: list[str], finished: int) -> None:
    async with world() as w:
        w.ring(**changes)
        await until(lambda: len(w.queue.finished) == finished)
        await asyncio.sleep(0.05)
        assert w.meta.said == said and not w.admission.asked


@pytest.mark.parametrize(
    ("code", "said", "finished", "given_back"),
    [
        (CloseCode.FULL, [], 0, 1),
        (CloseCode.UNAUTHORIZED, [], 1, 0),
        (CloseCode.CALL_OVER, [], 1, 0),
        (CloseCode.CALL_UNAVAILABLE, ["reject"], 1, 0),
    ],
)
async def test_calls_that_are_not_admitted(code: CloseCode, said: list[str], finished: int, given_back: int) -> None:
    async with world() as w:
        w.admission.refusal = code
        w.ring()
        await until(lambda: w.admission.asked and w.intake.calls == 0)
        assert (w.meta.said, len(w.queue.finished), len(w.queue.given_back)) == (said, finished, given_back)


async def test_a_process_without_room_takes_nothing() -> None:
    async with world() as w:
        w.admission.ready = False
        await asyncio.sleep(0.05)  # what was being received before is received
        w.ring()
        await asyncio.sleep(0.6)
        assert len(w.queue.waiting) == 1
        w.admission.ready = True
        await until(accepted(w))


async def test_a_full_process_leaves_offers_to_the_others() -> None:
    async with world(capacity=1) as w:
        w.ring()
        await until(accepted(w))
        w.ring(carrier_call_id="wacid.1")
        await asyncio.sleep(0.7)
        assert len(w.queue.waiting) == 1 and w.intake.calls == 1


@pytest.mark.parametrize(("verb", "last"), [("pre_accept", "reject"), ("accept", "terminate")])
async def test_what_meta_refuses_ends_the_call(verb: str, last: str) -> None:
    async with world() as w:
        w.meta.refuse = verb
        w.ring()
        await until(lambda: w.meta.said and w.meta.said[-1] == last)
        await until(lambda: w.admission.ear.gone)
        assert w.admission.ear.gone == [False]
        assert not w.phone.heard


async def test_media_that_does_not_connect_is_a_rejected_call() -> None:
    async with world() as w:
        w.meta.deaf = True
        w.ring()
        began = time.monotonic()
        await until(lambda: w.intake.calls == 0 and w.meta.said)
        assert w.meta.said == ["pre_accept", "reject"]
        assert 0.5 < time.monotonic() - began < 2
        assert w.admission.ear.gone == [False]


async def test_the_time_to_answer_is_never_overrun() -> None:
    async with world(replace(LIMITS, connect_seconds=9)) as w:
        w.meta.deaf = True
        w.ring(answer_by=NOW + timedelta(seconds=0.3))
        began = time.monotonic()
        await until(lambda: w.meta.said[-1:] == ["reject"])
        assert time.monotonic() - began < 1.5


async def test_a_leaving_process_tells_meta() -> None:
    async with world() as w:
        w.ring()
        await until(accepted(w))
    assert w.meta.said[-1] == "terminate"


async def test_a_queue_that_is_away_is_asked_again() -> None:
    async with world() as w:
        w.queue.failures = 1
        w.queue.stuck = True
        w.ring()
        await until(accepted(w))
        await asyncio.sleep(0.3)
        assert np.abs(w.phone.sound()).max() > 1000
