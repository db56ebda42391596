"""Recording while a call lasts: a killed process loses little, storage trouble loses nothing, memory stays bounded."""

import asyncio
import heapq
from collections.abc import Callable
from typing import Any

import numpy as np
import obstore
import pytest
from obstore.exceptions import GenericError
from obstore.store import MemoryStore, S3Store

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K, AudioFormat
from media_tier.bridge.gathering_recorder import GatheringRecorder
from media_tier.bridge.recording_tap import RecordingTap
from shared.adapters.aws.media import segment_store
from shared.adapters.aws.media.segment_store import S3SegmentStore, Spool
from shared.domain.recording_layout import FRAME, piece_prefix, pieces_of
from tests.platform import CREDENTIALS, REGION, Cloud

PER_MS = 24
SPOKEN = b"\x10\x00" * 480


class Time:
    """A loop's timers on a clock of the test's own, in milliseconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, int, Callable[[], None], list[bool]]] = []
        self._count = 0

    def time(self) -> float:
        return self.now / 1000

    def call_at(self, when: float, callback: Callable[[], None]) -> "Timer":
        self._count += 1
        cancelled = [False]
        heapq.heappush(self._timers, (max(self.now, when * 1000), self._count, callback, cancelled))
        return Timer(cancelled)

    def pass_to(self, until: float) -> None:
        while self._timers and self._timers[0][0] <= until:
            at, _, callback, cancelled = heapq.heappop(self._timers)
            self.now = max(self.now, at)
            if not cancelled[0]:
                callback()
        self.now = until


class Timer:
    def __init__(self, cancelled: list[bool]) -> None:
        self._cancelled = cancelled

    def cancel(self) -> None:
        self._cancelled[0] = True


class Kept:
    """A store that keeps pieces in memory at once."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, bytes]] = []

    def put(self, start_sample: int, pcm: bytes) -> None:
        self.pieces.append((start_sample, pcm))

    async def flush(self) -> None:
        return

    @property
    def end_ms(self) -> float:
        return max((start + len(pcm) // FRAME for start, pcm in self.pieces), default=0) / PER_MS


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: made)
    return made


@pytest.mark.parametrize("killed_ms", [2000, 3333, 7490, 7999, 60_001])
@pytest.mark.parametrize(("audio", "frame"), [(PCM_24K, SPOKEN), (MULAW_8K, b"\x10" * 160)])
def test_a_killed_process_loses_at_most_two_seconds(
    time: Time, killed_ms: int, audio: AudioFormat, frame: bytes
) -> None:
    kept = Kept()
    recorder = GatheringRecorder(RecordingTap(kept, lambda: round(time.now), audio), audio)
    recorder.start(0)
    for at in range(0, killed_ms, 20):
        time.pass_to(at)
        recorder.caller(frame, at)
    time.pass_to(killed_ms)
    stored = b"".join(sound for _, sound in kept.pieces)
    assert killed_ms - len(stored) // (2 * audio.bytes_per_ms) <= 2000
    sides = np.frombuffer(stored, "<i2" if audio.width == 2 else np.uint8).reshape(-1, 2)
    said = np.frombuffer(frame, sides.dtype)[0]
    silence = 0 if audio.width == 2 else g711.SILENCE[0]
    assert set(sides[:, 0].tolist()) <= {said}
    assert set(sides[:, 1].tolist()) <= {silence}
    assert [start for start, _ in kept.pieces] == [number * 18_000 for number in range(len(kept.pieces))]


def test_pieces_come_by_time_although_nobody_speaks(time: Time) -> None:
    kept = Kept()
    tap = RecordingTap(kept, lambda: round(time.now))
    tap.start(0)
    time.pass_to(10_000)
    assert kept.end_ms >= 8000
    assert not any(any(pcm) for _, pcm in kept.pieces)


def test_stopping_stores_the_rest_and_ends_the_timer(time: Time) -> None:
    kept = Kept()
    tap = RecordingTap(kept, lambda: round(time.now))
    tap.start(0)
    time.pass_to(500)
    tap.caller(SPOKEN, 480)
    tap.stop()
    assert kept.end_ms == 500
    time.pass_to(20_000)
    tap.caller(SPOKEN, 19_980)
    tap.stop()
    assert kept.end_ms == 500


async def test_each_piece_is_created_once_and_never_replaced(cloud: Cloud) -> None:
    store = S3Store(
        cloud.bucket,
        endpoint=cloud.endpoint,
        region=REGION,
        access_key_id=CREDENTIALS["aws_access_key_id"],
        secret_access_key=CREDENTIALS["aws_secret_access_key"],
        client_options={"allow_http": True},
    )
    epoch = 1
    segments = S3SegmentStore(store, "acme", "c", lambda: epoch, Spool())
    segments.put(0, b"abcd")
    segments.put(0, b"other")
    await segments.flush()
    epoch = 2
    segments.put(0, b"efgh")
    await segments.flush()
    pieces = pieces_of(cloud.blobs.list(piece_prefix("acme", "c")))
    assert [(piece.start, piece.epoch) for piece in pieces] == [(0, 1), (0, 2)]
    assert [cloud.blobs.get(piece.key) for piece in pieces] == [b"abcd", b"efgh"]


async def test_storage_that_fails_for_a_while_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = 30
    real = obstore.put_async

    async def flaky(*arguments: Any, **options: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            if failures % 3 == 0:
                await real(*arguments, **options)  # stored, but the answer is lost
            raise GenericError("503 SlowDown")
        return await real(*arguments, **options)

    monkeypatch.setattr(obstore, "put_async", flaky)
    monkeypatch.setattr(segment_store, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(segment_store, "LONGEST_RETRY", 0.002)
    store, spool = MemoryStore(), Spool()
    segments = S3SegmentStore(store, "acme", "c", lambda: 1, spool)
    for number in range(20):
        segments.put(number * 18_000, bytes([number]) * 8)
    await asyncio.wait_for(segments.flush(), 10)
    pieces = pieces_of(str(meta["path"]) for meta in store.list().collect())
    assert [bytes(store.get(piece.key).bytes()) for piece in pieces] == [bytes([n]) * 8 for n in range(20)]
    assert (spool.waiting, spool.dropped) == (0, 0)


async def test_what_waits_is_bounded_for_all_calls_together(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = asyncio.Event()

    async def stuck(*arguments: Any, **options: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(obstore, "put_async", stuck)
    spool = Spool(1000)
    calls = [S3SegmentStore(MemoryStore(), "acme", str(n), lambda: 1, spool) for n in range(10)]
    for segments in calls:
        segments.put(0, bytes(300))
    await reached.wait()
    assert (spool.waiting, spool.dropped) == (900, 7)
    for segments in calls:
        if segments._worker is not None:
            segments._worker.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert spool.waiting == 0
