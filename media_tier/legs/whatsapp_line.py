"""What binds a WhatsApp leg to Meta's side of its call: how the end of either is made the end of both, told once."""

import asyncio
import logging

from media_tier.legs.whatsapp import WhatsAppLeg
from shared.contracts.records.carrier_call import CarrierCall, CarrierOutcome, CarrierPhase
from shared.contracts.settings.integration import WhatsAppAccount
from shared.ports.carrier_reports import CarrierKey
from shared.ports.whatsapp_calls import WhatsAppCalls, WhatsAppRefused

log = logging.getLogger(__name__)

FAREWELL_SECONDS = 2.0
"""For Meta to report an end that the connection told already."""


class Line:
    """One call at Meta. `over` is set by the leg's end, or by Meta's where there is no leg yet."""

    def __init__(self, calls: WhatsAppCalls, account: WhatsAppAccount, carrier_call_id: str) -> None:
        self._calls, self._account = calls, account
        self.carrier_call_id = carrier_call_id
        self.leg: WhatsAppLeg | None = None
        self.over = asyncio.Event()
        self.taken = False
        """Meta was asked to connect the call, and from then on it is hung up, not rejected."""
        self.latest: CarrierCall | None = None
        self.news = asyncio.Event()
        """Something was reported, or sound came before its time."""
        self.abandoned = False
        self._ended_there = asyncio.Event()

    @property
    def key(self) -> CarrierKey:
        """What the call is reported by."""
        return CarrierKey(self._account.company_id, self._account.account_id, self.carrier_call_id)

    def reported(self, carrier: CarrierCall) -> None:
        """All that is known of the call now."""
        self.latest = carrier
        self.news.set()
        if carrier.facts.phase is not CarrierPhase.ENDED:
            return
        self._ended_there.set()
        self.over.set()
        if self.leg is not None and carrier.facts.outcome is CarrierOutcome.FAILED:
            self.leg.lost()
        elif self.leg is not None:
            self.leg.hung_up()

    def abandon(self) -> None:
        """We cannot go on with it."""
        self.abandoned = True
        self.news.set()
        if self.leg is not None:
            self.leg.lost()

    async def hang_up(self) -> None:
        """Tell Meta that the call is over, unless Meta was the one to say so."""
        if self.leg is not None and self.leg.left:
            try:
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self._ended_there.wait()
            except TimeoutError:
                log.info("a caller left and meta did not say so")
        if self._ended_there.is_set():
            return
        tell = self._calls.terminate if self.taken else self._calls.reject
        try:
            await tell(self._account, self.carrier_call_id)
        except Exception as error:  # the call is over on our side all the same, and by Meta's own watchdog there
            what = f"error {error.code}" if isinstance(error, WhatsAppRefused) else type(error).__name__
            log.warning("meta was not told that a call is over", extra={"taken": self.taken, "why": what})
