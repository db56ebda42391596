"""Where carriers' calls are kept, and what is asked of carriers and queues about them."""

from datetime import datetime
from typing import Any, Protocol

from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.records.call import CallRecord, Session
from shared.contracts.records.carrier_call import CarrierCall, HandOver


class CarrierCalls(Protocol):
    """`open` stores a call and its session once for each carrier's call and returns what is stored then.

    `merge` joins facts (and what was not known yet) into what is stored. `renew` makes a resume token the one that is
    valid; False if there is no such session (or, with `unclaimed`, if a media process has joined it).

    `conclude` changes a call and notes that the carrier's facts did it; False if somebody else changed either.
    """

    def get(self, company_id: str, account_id: str, carrier_call_id: str) -> CarrierCall | None: ...
    def open(self, call: CallRecord, session: Session, carrier: CarrierCall, now: datetime) -> CarrierCall: ...
    def merge(self, carrier: CarrierCall, now: datetime) -> tuple[CarrierCall, bool]: ...
    def conclude(self, carrier: CarrierCall, call: CallRecord, changes: dict[str, Any], now: datetime) -> bool: ...
    def set_hand_over(self, carrier: CarrierCall, hand_over: HandOver | None, now: datetime) -> None: ...
    def renew(self, session_id: str, resume_hash: str, *, unclaimed: bool = False) -> bool: ...


class Offers(Protocol):
    """Offers on their way to a media process."""

    def send(self, offer: WhatsAppOffer) -> None: ...


class OutboundQueue(Protocol):
    """Asks for a call that was requested to be placed, after `delay` seconds at the earliest."""

    def place(self, company_id: str, outbound_id: str, delay: int = 0) -> None: ...
