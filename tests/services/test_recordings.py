"""A recording: the file is right whatever pieces there are, and doing it again changes nothing."""

import io
import wave
from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.audio import g711
from shared.contracts.errors import Conflict
from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason
from shared.domain.recording_layout import Piece, in_force, piece_key, piece_prefix, recording_key
from shared.services.recordings import PieceGone, RecordingPorts, deliver_recording
from tests.platform import NOW, Cloud, opened

PIECE = 18_000


def ended(cloud: Cloud, duration_ms: int = 3000, recorded: bool = True) -> CallRecord:
    call, _ = opened(cloud, recorded=recorded)
    changed = cloud.calls.replace(
        call,
        {
            "status": CallStatus.COMPLETED,
            "started_at": NOW,
            "ended_at": NOW + timedelta(milliseconds=duration_ms),
            "duration_ms": duration_ms,
            "end_reason": EndReason.USER_ENDED,
            "ended_by": EndedBy.CALLER,
        },
    )
    assert changed is not None
    return changed


def put_piece(cloud: Cloud, call: CallRecord, start: int, value: int, frames: int = PIECE, epoch: int = 1) -> None:
    sound = np.empty((frames, 2), dtype="<i2")
    sound[:, 0], sound[:, 1] = value, -value
    cloud.client("s3").put_object(
        Bucket=cloud.bucket, Key=piece_key(call.company_id, call.call_id, start, epoch), Body=sound.tobytes()
    )


def recording(cloud: Cloud, call: CallRecord, rate: int = 24_000) -> npt.NDArray[np.int16]:
    data = cloud.blobs.get(recording_key(call.company_id, call.call_id))
    assert data is not None
    with wave.open(io.BytesIO(data)) as source:
        assert (source.getnchannels(), source.getframerate(), source.getsampwidth()) == (2, rate, 2)
        frames = source.readframes(source.getnframes())
        assert len(data) == 44 + len(frames)
    return np.frombuffer(frames, dtype="<i2").reshape(-1, 2)


def ports(cloud: Cloud) -> RecordingPorts:
    return RecordingPorts(cloud.calls, cloud.blobs)


def left(cloud: Cloud, call: CallRecord) -> Sequence[str]:
    return cloud.blobs.list(piece_prefix(call.company_id, call.call_id))


def test_pieces_become_one_file_with_silence_in_gaps_and_the_newer_epoch_on_overlap(cloud: Cloud) -> None:
    call = ended(cloud)
    put_piece(cloud, call, 0, 1)
    put_piece(cloud, call, PIECE, 2)
    put_piece(cloud, call, 2 * PIECE, 9)  # a paused process that woke up after it had lost the call
    put_piece(cloud, call, PIECE + 6000, 3, epoch=2)
    put_piece(cloud, call, 3 * PIECE + 6000, 4, frames=6000, epoch=2)
    deliver_recording(ports(cloud), call.company_id, call.call_id)
    kept = recording(cloud, call)
    assert len(kept) == 72_000
    spans = [(0, PIECE, 1), (PIECE, PIECE + 6000, 2), (PIECE + 6000, 42_000, 3), (42_000, 60_000, 0)]
    for first, last, value in [*spans, (60_000, 66_000, 4), (66_000, 72_000, 0)]:
        assert set(kept[first:last, 0].tolist()) == {value}
        assert set(kept[first:last, 1].tolist()) == {-value}
    assert left(cloud, call) == []


def test_a_phones_pieces_become_a_file_at_its_own_rate(cloud: Cloud) -> None:
    call = ended(cloud)
    spoken = np.random.default_rng(1).integers(0, 256, (6000, 2), dtype=np.uint8)
    for start, epoch in ((PIECE, 1), (3 * PIECE, 2)):
        key = piece_key(call.company_id, call.call_id, start, epoch, "ulaw")
        cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=spoken.tobytes())
    deliver_recording(ports(cloud), call.company_id, call.call_id)
    kept = recording(cloud, call, rate=8_000)
    sound = np.frombuffer(g711.decode(spoken.tobytes()), "<i2").reshape(-1, 2)
    assert np.array_equal(kept[:6000], sound)
    assert not kept[6000:12_000].any()
    assert np.array_equal(kept[12_000:], sound)
    assert len(kept) == (3000 - 750) * 8
    assert left(cloud, call) == []


def test_sound_of_both_kinds_keeps_its_places_at_the_higher_rate(cloud: Cloud) -> None:
    call = ended(cloud, 1500)
    put_piece(cloud, call, 0, 7)
    key = piece_key(call.company_id, call.call_id, PIECE, 2, "ulaw")
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=bytes([0x80, 0x00]) * 6000)
    deliver_recording(ports(cloud), call.company_id, call.call_id)
    kept = recording(cloud, call)
    assert len(kept) == 2 * PIECE
    assert set(map(tuple, kept[:PIECE].tolist())) == {(7, -7)}
    assert set(map(tuple, kept[PIECE:].tolist())) == {(32_124, -32_124)}


def test_delivering_ten_times_gives_what_delivering_once_gives(cloud: Cloud) -> None:
    call = ended(cloud)
    for number in range(4):
        put_piece(cloud, call, number * PIECE, number + 1)
    deliver_recording(ports(cloud), call.company_id, call.call_id)
    sound, record = recording(cloud, call), cloud.calls.get(call.company_id, call.call_id)
    assert record is not None
    assert (record.recording_state, record.recording_key) == ("ready", recording_key(call.company_id, call.call_id))
    for _ in range(9):
        deliver_recording(ports(cloud), call.company_id, call.call_id)
    assert np.array_equal(recording(cloud, call), sound)
    assert cloud.calls.get(call.company_id, call.call_id) == record


class Racing:
    """Blobs; while the second piece is read, another worker finishes the same call."""

    def __init__(self, cloud: Cloud, call: CallRecord, after: int) -> None:
        self._blobs, self._cloud, self._call, self._after = cloud.blobs, cloud, call, after
        self._reads = 0

    def list(self, prefix: str) -> Sequence[str]:
        return self._blobs.list(prefix)

    def get(self, key: str) -> bytes | None:
        self._reads += 1
        if self._reads == self._after:
            deliver_recording(ports(self._cloud), self._call.company_id, self._call.call_id)
        return self._blobs.get(key)

    def put_parts(self, key: str, parts: Iterable[bytes], content_type: str) -> None:
        self._blobs.put_parts(key, parts, content_type)

    def delete(self, keys: Sequence[str]) -> None:
        self._blobs.delete(keys)

    def signed_url(self, key: str, *, seconds: int, filename: str) -> str:
        return self._blobs.signed_url(key, seconds=seconds, filename=filename)


@pytest.mark.parametrize("after", [1, 2, 4])
def test_two_workers_at_once_never_spoil_the_recording(cloud: Cloud, after: int) -> None:
    call = ended(cloud)
    for number in range(4):
        put_piece(cloud, call, number * PIECE, number + 1)
    with pytest.raises(PieceGone):
        deliver_recording(RecordingPorts(cloud.calls, Racing(cloud, call, after)), call.company_id, call.call_id)
    assert sorted(set(recording(cloud, call)[:, 0].tolist())) == [1, 2, 3, 4]


class Changing(Racing):
    """Blobs; while the recording is stored, another step changes the record."""

    def __init__(self, cloud: Cloud, call: CallRecord, **changes: object) -> None:
        super().__init__(cloud, call, 99)
        self._changes = changes

    def put_parts(self, key: str, parts: Iterable[bytes], content_type: str) -> None:
        super().put_parts(key, parts, content_type)
        now = self._cloud.calls.get(self._call.company_id, self._call.call_id)
        assert now is not None
        assert self._cloud.calls.replace(now, self._changes) is not None


def test_other_changes_of_the_record_do_not_cost_the_recording(cloud: Cloud) -> None:
    call = ended(cloud)
    put_piece(cloud, call, 0, 7)
    changing = RecordingPorts(cloud.calls, Changing(cloud, call, interruption_count=3))
    assert deliver_recording(changing, call.company_id, call.call_id) == "ready"
    changed = cloud.calls.get(call.company_id, call.call_id)
    assert changed is not None
    assert (changed.recording_state, changed.interruption_count) == ("ready", 3)
    assert left(cloud, call) == []


def test_a_call_of_another_length_is_put_together_again(cloud: Cloud) -> None:
    call = ended(cloud)
    put_piece(cloud, call, 0, 7)
    assert call.duration_ms is not None
    changing = RecordingPorts(cloud.calls, Changing(cloud, call, duration_ms=call.duration_ms + 1000))
    with pytest.raises(Conflict):
        deliver_recording(changing, call.company_id, call.call_id)
    assert len(left(cloud, call)) == 1
    assert deliver_recording(ports(cloud), call.company_id, call.call_id) == "ready"


def test_a_worker_that_dies_before_it_deletes_the_pieces_is_followed_by_one_that_does(cloud: Cloud) -> None:
    call = ended(cloud)
    put_piece(cloud, call, 0, 7)

    class Dying(Racing):
        def delete(self, keys: Sequence[str]) -> None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        deliver_recording(RecordingPorts(cloud.calls, Dying(cloud, call, 99)), call.company_id, call.call_id)
    assert len(left(cloud, call)) == 1
    deliver_recording(ports(cloud), call.company_id, call.call_id)
    assert left(cloud, call) == []
    assert set(recording(cloud, call)[:PIECE, 0].tolist()) == {7}


@pytest.mark.parametrize(("recorded", "state"), [(True, "failed"), (False, "none")])
def test_a_call_without_pieces_says_whether_something_is_missing(cloud: Cloud, recorded: bool, state: str) -> None:
    call = ended(cloud, recorded=recorded)
    assert [deliver_recording(ports(cloud), call.company_id, call.call_id) for _ in range(2)] == [state, state]
    assert cloud.calls.get(call.company_id, call.call_id) == call


def test_a_call_that_goes_on_is_left_alone(cloud: Cloud) -> None:
    call, _ = opened(cloud)
    put_piece(cloud, call, 0, 7)
    deliver_recording(ports(cloud), call.company_id, call.call_id)
    assert cloud.calls.get(call.company_id, call.call_id) == call
    assert len(left(cloud, call)) == 1


def test_a_long_recording_is_stored_in_several_parts(cloud: Cloud) -> None:
    call = ended(cloud, duration_ms=100_000)
    put_piece(cloud, call, 0, 1)
    put_piece(cloud, call, 99_000 * 24, 2)
    deliver_recording(ports(cloud), call.company_id, call.call_id)
    kept = recording(cloud, call)
    assert len(kept) == 2_400_000
    assert set(kept[99_000 * 24 : 99_000 * 24 + PIECE, 0].tolist()) == {2}
    head = cloud.client("s3").head_object(Bucket=cloud.bucket, Key=recording_key(call.company_id, call.call_id))
    assert head["ETag"].strip('"').endswith("-2")


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), min_size=1, unique=True))
def test_after_a_take_over_only_the_taker_is_heard(found: list[tuple[int, int]]) -> None:
    pieces = [Piece(start, epoch, f"{start}-{epoch}") for start, epoch in found]
    kept = in_force(pieces)
    assert kept == sorted(kept)
    for piece in pieces:
        beaten = any(other.epoch > piece.epoch and other.start <= piece.start for other in pieces)
        assert (piece in kept) is not beaten
