"""Twilio's form parameters as facts. Twilio: /docs/voice/api/call-resource (statuses), /docs/voice/twiml (requests).

New parameters may come at any time and are ignored; values that are not as documented are taken as missing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.contracts.records.carrier_call import CarrierFacts, CarrierOutcome, CarrierPhase

CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
PHASES = {
    "queued": CarrierPhase.QUEUED,
    "initiated": CarrierPhase.INITIATED,
    "ringing": CarrierPhase.RINGING,
    "in-progress": CarrierPhase.IN_PROGRESS,
    "answered": CarrierPhase.IN_PROGRESS,
}
OUTCOMES = {
    "completed": CarrierOutcome.COMPLETED,
    "busy": CarrierOutcome.BUSY,
    "no-answer": CarrierOutcome.NO_ANSWER,
    "failed": CarrierOutcome.FAILED,
    "canceled": CarrierOutcome.CANCELED,
}
ANSWERED_BY = re.compile(r"[a-z_]{1,40}")
MAX_DIGITS = 7


def call_sid(form: Mapping[str, str]) -> str | None:
    """The call a request is about."""
    sid = form.get("CallSid", "")
    return sid if CALL_SID.fullmatch(sid) else None


def has_ended(form: Mapping[str, str]) -> bool:
    """Whether the caller's side is over."""
    return form.get("CallStatus", "") in OUTCOMES


def status_facts(form: Mapping[str, str]) -> CarrierFacts:
    """What a status callback says."""
    status, at = form.get("CallStatus", ""), timestamp(form.get("Timestamp", ""))
    outcome = OUTCOMES.get(status)
    phase = CarrierPhase.ENDED if outcome is not None else PHASES.get(status, CarrierPhase.UNKNOWN)
    return CarrierFacts(
        phase=phase,
        outcome=outcome,
        answered_at=at if phase is CarrierPhase.IN_PROGRESS else None,
        ended_at=at if outcome is not None else None,
        seconds=_number(form.get("CallDuration", "")) if outcome is not None else None,
        error_code=_number(form.get("SipResponseCode", "")) if outcome is CarrierOutcome.FAILED else None,
        answered_by=answered_by(form),
    )


def answered_by(form: Mapping[str, str]) -> str | None:
    """Who picked up."""
    word = form.get("AnsweredBy", "")
    return word if ANSWERED_BY.fullmatch(word) else None


def timestamp(text: str) -> datetime | None:
    """An RFC 2822 time."""
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
