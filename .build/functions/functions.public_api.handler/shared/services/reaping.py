"""Closes calls that nobody will close: their process died and the caller did not come back, or nobody ever came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason, MediaTask
from shared.domain.recording_layout import PIECE_MS, RATE, piece_prefix, pieces_of
from shared.ports.blobs import Blobs
from shared.ports.repositories import Calls, MediaTasks, Queue

HEARTBEAT_LAPSE = timedelta(seconds=15)
RETURN_GRACE = timedelta(seconds=30)
NEVER_CONNECTED = timedelta(seconds=90)
CLOSING_LAPSE = timedelta(minutes=2)
"""An ended call whose books are still open by then: the message that asks for it was never sent, or was lost."""


@dataclass(frozen=True, slots=True)
class ReapingPorts:
    """What the reaper needs."""

    calls: Calls
    tasks: MediaTasks
    blobs: Blobs
    queue: Queue
    now: Callable[[], datetime]


def reap(ports: ReapingPorts) -> int:
    """Close what is due; returns how many calls were closed."""
    now = ports.now()
    for call in ports.calls.unclosed():
        if call.ended_at is not None and now - call.ended_at >= CLOSING_LAPSE:
            ports.queue.call_ended(call.company_id, call.call_id)
    tasks = {task.task_id: task for task in ports.tasks.all()}
    closed = 0
    for call in ports.calls.live():
        if call.owner is None:
            if is_abandoned(call, now):
                closed += _close(ports, call, EndReason.NEVER_CONNECTED, now)
        elif is_orphaned(call, tasks.get(call.owner), now):
            closed += _close(ports, call, EndReason.MEDIA_LOST, now, tasks.get(call.owner))
    return closed


def is_abandoned(call: CallRecord, now: datetime) -> bool:
    """Nobody connected while the token was valid."""
    return call.status is CallStatus.PENDING and now - call.created_at >= NEVER_CONNECTED


def is_orphaned(call: CallRecord, owner: MediaTask | None, now: datetime) -> bool:
    """The owner has not been heard of for so long that the caller's time to come back is over."""
    if owner is None:
        since = call.started_at or call.created_at
        return now - since >= RETURN_GRACE + HEARTBEAT_LAPSE
    return now - owner.heartbeat_at >= RETURN_GRACE


def _close(
    ports: ReapingPorts, call: CallRecord, reason: EndReason, now: datetime, owner: MediaTask | None = None
) -> int:
    abandoned = reason is EndReason.NEVER_CONNECTED
    duration = 0 if abandoned else last_sign_ms(ports, call, owner)
    started = call.started_at or call.created_at
    if not abandoned and now - started - timedelta(milliseconds=duration) < RETURN_GRACE:
        return 0  # its process cannot be heard, but the call is going on
    changed = ports.calls.replace(
        call,
        {
            "status": CallStatus.ABANDONED if abandoned else CallStatus.COMPLETED,
            "end_reason": reason,
            "ended_by": EndedBy.CALLER if abandoned else EndedBy.PLATFORM,
            "ended_at": now if abandoned else started + timedelta(milliseconds=duration),
            "duration_ms": duration,
            "owner": None,
            "epoch": call.epoch + 1,
        },
    )
    if changed is None:
        return 0
    ports.queue.call_ended(call.company_id, call.call_id)
    return 1


def last_sign_ms(ports: ReapingPorts, call: CallRecord, owner: MediaTask | None) -> int:
    """The latest moment of the call anything is known of: its words, its state, its sound, its process."""
    signs = [segment.end_ms for segment in ports.calls.transcript(call.company_id, call.call_id)]
    checkpoint = ports.calls.checkpoint(call.company_id, call.call_id)
    if checkpoint is not None:
        signs.append(checkpoint.at_ms)
    pieces: Sequence[str] = ports.blobs.list(piece_prefix(call.company_id, call.call_id))
    signs += [piece.start * 1000 // RATE + PIECE_MS for piece in pieces_of(pieces)]
    if owner is not None and call.started_at is not None:
        signs.append((owner.heartbeat_at - call.started_at) // timedelta(milliseconds=1))
    return max(0, *signs, 0)
