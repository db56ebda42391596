"""What carriers reported of their calls to the webhooks, as the media process that has these calls sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.records.carrier_call import CarrierCall


@dataclass(frozen=True, slots=True)
class CarrierKey:
    """Names a carrier's call."""

    company_id: str
    account_id: str
    carrier_call_id: str


class CarrierReports(Protocol):
    """`read` returns what there is of up to 100 calls, in any order; it may be a moment old."""

    async def read(self, keys: Sequence[CarrierKey]) -> Sequence[CarrierCall]: ...
