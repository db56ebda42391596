"""What a company's calls came to: how many, how long, how dear; by day, month, chatbot or channel, and for an account.

All of it is read from sums that are kept up when a call's books are closed; a call that goes on is not in them yet.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.contracts.errors import InvalidRequest
from shared.contracts.page import Turn
from shared.contracts.records.call import Channel
from shared.contracts.records.usage import UsageRow
from shared.ports.repositories import CallHistory, Calls, Chatbots
from shared.ports.usage_counters import UsageCounters

DEFAULT_DAYS = 30
LONGEST_DAYS = 731
MINUTE = Decimal(60_000)
CENT = Decimal("0.01")
LONGEST_CALL_DAYS = 1


class Grouping(StrEnum):
    """What sums are told apart by."""

    DAY = "day"
    MONTH = "month"
    CHATBOT = "chatbot"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class UsagePorts:
    """What these use cases need."""

    counters: UsageCounters
    history: CallHistory
    chatbots: Chatbots
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which calls are meant; days are UTC and both belong to the range (default: the last 30)."""

    since: date | None = None
    until: date | None = None
    chatbot_id: str | None = None
    channel: Channel | None = None
    account_id: str | None = None
    test_call: bool | None = None

    def matches(self, row: UsageRow) -> bool:
        """Whether a row is meant, its day apart."""
        pairs = (
            (self.chatbot_id, row.chatbot_id),
            (self.channel, row.channel),
            (self.account_id, row.account_id),
            (self.test_call, row.test_call),
        )
        return all(wanted is None or wanted == found for wanted, found in pairs)


@dataclass(frozen=True, slots=True)
class Sums:
    """Calls, those that failed, their length, and US dollars."""

    calls: int = 0
    failed: int = 0
    duration_ms: int = 0
    cost_usd: Decimal = Decimal(0)

    @property
    def minutes(self) -> Decimal:
        """To the hundredth."""
        return (self.duration_ms / MINUTE).quantize(CENT, ROUND_HALF_UP)

    @property
    def average_seconds(self) -> float | None:
        """Of one call; None without calls."""
        return round(self.duration_ms / self.calls / 1000, 1) if self.calls else None

    @property
    def error_rate(self) -> float | None:
        """In percent; None without calls."""
        return round(100 * self.failed / self.calls, 1) if self.calls else None


@dataclass(frozen=True, slots=True)
class Group:
    """Sums of one day, month, chatbot or channel; `label` is for people."""

    key: str
    label: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Sums of a range of days, altogether and told apart."""

    since: date
    until: date
    total: Sums
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class AccountUsage:
    """What goes over an account: this month, and day by day for 30 days."""

    month: Sums
    active: int
    trend: tuple[Group, ...]


def report(ports: UsagePorts, company_id: str, wanted: UsageFilter, by: Grouping) -> UsageReport:
    """Sums as they are asked for. Raises InvalidRequest for a range that cannot be."""
    since, until = _range(ports, wanted)
    rows = [row for row in ports.counters.rows(company_id, (since, until)) if wanted.matches(row)]
    groups = _grouped(rows, _KEYS[by])
    if by is Grouping.CHATBOT:
        groups = [Group(group.key, _name(ports, company_id, group.key), group.sums) for group in groups]
    return UsageReport(since, until, sums_of(rows), tuple(groups))


def account_usage(ports: UsagePorts, company_id: str, account_id: str) -> AccountUsage:
    """What an account's panel shows."""
    today = ports.now().date()
    since = today - timedelta(days=DEFAULT_DAYS)
    found = ports.counters.rows(company_id, (min(since, today.replace(day=1)), today))
    rows = [row for row in found if row.account_id == account_id]
    lately = (today - timedelta(days=LONGEST_CALL_DAYS), today)
    live = ports.history.page(
        company_id, lately, Turn(100), lambda call: call.account_id == account_id and call.ended_at is None
    )
    days = {group.key: group.sums for group in _grouped([row for row in rows if row.day > since], _KEYS[Grouping.DAY])}
    trend = [(since + timedelta(days=number)).isoformat() for number in range(1, DEFAULT_DAYS + 1)]
    return AccountUsage(
        month=sums_of(row for row in rows if row.day >= today.replace(day=1)),
        active=len(live.items),
        trend=tuple(Group(day, day, days.get(day, Sums())) for day in trend),
    )


def count_call(calls: Calls, counters: UsageCounters, company_id: str, call_id: str) -> None:
    """Add a call whose books are closed to the sums. Safe to repeat; raises Conflict: do it again later."""
    call = calls.get(company_id, call_id)
    if call is not None and call.ended_at is not None and call.cost_usd is not None:
        counters.count(call)


def sums_of(rows: Iterable[UsageRow]) -> Sums:
    """Everything together."""
    calls = failed = duration = 0
    cost = Decimal(0)
    for row in rows:
        calls, failed, duration = calls + row.calls, failed + row.failed, duration + row.duration_ms
        cost += row.cost_usd
    return Sums(calls, failed, duration, cost)


_KEYS: dict[Grouping, Callable[[UsageRow], str]] = {
    Grouping.DAY: lambda row: row.day.isoformat(),
    Grouping.MONTH: lambda row: f"{row.day:%Y-%m}",
    Grouping.CHATBOT: lambda row: row.chatbot_id,
    Grouping.CHANNEL: lambda row: str(row.channel),
}


def _grouped(rows: Sequence[UsageRow], key: Callable[[UsageRow], str]) -> list[Group]:
    by_key: dict[str, list[UsageRow]] = {}
    for row in rows:
        by_key.setdefault(key(row), []).append(row)
    return [Group(name, name, sums_of(found)) for name, found in sorted(by_key.items())]


def _name(ports: UsagePorts, company_id: str, chatbot_id: str) -> str:
    chatbot = ports.chatbots.get(company_id, chatbot_id)
    return chatbot_id if chatbot is None else chatbot.name


def _range(ports: UsagePorts, wanted: UsageFilter) -> tuple[date, date]:
    until = wanted.until or ports.now().date()
    since = wanted.since or max(until, date.min + timedelta(days=DEFAULT_DAYS)) - timedelta(days=DEFAULT_DAYS - 1)
    if since > until:
        raise InvalidRequest("The range of days is empty.", {"since": "This is after the last day."})
    if (until - since).days > LONGEST_DAYS:
        raise InvalidRequest("The range of days is too long.", {"since": "At most two years can be looked at."})
    return since, until
