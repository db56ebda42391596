"""Where the sums of calls are kept."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from shared.contracts.records.call import CallRecord
from shared.contracts.records.usage import UsageRow


class UsageCounters(Protocol):
    """`count` adds an ended call to its day, once however often it is asked; it raises Conflict: do it again later."""

    def count(self, call: CallRecord) -> None: ...
    def rows(self, company_id: str, days: tuple[date, date]) -> Sequence[UsageRow]: ...
