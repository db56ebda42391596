"""Closing a call's books: its recording is put together and its price summed. Safe to repeat any number of times.

Messages come more than once, also at the same time. Pieces are deleted only after the record says that the recording
is ready, so whoever lists them first and then reads a record that does not say so has seen all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.contracts.errors import Conflict
from shared.contracts.records.call import CallRecord
from shared.domain.recording_layout import (
    FRAME,
    PIECE_MS,
    RATE,
    Piece,
    in_force,
    piece_prefix,
    pieces_of,
    recording_key,
    wav_header,
)
from shared.ports.blobs import Blobs
from shared.ports.repositories import Calls


@dataclass(frozen=True, slots=True)
class RecordingPorts:
    """What closing a call needs."""

    calls: Calls
    blobs: Blobs


class PieceGone(Exception):
    """A piece that was listed is not there any more."""


def close_call(ports: RecordingPorts, company_id: str, call_id: str) -> None:
    """Assemble the recording and sum the price of an ended call; raises Conflict or PieceGone: do it again later."""
    pieces = pieces_of(ports.blobs.list(piece_prefix(company_id, call_id)))
    call = ports.calls.get(company_id, call_id)
    if call is None or call.ended_at is None:
        return
    changes: dict[str, object] = {}
    if call.cost_usd is None:
        usage = ports.calls.usage(company_id, call_id)
        changes["cost_usd"] = sum((entry.cost_usd for entry in usage), Decimal(0))
    if call.recording_state != "ready":
        if pieces:
            key = recording_key(company_id, call_id)
            ports.blobs.put_parts(key, assembled(ports.blobs, in_force(pieces), call), "audio/wav")
            changes |= {"recording_key": key, "recording_state": "ready"}
        elif call.started_at is not None and call.configuration.settings.recording.enabled:
            changes["recording_state"] = "failed"
    if changes and changes != {"recording_state": call.recording_state}:
        changed = ports.calls.replace(call, changes)
        if changed is None:
            raise Conflict("The call was changed while it was closed.")
        call = changed
    if call.recording_state == "ready" and pieces:
        ports.blobs.delete([piece.key for piece in pieces])


def assembled(blobs: Blobs, pieces: Sequence[Piece], call: CallRecord) -> Iterable[bytes]:
    """The WAV file from its header on: pieces at their time, silence between, the later epoch where two overlap.

    It begins with the first piece and ends with the call. Raises PieceGone if a piece was deleted meanwhile: another
    worker has finished, and its recording must not be written over.
    """
    first = pieces[0].start
    length = pieces[-1].start + PIECE_MS * RATE // 1000 - first
    if call.duration_ms is not None:
        length = max(call.duration_ms * (RATE // 1000) - first, pieces[-1].start - first)
    yield wav_header(length)
    at = first
    end = first + length
    for index, piece in enumerate(pieces):
        sound = blobs.get(piece.key)
        if sound is None:
            raise PieceGone(piece.key)
        if index + 1 < len(pieces):
            sound = sound[: max(0, pieces[index + 1].start - piece.start) * FRAME]
        sound = sound[max(0, at - piece.start) * FRAME :]
        start = max(at, piece.start)
        sound = sound[: max(0, end - start) * FRAME]
        if not sound:
            continue
        yield from _silence(start - at)
        yield sound
        at = start + len(sound) // FRAME
    yield from _silence(end - at)


def _silence(samples: int) -> Iterable[bytes]:
    while samples > 0:
        step = min(samples, 10 * RATE)
        yield bytes(step * FRAME)
        samples -= step
