"""Calls as people look them up afterwards (table `calls`)."""

from collections.abc import Callable, Sequence
from datetime import date

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import from_item
from shared.adapters.aws.dynamo.paging import page
from shared.adapters.aws.dynamo.table import LAST, Span, Table
from shared.contracts.page import Page, Turn
from shared.contracts.records.call import CallRecord, Feedback
from shared.contracts.records.user import Participation


class DynamoCallHistory:
    """See shared.ports.repositories."""

    def __init__(self, calls: Table) -> None:
        self._calls = calls

    def page(
        self, company_id: str, days: tuple[date, date], turn: Turn, keep: Callable[[CallRecord], bool]
    ) -> Page[CallRecord]:
        """Calls that began on these days (both included), newest first."""
        spans = [
            Span(
                f"T#{company_id}#{month}",
                "GSI1",
                low=days[0].isoformat(),
                high=days[1].isoformat() + LAST,
                newest_first=True,
            )
            for month in _months(*days)
        ]
        return page(self._calls, spans, turn, lambda item: from_item(item, CallRecord), keep)

    def feedback(self, company_id: str, call_id: str) -> Feedback | None:
        """What the caller thought."""
        return self._calls.get(keys.feedback(company_id, call_id), Feedback)


class DynamoParticipations:
    """See shared.ports.repositories."""

    def __init__(self, calls: Table) -> None:
        self._calls = calls

    def add(self, participation: Participation) -> None:
        """Note that somebody was on a call."""
        key = keys.participation(participation.company_id, participation.call_id, participation.user_id)
        extra = {
            "GSI2PK": f"AG#{participation.company_id}#{participation.user_id}",
            "GSI2SK": f"{participation.since.isoformat()}#{participation.call_id}",
        }
        self._calls.put(key, participation, extra)

    def took_part(self, company_id: str, call_id: str, user_id: str) -> bool:
        """Whether this person was on this call."""
        return self._calls.item(keys.participation(company_id, call_id, user_id)) is not None

    def page(self, company_id: str, user_id: str, turn: Turn) -> Page[Participation]:
        """The calls somebody was on, newest first."""
        spans = [Span(f"AG#{company_id}#{user_id}", "GSI2", newest_first=True)]
        return page(self._calls, spans, turn, lambda item: from_item(item, Participation))


def _months(first: date, last: date) -> Sequence[str]:
    """`yyyymm`, newest first."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{month // 12:04d}{month % 12 + 1:02d}" for month in reversed(months)]
