"""A carrier's reports joined into one state, whatever order they come in, and what they make of our record.

`join` is associative, commutative and idempotent, so repeated, late and reordered reports end in the same facts.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason
from shared.contracts.records.carrier_call import CarrierFacts, CarrierOutcome, CarrierPhase

PHASES = list(CarrierPhase)
OUTCOMES = list(CarrierOutcome)
ANSWERERS = (
    "unknown",
    "human",
    "machine_start",
    "machine_end_other",
    "machine_end_silence",
    "machine_end_beep",
    "fax",
)
_ENDS: dict[CarrierOutcome, tuple[CallStatus, EndReason, EndedBy]] = {
    CarrierOutcome.FAILED: (CallStatus.FAILED, EndReason.ERROR, EndedBy.CARRIER),
    CarrierOutcome.CANCELED: (CallStatus.ABANDONED, EndReason.NEVER_CONNECTED, EndedBy.PLATFORM),
}
_NOBODY_CAME = (CallStatus.ABANDONED, EndReason.NEVER_CONNECTED, EndedBy.CALLER)


def join(one: CarrierFacts, other: CarrierFacts) -> CarrierFacts:
    """What both say together."""
    return CarrierFacts(
        phase=max(one.phase, other.phase, key=PHASES.index),
        outcome=_pick(one.outcome, other.outcome, lambda a, b: max(a, b, key=OUTCOMES.index)),
        began_at=_pick(one.began_at, other.began_at, min),
        answered_at=_pick(one.answered_at, other.answered_at, min),
        ended_at=_pick(one.ended_at, other.ended_at, min),
        seconds=_pick(one.seconds, other.seconds, max),
        answered_by=_pick(one.answered_by, other.answered_by, lambda a, b: max(a, b, key=_answerer)),
        error_code=_pick(one.error_code, other.error_code, max),
    )


def conclude(call: CallRecord, facts: CarrierFacts, received_at: datetime) -> dict[str, Any] | None:
    """How the facts end a call that no media process ever had; None if they do not.

    A call that a process holds, or held, is ended by that process or by the reaper, who know what was heard.
    """
    if facts.phase is not CarrierPhase.ENDED or call.owner is not None or call.epoch > 0:
        return None
    status, reason, by = _NOBODY_CAME if facts.outcome is None else _ENDS.get(facts.outcome, _NOBODY_CAME)
    ended_at = max(facts.ended_at or received_at, call.created_at)
    return {"status": status, "end_reason": reason, "ended_by": by, "ended_at": ended_at, "duration_ms": 0}


def is_machine(facts: CarrierFacts) -> bool:
    """Whether an answering machine or a fax picked up."""
    return facts.answered_by is not None and (facts.answered_by.startswith("machine") or facts.answered_by == "fax")


def ring_began(timestamp: datetime, now: datetime) -> datetime:
    """When a call began by the carrier's clock, which may run a little ahead of ours."""
    return min(timestamp, now)


def answer_by(began: datetime, seconds: float) -> datetime:
    """Until when a call that began then can be taken."""
    return began + timedelta(seconds=seconds)


def _pick[T](one: T | None, other: T | None, choose: Callable[[T, T], T]) -> T | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def _answerer(name: str) -> tuple[int, str]:
    return (ANSWERERS.index(name) if name in ANSWERERS else -1, name)
