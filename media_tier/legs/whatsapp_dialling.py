"""Makes WhatsApp calls to people who allowed it: our offer, Meta's `connect`, their answer, sound once they took it.

Order: the reservation, which uses the offer's token up so that no process ever calls twice; our sockets and offer;
`connect`, asked once whatever becomes of the answer; Meta's reports until the far side answered; the connection; the
claim, by which the call begins, as soon as Meta reports it taken or their sound comes; sound. Invariant: a call that
Meta gave an id is followed to its end, which is Meta's (turned down, not answered, hung up) or told to Meta once.
"""

import asyncio
import logging
from collections.abc import Callable

from media_tier.legs.whatsapp import WhatsAppLeg, WhatsAppLimits
from media_tier.legs.whatsapp_line import Line
from media_tier.legs.whatsapp_outside import Outside, local_of
from media_tier.legs.whatsapp_path import Certificate, MediaPath
from media_tier.legs.whatsapp_sdp import SdpRefused, parse_answer, render_offer
from media_tier.legs.whatsapp_streams import StreamIds
from media_tier.legs.whatsapp_watch import Watch
from media_tier.ports import Refused
from shared.contracts.records.carrier_call import CarrierCall, CarrierPhase
from shared.contracts.settings.integration import WhatsAppAccount
from shared.ports.outgoing_calls import Reserved
from shared.ports.whatsapp_calls import WhatsAppRefused
from shared.ports.whatsapp_offers import ReceivedOffer

log = logging.getLogger(__name__)

ANSWER_LOST = "WhatsApp's answer was lost. The call was not repeated."


class _Over(Exception):
    """Meta says that the call is over."""


class Dialling:
    """Makes calls. `rings` is called when nothing but the person called is waited for."""

    def __init__(
        self,
        outside: Outside,
        limits: WhatsAppLimits,
        certificate: Certificate,
        watch: Watch,
        rings: Callable[[], None],
    ) -> None:
        self._outside, self._limits, self._certificate = outside, limits, certificate
        self._watch, self._rings = watch, rings

    async def make(self, received: ReceivedOffer, account: WhatsAppAccount) -> None:
        """Make one call and hold it to its end."""
        offer, outside = received.offer, self._outside
        if not outside.admission.ready:
            await outside.offers.give_back(received.receipt)
            return
        reserved = await outside.outgoing.reserve(offer, f"whatsapp:{offer.account_id}", outside.utc_now())
        await outside.done(received)
        if reserved is None:
            log.info("a call is made by somebody else, or over", extra={"call_id": offer.call_id})
            return
        ids = outside.new_ids()
        path = MediaPath(self._certificate, outside.addresses, outside.clock)
        try:
            sdp = render_offer(await local_of(path, ids))
            line = await self._connect(reserved, account, sdp, offer.outbound_id)
            if line is None:
                return
            self._rings()
            await self._note_placed(reserved, offer.outbound_id, line)
            seconds = (offer.answer_by - outside.utc_now()).total_seconds()
            with self._watch.following(line):
                await self._follow(_Attempt(reserved, line, path, ids, max(0.0, seconds)))
        finally:
            await path.close()

    async def _connect(self, reserved: Reserved, account: WhatsAppAccount, sdp: str, outbound_id: str) -> Line | None:
        """Ask Meta; None if that was in vain."""
        call, outside = reserved.call, self._outside
        assert call.caller_number is not None
        try:
            carrier_call_id = await outside.calls.connect(account, call.caller_number, sdp, call.call_id)
        except WhatsAppRefused as refused:
            log.warning("a whatsapp call was not placed", extra={"call_id": call.call_id, "code": refused.code})
            if refused.uncertain:
                await outside.outgoing.lost(call, outbound_id, ANSWER_LOST)
            else:
                await outside.outgoing.refused(call, outbound_id, refused.sentence, outside.utc_now())
            return None
        line = Line(outside.calls, account, carrier_call_id)
        line.taken = True
        return line

    async def _note_placed(self, reserved: Reserved, outbound_id: str, line: Line) -> None:
        outside = self._outside
        try:
            await outside.outgoing.placed(reserved.call, outbound_id, line.carrier_call_id, outside.utc_now())
        except Exception as error:  # the phone rings: Meta's reports name the call as well
            kind = type(error).__name__
            log.warning("a placed call was not noted", extra={"call_id": reserved.call.call_id, "kind": kind})

    async def _follow(self, attempt: "_Attempt") -> None:
        """Until the call is over, whoever ends it."""
        line, outside = attempt.line, self._outside
        try:
            async with asyncio.timeout(attempt.seconds):
                with self._watch.ringing(line):
                    leg = await self._taken(attempt)
            leg.attach(await outside.admission.admit(*attempt.claim, leg, line.carrier_call_id, awaited=True))
            leg.open()
            await line.over.wait()
            await asyncio.sleep(self._limits.linger_seconds)
        except _Over:
            assert line.latest is not None
            await outside.outgoing.conclude(line.latest, outside.utc_now())
        except TimeoutError:
            log.info("a whatsapp call was not answered", extra={"call_id": attempt.reserved.call.call_id})
        except (ConnectionError, SdpRefused, Refused) as error:
            why = error.why if isinstance(error, SdpRefused) else type(error).__name__
            log.warning("a whatsapp call did not connect", extra={"call_id": attempt.reserved.call.call_id, "why": why})
            await outside.outgoing.failed(attempt.reserved.call, outside.utc_now())
        finally:
            if line.leg is not None:
                line.leg.lost()
            await asyncio.shield(line.hang_up())
            if line.leg is not None:
                line.leg.release()

    async def _taken(self, attempt: "_Attempt") -> WhatsAppLeg:
        """Wait for the far side's answer, connect, and wait until the call is taken."""
        line, outside, limits = attempt.line, self._outside, self._limits
        answered = await _reported(line, lambda carrier: carrier.answer_sdp is not None)
        assert answered.answer_sdp is not None
        remote = parse_answer(answered.answer_sdp, private_addresses=outside.private_addresses)
        heard = asyncio.Event()

        def early() -> None:
            heard.set()
            line.news.set()

        leg = WhatsAppLeg(attempt.path, remote, attempt.ids, outside.wheel, outside.clock, limits, line.over.set, early)
        line.leg = leg
        try:
            async with asyncio.timeout(limits.connect_seconds):
                await attempt.path.connect(remote, leg)
        except TimeoutError as error:
            raise ConnectionError("no connection") from error
        await _reported(line, lambda carrier: heard.is_set() or carrier.facts.phase is CarrierPhase.IN_PROGRESS)
        return leg


class _Attempt:
    """One call that rings."""

    def __init__(self, reserved: Reserved, line: Line, path: MediaPath, ids: StreamIds, seconds: float) -> None:
        self.reserved, self.line, self.path, self.ids, self.seconds = reserved, line, path, ids, seconds

    @property
    def claim(self) -> tuple[str, str, str]:
        """What the call is joined with."""
        call = self.reserved.call
        return call.session_id, self.reserved.token, f"whatsapp:{call.account_id}"


async def _reported(line: Line, enough: Callable[[CarrierCall], bool]) -> CarrierCall:
    """Wait until enough is known of the call; raises _Over, and ConnectionError if we give it up."""
    while True:
        line.news.clear()
        if line.abandoned:
            raise ConnectionError("given up")
        latest = line.latest
        if latest is not None:
            if latest.facts.phase is CarrierPhase.ENDED:
                raise _Over
            if enough(latest):
                return latest
        await line.news.wait()
