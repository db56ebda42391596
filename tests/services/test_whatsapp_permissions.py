"""The permission ledger against a plain reading of Meta's rules, over random histories in random order."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.records.call_permission import CallAttempt, CallPermission, PermissionReply
from shared.domain.whatsapp_permissions import (
    EXPIRED,
    MANY_CALLS,
    NOT_ALLOWED,
    UNANSWERED,
    asked,
    attempted,
    replied,
    why_not_ask,
    why_not_call,
)

ZERO = datetime(2026, 11, 1, tzinfo=UTC)
EMPTY = CallPermission(company_id="c", account_id="a", user_hash="u")
HOURS = st.integers(0, 24 * 14)


def at(hours: float) -> datetime:
    """So many hours into the history."""
    return ZERO + timedelta(hours=hours)


def permitted(permanent: bool = False) -> CallPermission:
    """A user who said yes at the beginning."""
    return replied(EMPTY, PermissionReply(at=ZERO, accepted=True, expires_at=None if permanent else at(168)))


@settings(max_examples=100)
@given(requests=st.lists(HOURS, max_size=12), connected=st.none() | HOURS)
def test_nobody_is_asked_more_often_than_meta_allows(requests: list[int], connected: int | None) -> None:
    permission, granted = EMPTY, list[int]()
    if connected is not None:
        permission = attempted(permission, CallAttempt(carrier_call_id="x", at=at(connected), connected=True))
    for hour in sorted(requests):
        if why_not_ask(permission, at(hour)) is None:
            permission = asked(permission, at(hour))
            granted.append(hour)
    counted = [hour for hour in granted if connected is None or hour > connected]
    for hour in counted:
        assert sum(hour <= other < hour + 24 for other in counted) <= 1
        assert sum(hour <= other < hour + 24 * 7 for other in counted) <= 2


def test_a_connected_call_lets_the_user_be_asked_anew() -> None:
    permission = asked(EMPTY, at(0))
    assert why_not_ask(permission, at(1)) is not None
    permission = attempted(permission, CallAttempt(carrier_call_id="x", at=at(1), connected=True))
    assert why_not_ask(permission, at(1)) is None


def test_nobody_is_called_without_a_permission_that_lasts() -> None:
    assert why_not_call(EMPTY, at(0)) == NOT_ALLOWED
    assert why_not_call(replied(EMPTY, PermissionReply(at=ZERO, accepted=False)), at(1)) == NOT_ALLOWED
    assert why_not_call(permitted(), at(167)) is None
    assert why_not_call(permitted(), at(168)) == EXPIRED
    assert why_not_call(permitted(permanent=True), at(9999)) is None


def test_four_unanswered_calls_in_a_row_end_the_permission_until_the_next_yes() -> None:
    permission = permitted()
    for number in range(4):
        assert why_not_call(permission, at(number)) is None
        permission = attempted(permission, CallAttempt(carrier_call_id=f"x{number}", at=at(number), connected=False))
    assert why_not_call(permission, at(5)) == UNANSWERED
    again = replied(permission, PermissionReply(at=at(6), accepted=True))
    assert why_not_call(again, at(6)) is None
    answered = attempted(permission, CallAttempt(carrier_call_id="x4", at=at(5), connected=True))
    assert why_not_call(answered, at(6)) is None


def test_a_hundred_connected_calls_a_day_are_the_most() -> None:
    permission = permitted()
    for number in range(100):
        permission = attempted(permission, CallAttempt(carrier_call_id=f"x{number}", at=at(1), connected=True))
    assert why_not_call(permission, at(2)) == MANY_CALLS
    assert why_not_call(permission, at(25)) is None


REPLIES = st.builds(
    PermissionReply,
    at=HOURS.map(at),
    accepted=st.booleans(),
    expires_at=st.none() | HOURS.map(at),
)
ATTEMPTS = st.builds(CallAttempt, carrier_call_id=st.sampled_from("abcdef"), at=HOURS.map(at), connected=st.booleans())


@settings(max_examples=100)
@given(events=st.lists(REPLIES | ATTEMPTS | HOURS.map(at), max_size=10), data=st.data())
def test_the_order_of_reports_does_not_matter(
    events: list[PermissionReply | CallAttempt | datetime], data: st.DataObject
) -> None:
    def applied(order: list[PermissionReply | CallAttempt | datetime]) -> CallPermission:
        permission = EMPTY
        for event in order:
            if isinstance(event, PermissionReply):
                permission = replied(permission, event)
            elif isinstance(event, CallAttempt):
                permission = attempted(permission, event)
            else:
                permission = asked(permission, event)
        return permission

    assert applied(events) == applied(data.draw(st.permutations([*events, *events[:3]])))
