"""Answers WhatsApp calls: takes offers from the queue while there is room, and holds each call's line with Meta.

Order for one call: our sockets and answer; the claim, so that only one process ever answers; `pre_accept`; the
connection; `accept`; sound. Invariant: whatever happens after the claim, the leg ends, Meta is told (`reject` before
`accept` was tried, `terminate` afterwards) and the sockets are closed. An offer somebody else claimed is left alone.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from media_tier.bridge.wheel import Wheel
from media_tier.legs.web import WebLegListener
from media_tier.legs.whatsapp import WhatsAppLeg, WhatsAppLimits
from media_tier.legs.whatsapp_opus import OpusDecoder, OpusEncoder
from media_tier.legs.whatsapp_path import Certificate, MediaPath, make_certificate
from media_tier.legs.whatsapp_sdp import Local, Offer, SdpRefused, parse_offer, render_answer
from media_tier.legs.whatsapp_streams import StreamIds
from media_tier.ports import (
    FRAME_BYTES,
    Clock,
    Leg,
    Refused,
    WhatsAppAccounts,
    WhatsAppCalls,
)
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.settings.integration import WhatsAppAccount
from shared.ports.whatsapp_offers import ReceivedOffer, WaitingOffers

log = logging.getLogger(__name__)

AT_ONCE = 10
"""Offers being answered at the same time; the others wait in the queue, where another process may take them."""
PAUSE = 0.5
_NOT_OURS = frozenset({CloseCode.UNAUTHORIZED, CloseCode.CALL_OVER})
"""Somebody else claimed it, or it is over: Meta must not be told anything about it by us."""


class Admission(Protocol):
    """engine.roster.Roster."""

    @property
    def ready(self) -> bool: ...
    async def admit(self, session_id: str, token: str, origin: str, leg: Leg) -> WebLegListener: ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What an intake needs of the world."""

    offers: WaitingOffers
    accounts: WhatsAppAccounts
    calls: WhatsAppCalls
    admission: Admission
    wheel: Wheel
    clock: Clock
    utc_now: Callable[[], datetime]
    new_ids: Callable[[], StreamIds]
    """Random numbers for one stream."""
    addresses: Sequence[str]
    """Where our sockets are opened; see whatsapp_path.host_addresses."""
    capacity: int = 60
    """WhatsApp calls one process holds: each costs as much as several others (tests.bench.whatsapp_calls)."""
    private_addresses: bool = False
    """Whether media may go to private addresses: local stage only."""


class WhatsAppIntake:
    """`run` until cancelled, then `close`."""

    def __init__(self, outside: Outside, limits: WhatsAppLimits | None = None) -> None:
        self._outside, self._limits = outside, limits or WhatsAppLimits()
        self._certificate = _warm_up()
        self._answering: set[asyncio.Task[None]] = set()
        self._held: set[asyncio.Task[None]] = set()
        self._legs: dict[str, WhatsAppLeg] = {}

    @property
    def calls(self) -> int:
        """How many calls are held or being answered."""
        return len(self._held)

    async def run(self) -> None:
        """Take offers while there is room."""
        while True:
            room = min(AT_ONCE - len(self._answering), self._outside.capacity - len(self._held))
            if room <= 0 or not self._outside.admission.ready:
                await asyncio.sleep(PAUSE)
                continue
            try:
                received = await self._outside.offers.receive(room)
            except Exception:  # the queue may be away for a while: it is asked again
                log.exception("offers could not be received")
                await asyncio.sleep(PAUSE)
                continue
            for one in received:
                self.take(one)

    def take(self, received: ReceivedOffer) -> None:
        """Answer one offer and hold its call."""
        task = asyncio.get_running_loop().create_task(self._take(received))
        for tasks in (self._answering, self._held):
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    def hung_up(self, carrier_call_id: str) -> bool:
        """Meta said that the call is over; whether it was ours."""
        leg = self._legs.get(carrier_call_id)
        if leg is not None:
            leg.hung_up()
        return leg is not None

    async def close(self) -> None:
        """End what is left, telling Meta."""
        for leg in tuple(self._legs.values()):
            leg.lost()
        if self._held:
            await asyncio.wait(self._held, timeout=5)
        for task in self._held:
            task.cancel()

    async def _take(self, received: ReceivedOffer) -> None:
        offer = received.offer
        try:
            account = await self._outside.accounts.account(offer.account_id)
            if self._outside.utc_now() >= offer.answer_by:
                log.info("an offer came too late", extra={"call_id": offer.call_id})
            elif not isinstance(account, WhatsAppAccount) or account.company_id != offer.company_id:
                log.warning("an offer of an unknown account", extra={"call_id": offer.call_id})
            else:
                await self._answer(received, account)
                return
            await self._done(received)
        except Exception:  # one call's failure must not reach the others
            log.exception("an offer could not be handled", extra={"call_id": offer.call_id})

    async def _answer(self, received: ReceivedOffer, account: WhatsAppAccount) -> None:
        offer = received.offer
        try:
            parsed = parse_offer(offer.sdp, private_addresses=self._outside.private_addresses)
        except SdpRefused as refused:
            log.warning("an offer was refused", extra={"call_id": offer.call_id, "why": refused.why})
            await self._done(received)
            await self._tell("reject", account, offer.carrier_call_id)
            return
        ended = asyncio.Event()
        outside, ids = self._outside, self._outside.new_ids()
        path = MediaPath(parsed, self._certificate, outside.addresses, outside.clock)
        leg = WhatsAppLeg(path, parsed, ids, outside.wheel, outside.clock, self._limits, ended.set)
        try:
            answer = render_answer(parsed, await _local(path, ids))
            if await self._claim(received, account, leg):
                self._legs[offer.carrier_call_id] = leg
                await self._hold(offer, account, _Line(path, leg, parsed, answer, ended))
        finally:
            self._legs.pop(offer.carrier_call_id, None)
            leg.lost()
            await path.close()
            leg.release()

    async def _claim(self, received: ReceivedOffer, account: WhatsAppAccount, leg: WhatsAppLeg) -> bool:
        offer, outside = received.offer, self._outside
        try:
            listener = await outside.admission.admit(offer.session_id, offer.token, f"whatsapp:{offer.account_id}", leg)
        except Refused as refused:
            if refused.code is CloseCode.FULL:
                await outside.offers.give_back(received.receipt)
                return False
            log.info("a call was not admitted", extra={"call_id": offer.call_id, "code": int(refused.code)})
            await self._done(received)
            if refused.code not in _NOT_OURS:
                await self._tell("reject", account, offer.carrier_call_id)
            return False
        leg.attach(listener)
        await self._done(received)
        return True

    async def _hold(self, offer: WhatsAppOffer, account: WhatsAppAccount, line: "_Line") -> None:
        """From the claim to the end of the call; Meta hears of the end whatever it was."""
        verb = "reject"
        carrier, seconds = offer.carrier_call_id, (offer.answer_by - self._outside.utc_now()).total_seconds()
        try:
            async with asyncio.timeout(seconds):
                await self._outside.calls.pre_accept(account, carrier, line.answer)
                async with asyncio.timeout(self._limits.connect_seconds):
                    await line.path.connect(line.leg)
                if not line.leg.gone:
                    verb = "terminate"
                    await self._outside.calls.accept(account, carrier, line.answer)
                    line.leg.open()
            self._answering.discard(_this_task())
            await line.ended.wait()
            await asyncio.sleep(self._limits.linger_seconds)
        except (ConnectionError, TimeoutError):
            log.warning("a whatsapp call did not connect", extra={"call_id": offer.call_id})
        except Exception:  # Meta refused, in words of the adapter's own
            log.warning("a whatsapp call could not be answered", extra={"call_id": offer.call_id}, exc_info=True)
        finally:
            line.leg.lost()
            await asyncio.shield(self._tell(verb, account, carrier))

    async def _done(self, received: ReceivedOffer) -> None:
        try:
            await self._outside.offers.done(received.receipt)
        except Exception:  # it comes again, and is refused then because its token was used
            log.warning("an offer stays in the queue", extra={"call_id": received.offer.call_id}, exc_info=True)

    async def _tell(self, verb: str, account: WhatsAppAccount, carrier_call_id: str) -> None:
        calls = self._outside.calls
        try:
            await (calls.reject if verb == "reject" else calls.terminate)(account, carrier_call_id)
        except Exception:  # the call is over on our side all the same, and Meta's own watchdog ends it there
            log.warning("meta was not told that a call is over", extra={"verb": verb}, exc_info=True)


@dataclass(frozen=True, slots=True)
class _Line:
    path: MediaPath
    leg: WhatsAppLeg
    offer: Offer
    answer: str
    ended: asyncio.Event


async def _local(path: MediaPath, ids: StreamIds) -> Local:
    candidates = await path.gather()
    return Local(path.ufrag, path.password, path.fingerprint, candidates, ids.ssrc, ids.cname, ids.timestamp)


def _this_task() -> "asyncio.Task[None]":
    task = asyncio.current_task()
    assert task is not None
    return task


def _warm_up() -> Certificate:
    """Make the certificate of all calls, and touch what the first caller would otherwise wait for."""
    encoder, decoder = OpusEncoder(), OpusDecoder()
    decoder.decode(encoder.encode(bytes(FRAME_BYTES)))
    encoder.close()
    decoder.close()
    return make_certificate()
