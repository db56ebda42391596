"""What WhatsApp's calls need of the world."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from media_tier.bridge.wheel import Wheel
from media_tier.legs.web import WebLegListener
from media_tier.legs.whatsapp_path import MediaPath
from media_tier.legs.whatsapp_sdp import Local
from media_tier.legs.whatsapp_streams import StreamIds
from media_tier.ports import Clock, Leg, WhatsAppAccounts
from shared.ports.carrier_reports import CarrierReports
from shared.ports.outgoing_calls import OutgoingCalls
from shared.ports.whatsapp_calls import WhatsAppCalls
from shared.ports.whatsapp_offers import ReceivedOffer, WaitingOffers

log = logging.getLogger(__name__)


class Admission(Protocol):
    """engine.roster.Roster."""

    @property
    def ready(self) -> bool: ...
    async def admit(
        self,
        session_id: str,
        token: str,
        origin: str,
        leg: Leg,
        carrier_call_id: str | None = None,
        *,
        awaited: bool = False,
    ) -> WebLegListener: ...


@dataclass(frozen=True, slots=True)
class Outside:
    """The ports of an intake."""

    offers: WaitingOffers
    accounts: WhatsAppAccounts
    calls: WhatsAppCalls
    reports: CarrierReports
    outgoing: OutgoingCalls
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

    async def done(self, received: ReceivedOffer) -> None:
        """The offer needs nobody any more."""
        try:
            await self.offers.done(received.receipt)
        except Exception:  # it comes again, and is refused then because its token was used
            log.warning("an offer stays in the queue", extra={"call_id": received.offer.call_id}, exc_info=True)


async def local_of(path: MediaPath, ids: StreamIds) -> Local:
    """What our SDP says of a path, whose sockets are opened."""
    candidates = await path.gather()
    return Local(path.ufrag, path.password, path.fingerprint, candidates, ids.ssrc, ids.cname, ids.timestamp)
