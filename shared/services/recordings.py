"""Puts the recording of an ended call together. Safe to repeat any number of times.

Work comes more than once, also at the same time. Pieces are deleted only after the record says that the recording
is ready, so whoever lists them first and then reads a record that does not say so has seen all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.contracts.errors import Conflict
from shared.contracts.records.call import CallRecord
from shared.domain.recording_layout import (
    FRAME,
    PIECE_MS,
    RATE,
    RATES,
    Piece,
    in_force,
    pcm_of,
    piece_prefix,
    pieces_of,
    recording_key,
    wav_header,
)
from shared.ports.blobs import Blobs
from shared.ports.repositories import Calls

RecordingState = Literal["none", "ready", "failed"]
ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class RecordingPorts:
    """What putting a recording together needs."""

    calls: Calls
    blobs: Blobs


class PieceGone(Exception):
    """A piece that was listed is not there any more."""


def deliver_recording(ports: RecordingPorts, company_id: str, call_id: str) -> RecordingState:
    """Put an ended call's recording together, unless that was done; raises Conflict or PieceGone: do it again later.

    Returns the state that is right from now on: `failed` if the call was to be recorded and nothing is there.
    """
    pieces = pieces_of(ports.blobs.list(piece_prefix(company_id, call_id)))
    call = ports.calls.get(company_id, call_id)
    if call is None or call.ended_at is None:
        return "none"
    if call.recording_state != "ready":
        if not pieces:
            wanted = call.started_at is not None and call.configuration.settings.recording.enabled
            return "failed" if wanted else "none"
        key = recording_key(company_id, call_id)
        ports.blobs.put_parts(key, assembled(ports.blobs, in_force(pieces), call), "audio/wav")
        _tell(ports, call, key)
    if pieces:
        ports.blobs.delete([piece.key for piece in pieces])
    return "ready"


def _tell(ports: RecordingPorts, call: CallRecord, key: str) -> None:
    """Write the recording into the record. That other steps change it meanwhile (price, summary) is no reason to put
    megabytes together again; that the call has another length is."""
    for _ in range(ATTEMPTS):
        if ports.calls.replace(call, {"recording_key": key, "recording_state": "ready"}) is not None:
            return
        now = ports.calls.get(call.company_id, call.call_id)
        if now is None or now.duration_ms != call.duration_ms:
            break
        if (now.recording_key, now.recording_state) == (key, "ready"):
            return
        call = now
    raise Conflict("The call was changed while its recording was put together.")


def assembled(blobs: Blobs, pieces: Sequence[Piece], call: CallRecord) -> Iterable[bytes]:
    """The WAV file from its header on: pieces at their time, silence between, the later epoch where two overlap.

    It begins with the first piece and ends with the call, at the rate of its sound (were that to change within a call,
    the higher one). Raises PieceGone if a piece was deleted meanwhile: another
    worker has finished, and its recording must not be written over.
    """
    rate = max(RATES[piece.encoding] for piece in pieces)
    starts = [piece.start * rate // RATE for piece in pieces]
    first = starts[0]
    length = starts[-1] + PIECE_MS * rate // 1000 - first
    if call.duration_ms is not None:
        length = max(call.duration_ms * rate // 1000 - first, starts[-1] - first)
    yield wav_header(length, rate=rate)
    at = first
    end = first + length
    for index, piece in enumerate(pieces):
        stored = blobs.get(piece.key)
        if stored is None:
            raise PieceGone(piece.key)
        sound = pcm_of(stored, piece.encoding, rate)
        if index + 1 < len(pieces):
            sound = sound[: max(0, starts[index + 1] - starts[index]) * FRAME]
        sound = sound[max(0, at - starts[index]) * FRAME :]
        start = max(at, starts[index])
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
