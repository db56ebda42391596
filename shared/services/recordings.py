"""Closing a call's books: its recording is put together and its price summed. Safe to repeat any number of times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.contracts.records.call import CallRecord
from shared.domain.recording_layout import (
    FRAME,
    RATE,
    Piece,
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


def close_call(ports: RecordingPorts, company_id: str, call_id: str) -> None:
    """Assemble the recording and sum the price of an ended call."""
    call = ports.calls.get(company_id, call_id)
    if call is None or call.ended_at is None:
        return
    changes: dict[str, object] = {}
    if call.cost_usd is None:
        usage = ports.calls.usage(company_id, call_id)
        changes["cost_usd"] = sum((entry.cost_usd for entry in usage), Decimal(0))
    pieces = pieces_of(ports.blobs.list(piece_prefix(company_id, call_id)))
    if pieces and call.recording_state != "ready":
        key = recording_key(company_id, call_id)
        ports.blobs.put_parts(key, assembled(ports.blobs, pieces, call), "audio/wav")
        changes |= {"recording_key": key, "recording_state": "ready"}
    if not changes:
        _sweep(ports, call, pieces)
        return
    changed = ports.calls.replace(call, changes)
    if changed is not None:
        _sweep(ports, changed, pieces)


def assembled(blobs: Blobs, pieces: Sequence[Piece], call: CallRecord) -> Iterable[bytes]:
    """The WAV file from its header on: pieces at their time, silence between, the later epoch where two overlap.

    It begins with the first piece and ends with the call.
    """
    first = pieces[0].start
    length = max(piece.start for piece in pieces) + RATE - first
    if call.duration_ms is not None:
        length = max(call.duration_ms * (RATE // 1000) - first, pieces[-1].start - first)
    yield wav_header(length)
    at = first
    end = first + length
    for index, piece in enumerate(pieces):
        sound = blobs.get(piece.key) or b""
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


def _sweep(ports: RecordingPorts, call: CallRecord, pieces: Sequence[Piece]) -> None:
    """Delete pieces once the recording that holds them is known to be stored."""
    if call.recording_state == "ready" and pieces:
        ports.blobs.delete([piece.key for piece in pieces])
