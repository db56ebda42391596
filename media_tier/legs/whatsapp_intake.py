"""Takes WhatsApp calls from the queue while there is room, answers or makes them, and holds each one's line with Meta.

Order for a call that comes in: our sockets and answer; the claim, so that only one process ever answers; `pre_accept`;
the connection; `accept`; sound. Invariant: whatever happens after the claim, the leg ends, Meta is told (`reject`
before `accept` was tried, `terminate` afterwards, nothing where Meta said it) and the sockets are closed. An offer
somebody else claimed is left alone. How calls go out: whatsapp_dialling.
"""

import asyncio
import logging

from media_tier.legs.whatsapp import WhatsAppLeg, WhatsAppLimits
from media_tier.legs.whatsapp_dialling import Dialling
from media_tier.legs.whatsapp_line import Line
from media_tier.legs.whatsapp_opus import OpusDecoder, OpusEncoder
from media_tier.legs.whatsapp_outside import Outside, local_of
from media_tier.legs.whatsapp_path import Certificate, MediaPath, make_certificate
from media_tier.legs.whatsapp_sdp import Remote, SdpRefused, parse_offer, render_answer
from media_tier.legs.whatsapp_watch import Watch
from media_tier.ports import FRAME_BYTES, Refused
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.settings.integration import WhatsAppAccount
from shared.ports.whatsapp_calls import WhatsAppRefused
from shared.ports.whatsapp_offers import ReceivedOffer

log = logging.getLogger(__name__)

AT_ONCE = 10
"""Calls being set up at the same time; the others wait in the queue, where another process may take them."""
PAUSE = 0.5
_NOT_OURS = frozenset({CloseCode.UNAUTHORIZED, CloseCode.CALL_OVER})
"""Somebody else claimed it, or it is over: Meta must not be told anything about it by us."""


class WhatsAppIntake:
    """`run` until cancelled, then `close`."""

    def __init__(self, outside: Outside, limits: WhatsAppLimits | None = None) -> None:
        self._outside, self._limits = outside, limits or WhatsAppLimits()
        self._certificate = _warm_up()
        self._watch = Watch(outside.reports)
        self._dialling = Dialling(outside, self._limits, self._certificate, self._watch, self._set_up)
        self._setting_up: set[asyncio.Task[None]] = set()
        self._held: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> int:
        """How many calls are held or being set up."""
        return len(self._held)

    async def run(self) -> None:
        """Take offers while there is room, and follow what Meta reports."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch.run())
            group.create_task(self._take_offers())

    async def _take_offers(self) -> None:
        while True:
            room = min(AT_ONCE - len(self._setting_up), self._outside.capacity - len(self._held))
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
        """Answer or make one call and hold it."""
        task = asyncio.get_running_loop().create_task(self._take(received))
        for tasks in (self._setting_up, self._held):
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def empty(self, seconds: float) -> None:
        """Wait until no call is held or being set up, at most so long."""
        deadline = self._outside.clock() + seconds
        while self._held and (left := deadline - self._outside.clock()) > 0:
            await asyncio.wait(self._held, timeout=left)

    async def close(self) -> None:
        """End what is left, telling Meta."""
        for line in self._watch.lines:
            line.abandon()
        if self._held:
            await asyncio.wait(self._held, timeout=5)
        for task in self._held:
            task.cancel()

    def _set_up(self) -> None:
        """The task that calls this needs no further attention: its call is up, or rings."""
        task = asyncio.current_task()
        assert task is not None
        self._setting_up.discard(task)

    async def _take(self, received: ReceivedOffer) -> None:
        offer = received.offer
        try:
            account = await self._outside.accounts.account(offer.account_id)
            if self._outside.utc_now() >= offer.answer_by:
                log.info("an offer came too late", extra={"call_id": offer.call_id})
            elif not isinstance(account, WhatsAppAccount) or account.company_id != offer.company_id:
                log.warning("an offer of an unknown account", extra={"call_id": offer.call_id})
            elif offer.direction == "outbound":
                await self._dialling.make(received, account)
                return
            else:
                await self._answer(received, account)
                return
            await self._outside.done(received)
        except Exception:  # one call's failure must not reach the others
            log.exception("an offer could not be handled", extra={"call_id": offer.call_id})

    async def _answer(self, received: ReceivedOffer, account: WhatsAppAccount) -> None:
        offer, outside = received.offer, self._outside
        line = Line(outside.calls, account, offer.carrier_call_id)
        try:
            parsed = parse_offer(offer.sdp, private_addresses=outside.private_addresses)
        except SdpRefused as refused:
            log.warning("an offer was refused", extra={"call_id": offer.call_id, "why": refused.why})
            await outside.done(received)
            await line.hang_up()
            return
        ids = outside.new_ids()
        path = MediaPath(self._certificate, outside.addresses, outside.clock)
        leg = WhatsAppLeg(path, parsed, ids, outside.wheel, outside.clock, self._limits, line.over.set)
        line.leg = leg
        try:
            answer = render_answer(parsed, await local_of(path, ids))
            if await self._claim(received, leg, line):
                with self._watch.following(line):
                    await self._hold(offer, account, line, _Way(path, leg, parsed, answer))
        finally:
            leg.lost()
            await path.close()
            leg.release()

    async def _claim(self, received: ReceivedOffer, leg: WhatsAppLeg, line: Line) -> bool:
        offer, outside = received.offer, self._outside
        try:
            origin = f"whatsapp:{offer.account_id}"
            listener = await outside.admission.admit(offer.session_id, offer.token, origin, leg, offer.carrier_call_id)
        except Refused as refused:
            if refused.code is CloseCode.FULL:
                await outside.offers.give_back(received.receipt)
                return False
            log.info("a call was not admitted", extra={"call_id": offer.call_id, "code": int(refused.code)})
            await outside.done(received)
            if refused.code not in _NOT_OURS:
                await line.hang_up()
            return False
        leg.attach(listener)
        await outside.done(received)
        return True

    async def _hold(self, offer: WhatsAppOffer, account: WhatsAppAccount, line: Line, way: "_Way") -> None:
        """From the claim to the end of the call; Meta hears of the end whatever it was."""
        outside, limits, leg = self._outside, self._limits, way.leg
        carrier, seconds = offer.carrier_call_id, (offer.answer_by - outside.utc_now()).total_seconds()
        try:
            async with asyncio.timeout(seconds):
                await outside.calls.pre_accept(account, carrier, way.answer)
                async with asyncio.timeout(limits.connect_seconds):
                    await way.path.connect(way.remote, leg)
                if not leg.gone:
                    line.taken = True
                    await outside.calls.accept(account, carrier, way.answer)
                    leg.open()
            self._set_up()
            await line.over.wait()
            await asyncio.sleep(limits.linger_seconds)
        except (ConnectionError, TimeoutError):
            log.warning("a whatsapp call did not connect", extra={"call_id": offer.call_id})
        except WhatsAppRefused as refused:
            log.warning("a whatsapp call could not be answered", extra={"call_id": offer.call_id, "code": refused.code})
        finally:
            leg.lost()
            await asyncio.shield(line.hang_up())


class _Way:
    """Where a call's packets go, and what was agreed about it."""

    def __init__(self, path: MediaPath, leg: WhatsAppLeg, remote: Remote, answer: str) -> None:
        self.path, self.leg, self.remote, self.answer = path, leg, remote, answer


def _warm_up() -> Certificate:
    """Make the certificate of all calls, and touch what the first caller would otherwise wait for."""
    encoder, decoder = OpusEncoder(), OpusDecoder()
    decoder.decode(encoder.encode(bytes(FRAME_BYTES)))
    encoder.close()
    decoder.close()
    return make_certificate()
