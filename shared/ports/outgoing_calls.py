"""Calls that a media process itself makes: WhatsApp's, whose offer is a media process's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.records.call import CallRecord
from shared.contracts.records.carrier_call import CarrierCall


@dataclass(frozen=True, slots=True)
class Reserved:
    """A call that nobody else will make; `token` joins it once it was answered."""

    call: CallRecord
    token: str


class OutgoingCalls(Protocol):
    """Each may be repeated. A call is over once: what ended it first stays.

    `reserve` is None where the token was used: somebody makes the call, or made it, or it is over. `placed` notes
    which of the carrier's calls it is. `conclude` ends it by what the carrier said. `refused` and `failed` end a call
    that was never joined: the carrier did not take it (`sentence` says why), or could not be connected with us.
    `lost` leaves it to the carrier's reports: whether it was taken is not known.
    """

    async def reserve(self, offer: WhatsAppOffer, origin: str, now: datetime) -> Reserved | None: ...
    async def placed(self, call: CallRecord, outbound_id: str, carrier_call_id: str, now: datetime) -> None: ...
    async def conclude(self, carrier: CarrierCall, now: datetime) -> None: ...
    async def refused(self, call: CallRecord, outbound_id: str, sentence: str, now: datetime) -> None: ...
    async def failed(self, call: CallRecord, now: datetime) -> None: ...
    async def lost(self, call: CallRecord, outbound_id: str, sentence: str) -> None: ...
