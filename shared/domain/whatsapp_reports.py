"""Reads WhatsApp's webhook payloads. Fields may be missing, of another type, or new; what cannot be read is skipped.

Meta: developers.facebook.com/documentation/business-messaging/whatsapp/calling/reference, read 2026-06-26; observed: a
call's `status` in any case, or a list; `from` missing for users who hide their number; times as text or number.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.contracts.messages.whatsapp_offer import MAX_SDP_CHARACTERS
from shared.contracts.messages.whatsapp_updates import (
    CallConnect,
    CallProgress,
    ListAnswer,
    MessageFailed,
    PermissionAnswer,
    TextMessage,
    Unusable,
    Update,
)
from shared.contracts.records.carrier_call import (
    CARRIER_ID,
    MAX_CARRIER_ID,
    CarrierFacts,
    CarrierOutcome,
    CarrierPhase,
)

MAX_UPDATES = 1000
MAX_TEXT = 4096
NUMBER_ID = re.compile(r"[0-9]{5,20}")
DIGITS = re.compile(r"[1-9][0-9]{6,14}")
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,64}")
IDENTIFIER = re.compile(CARRIER_ID)
LATEST = 4_102_444_800
"""2100-01-01: later times are mistakes."""
BAD_SDP = "The call's media description is missing or too large."
BAD_CALL = "The call could not be read."

Object = Mapping[str, Any]


def number_ids(payload: object) -> list[str]:
    """The numbers a payload is about, each once."""
    return list(dict.fromkeys(number for number, _, _ in _changes(payload)))


def updates(payload: object) -> list[Update]:
    """Everything in a payload that concerns us."""
    found: list[Update] = []
    for number, field, value in _changes(payload):
        for update in _of_change(number, field, value):
            found.append(update)
            if len(found) >= MAX_UPDATES:
                return found
    return found


def _changes(payload: object) -> Iterator[tuple[str, str, Object]]:
    for entry in _objects(payload, "entry"):
        for change in _objects(entry, "changes"):
            value = _object(change.get("value"))
            number = str(_object(value.get("metadata")).get("phone_number_id", ""))
            if NUMBER_ID.fullmatch(number):
                yield number, str(change.get("field")), value


def _of_change(number: str, field: str, value: Object) -> Iterator[Update]:
    if field == "calls":
        for call in _objects(value, "calls"):
            yield _call(number, value, call)
        for status in _objects(value, "statuses"):
            yield _status(number, status)
    elif field == "messages":
        for message in _objects(value, "messages"):
            yield from _message(number, message)
        for status in _objects(value, "statuses"):
            if str(status.get("status", "")).lower() == "failed":
                codes = [_int(error.get("code")) or 0 for error in _objects(status, "errors")]
                yield MessageFailed(number, _text(status.get("id"), MAX_CARRIER_ID), codes[0] if codes else 0)


def _call(number: str, value: Object, call: Object) -> Update:
    call_id, at = _identifier(call.get("id")), _time(call.get("timestamp"))
    if call_id is None or at is None:
        return Unusable(number, BAD_CALL)
    event = str(call.get("event", "")).lower()
    ours = str(call.get("direction", "")).upper() == "BUSINESS_INITIATED"
    user = _user(call, "to", "to_user_id") if ours else _user(call, "from", "from_user_id")
    user = user or _contact(value)
    opaque = _text(call.get("biz_opaque_callback_data"), 512)
    if event == "connect":
        sdp = _object(call.get("session")).get("sdp")
        if not isinstance(sdp, str) or not sdp.startswith("v=0") or len(sdp) > MAX_SDP_CHARACTERS or not sdp.isascii():
            return Unusable(number, BAD_SDP)
        return CallConnect(number, call_id, at, not ours, sdp, user, _name(value), opaque)
    if event == "terminate":
        facts = _end(call, at, [*_objects(value, "errors"), *_objects(call, "errors")])
        return CallProgress(number, call_id, "call_ended", facts, ours, user, at, opaque)
    return Unusable(number, "")


def _end(call: Object, at: datetime, errors: list[Object]) -> CarrierFacts:
    words = call.get("status")
    said = {str(word).lower() for word in (words if isinstance(words, list) else [words])}
    began, ended = _time(call.get("start_time")), _time(call.get("end_time"))
    if began is not None:
        outcome = CarrierOutcome.COMPLETED
    else:
        # Meta counts calls that nobody picked up as completed; they have no start.
        outcome = CarrierOutcome.FAILED if "failed" in said else CarrierOutcome.NO_ANSWER
    codes = [code for code in (_int(error.get("code")) for error in errors) if code is not None]
    seconds = _int(call.get("duration"))
    return CarrierFacts(
        phase=CarrierPhase.ENDED,
        outcome=outcome,
        answered_at=began,
        ended_at=ended or at,
        seconds=seconds if seconds is not None and 0 <= seconds <= 10_000_000 else None,
        error_code=max(codes) if codes else None,
    )


def _status(number: str, status: Object) -> Update:
    call_id, at = _identifier(status.get("id")), _time(status.get("timestamp"))
    if call_id is None or at is None:
        return Unusable(number, BAD_CALL)
    word = str(status.get("status", "")).upper()
    facts = {
        "RINGING": CarrierFacts(phase=CarrierPhase.RINGING),
        "ACCEPTED": CarrierFacts(phase=CarrierPhase.IN_PROGRESS, answered_at=at),
        "REJECTED": CarrierFacts(phase=CarrierPhase.ENDED, outcome=CarrierOutcome.BUSY, ended_at=at),
    }.get(word)
    if facts is None:
        return Unusable(number, "")
    user = _user(status, "recipient_id", "recipient_user_id")
    opaque = _text(status.get("biz_opaque_callback_data"), 512)
    return CallProgress(number, call_id, "call_status", facts, True, user, at, opaque)


def _message(number: str, message: Object) -> Iterator[Update]:
    user, at = _user(message, "from", "from_user_id"), _time(message.get("timestamp"))
    message_id = _identifier(message.get("id"))
    if user is None or at is None or message_id is None:
        yield Unusable(number, "The message could not be read.")
        return
    interactive = _object(message.get("interactive"))
    if interactive.get("type") == "call_permission_reply":
        reply = _object(interactive.get("call_permission_reply"))
        answer = str(reply.get("response", "")).lower()
        if answer in ("accept", "reject"):
            expires = None if reply.get("is_permanent") is True else _time(reply.get("expiration_timestamp"))
            automatic = reply.get("response_source") == "automatic"
            yield PermissionAnswer(number, user, at, answer == "accept", expires, automatic)
    elif interactive.get("type") == "list_reply":
        yield ListAnswer(number, user, at, _text(_object(interactive.get("list_reply")).get("id"), 200))
    elif message.get("type") == "text":
        body = _object(message.get("text")).get("body")
        if isinstance(body, str):
            yield TextMessage(number, message_id, user, at, body[:MAX_TEXT])


def _user(of: Object, number: str, user_id: str) -> str | None:
    digits = str(of.get(number) or "").lstrip("+")
    if DIGITS.fullmatch(digits):
        return f"+{digits}"
    for name in (user_id, user_id.replace("user_id", "parent_user_id")):
        scoped = str(of.get(name) or "")
        if USER_ID.fullmatch(scoped):
            return scoped
    return None


def _contact(value: Object) -> str | None:
    for contact in _objects(value, "contacts"):
        user = _user(contact, "wa_id", "user_id")
        if user is not None:
            return user
    return None


def _name(value: Object) -> str | None:
    for contact in _objects(value, "contacts"):
        name = " ".join(_text(_object(contact.get("profile")).get("name"), 120).split())
        if name:
            return name
    return None


def _objects(of: object, name: str) -> list[Object]:
    found = of.get(name) if isinstance(of, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _object(found: object) -> Object:
    return found if isinstance(found, dict) else {}


def _text(found: object, longest: int) -> str:
    """As it can be stored: half a surrogate pair, which JSON may hold, cannot."""
    return found.encode(errors="ignore").decode()[:longest] if isinstance(found, str) else ""


def _identifier(found: object) -> str | None:
    text = found if isinstance(found, str) else ""
    return text if len(text) <= MAX_CARRIER_ID and IDENTIFIER.fullmatch(text) else None


def _int(found: object) -> int | None:
    if isinstance(found, bool) or not isinstance(found, int | str):
        return None
    if isinstance(found, int):
        return found if abs(found) <= LATEST else None
    return int(found) if found.isascii() and found.isdigit() and len(found) <= 12 else None


def _time(found: object) -> datetime | None:
    seconds = _int(found)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < LATEST else None
