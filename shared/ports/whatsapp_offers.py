"""The queue of WhatsApp calls that wait for a media process, as that process sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.messages.whatsapp_offer import WhatsAppOffer


@dataclass(frozen=True, slots=True)
class ReceivedOffer:
    """An offer taken from the queue; `receipt` is what the queue calls this delivery."""

    offer: WhatsAppOffer
    receipt: str


class WaitingOffers(Protocol):
    """Delivered at least once. `receive` waits for some seconds; what is neither done nor given back comes again."""

    async def receive(self, limit: int) -> Sequence[ReceivedOffer]: ...
    async def done(self, receipt: str) -> None:
        """It needs nobody any more."""

    async def give_back(self, receipt: str) -> None:
        """Let another process have it, at once."""
