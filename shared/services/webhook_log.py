"""The log of every carrier request, and what an account's card shows of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.contracts.errors import InvalidRequest
from shared.contracts.records.webhook_event import Outcome, WebhookEvent, WebhookHealth
from shared.domain.phone_numbers import masked
from shared.ports.repositories import RateLimits
from shared.ports.webhook_events import WebhookEvents

DAY = timedelta(hours=24)
COUNTED = 10_000
REJECTED_PER_HOUR = 60
"""Of one account: forged requests cannot fill a log."""
UNKNOWN = "unknown"
LONGEST_DAYS = 31
SHOWN = 200
EXAMINED = 2_000
"""How many events are looked at where some are not wanted."""


@dataclass(frozen=True, slots=True)
class LogPorts:
    """What the log needs."""

    events: WebhookEvents
    rates: RateLimits
    now: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; days are UTC and both belong to the range (default: today and yesterday)."""

    since: date | None = None
    until: date | None = None
    outcome: Outcome | None = None
    kind: str | None = None

    def matches(self, event: WebhookEvent) -> bool:
        """Whether an event is wanted, its day apart."""
        return self.outcome in (None, event.outcome) and self.kind in (None, event.kind)


@dataclass(frozen=True, slots=True)
class Happening:
    """What became of a request."""

    kind: str
    outcome: Outcome
    status: int = 200
    detail: str = ""
    call_id: str | None = None
    caller: str | None = None


def record(ports: LogPorts, company_id: str, account_id: str, happening: Happening, began_at: datetime) -> None:
    """Log a request that began then; forged ones only so often."""
    now = ports.now()
    if happening.outcome == "rejected":
        allowed = ports.rates.take(f"rejected#{company_id}#{account_id}", REJECTED_PER_HOUR, 3600, now)
        if not allowed:
            return
    event = WebhookEvent(
        event_id=ports.new_id(),
        company_id=company_id,
        account_id=account_id,
        kind=happening.kind,
        outcome=happening.outcome,
        status=happening.status,
        took_ms=max(0, (now - began_at) // timedelta(milliseconds=1)),
        at=began_at,
        detail=happening.detail[:300],
        call_id=happening.call_id,
        caller=masked(happening.caller or None) or "",
    )
    ports.events.append(event)


def recent(ports: LogPorts, company_id: str, account_id: str, wanted: EventFilter) -> Sequence[WebhookEvent]:
    """The log, newest first, two hundred events at most. Raises InvalidRequest for a range that cannot be."""
    until = wanted.until or ports.now().date()
    since = wanted.since or until - timedelta(days=1)
    if since > until:
        raise InvalidRequest("The range of days is empty.", {"since": "This is after the last day."})
    if (until - since).days > LONGEST_DAYS:
        raise InvalidRequest("The range of days is too long.", {"since": f"At most {LONGEST_DAYS} days are kept."})
    first, last = datetime.combine(since, time.min, UTC), datetime.combine(until, time.max, UTC)
    plain = wanted.outcome is None and wanted.kind is None
    events = ports.events.between(company_id, account_id, first, last, SHOWN if plain else EXAMINED)
    return [event for event in events if wanted.matches(event)][:SHOWN]


def health(ports: LogPorts, company_id: str, account_id: str) -> WebhookHealth:
    """The last 24 hours."""
    now = ports.now()
    events = ports.events.between(company_id, account_id, now - DAY, now, COUNTED)
    signed = [event for event in events if event.outcome != "rejected"]
    failed = sum(event.outcome == "failed" for event in signed)
    seen = ports.events.seen(company_id, account_id)
    return WebhookHealth(
        configured=seen is not None,
        events=len(events),
        success_rate=round(100 * (len(signed) - failed) / len(signed), 1) if signed else None,
        last_event_at=events[0].at if events else seen,
    )
