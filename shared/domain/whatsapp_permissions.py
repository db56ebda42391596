"""Meta's rules for calling WhatsApp users, as a state that only grows, so that the order of reports does not matter.

Meta: calling/user-call-permissions and calling/business-initiated-calls (read 2026-11): one request in 24 hours and two
in 7 days for each user, counted anew after a connected call; a permission given for now lasts 7 days; at most 100
connected calls in 24 hours; four unanswered calls in a row end the permission.
"""

from datetime import datetime, timedelta

from shared.contracts.records.call_permission import REMEMBERED, CallAttempt, CallPermission, PermissionReply

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
REQUESTS_A_DAY, REQUESTS_A_WEEK = 1, 2
CALLS_A_DAY = 100
UNANSWERED_ENDS = 4
ASKED_LATELY = "This user was asked for call permission already. They can be asked again later."
NOT_ALLOWED = "This user has not allowed calls from this number."
EXPIRED = "This user's permission to be called has expired."
MANY_CALLS = "The daily limit of calls to this user was reached."
UNANSWERED = "This user did not answer the last four calls, which ended their permission."


def why_not_ask(permission: CallPermission, now: datetime) -> str | None:
    """Why the user may not be asked now; None if they may be."""
    connected = max((attempt.at for attempt in permission.attempts if attempt.connected), default=None)
    counted = [at for at in permission.requests if connected is None or at > connected]
    day = sum(now - at < DAY for at in counted)
    week = sum(now - at < WEEK for at in counted)
    return ASKED_LATELY if day >= REQUESTS_A_DAY or week >= REQUESTS_A_WEEK else None


def why_not_call(permission: CallPermission, now: datetime) -> str | None:
    """Why the user may not be called now by what we know; None if they may be."""
    reply = permission.reply
    if reply is None or not reply.accepted:
        return NOT_ALLOWED
    if reply.expires_at is not None and now >= reply.expires_at:
        return EXPIRED
    since = sorted((attempt for attempt in permission.attempts if attempt.at >= reply.at), key=_order)
    if sum(attempt.connected and now - attempt.at < DAY for attempt in permission.attempts) >= CALLS_A_DAY:
        return MANY_CALLS
    last = since[-UNANSWERED_ENDS:]
    if len(last) == UNANSWERED_ENDS and not any(attempt.connected for attempt in last):
        return UNANSWERED
    return None


def asked(permission: CallPermission, at: datetime) -> CallPermission:
    """The user was asked."""
    requests = tuple(sorted({*permission.requests, at}))[-REMEMBERED:]
    return permission.model_copy(update={"requests": requests})


def replied(permission: CallPermission, reply: PermissionReply) -> CallPermission:
    """The user answered; the latest answer counts, and of two at once the refusal."""
    if permission.reply is not None and _weight(permission.reply) >= _weight(reply):
        return permission
    return permission.model_copy(update={"reply": reply})


def attempted(permission: CallPermission, attempt: CallAttempt) -> CallPermission:
    """A call to the user was connected, or was not; of one call that it was connected."""
    by_id = {known.carrier_call_id: known for known in permission.attempts}
    known = by_id.get(attempt.carrier_call_id)
    if known is not None:
        first = min(known.at, attempt.at)
        attempt = attempt.model_copy(update={"at": first, "connected": known.connected or attempt.connected})
    by_id[attempt.carrier_call_id] = attempt
    attempts = tuple(sorted(by_id.values(), key=_order))[-REMEMBERED:]
    return permission.model_copy(update={"attempts": attempts})


def _order(attempt: CallAttempt) -> tuple[datetime, str]:
    return attempt.at, attempt.carrier_call_id


def _weight(reply: PermissionReply) -> tuple[datetime, bool, str]:
    return reply.at, not reply.accepted, str(reply.expires_at or "~")
