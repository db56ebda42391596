"""Gathering the caller's sound until a piece is cut: nothing comes later than that, and everything in its time."""

from collections.abc import Callable
from typing import Any

from media_tier.audio.formats import MULAW_8K, PCM_24K
from media_tier.bridge.gathering_recorder import SLICE_MS, GatheringRecorder


class Tape:
    """A Recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.sides: dict[str, list[tuple[bytes, int]]] = {"caller": [], "far": []}
        self.states: list[Any] = []
        self.before_cut: Callable[[], None]

    def start(self, at_ms: int) -> None:
        self.states.append(("start", at_ms))

    def caller(self, pcm: bytes, at_ms: int) -> None:
        self.sides["caller"].append((pcm, at_ms))

    def far(self, pcm: bytes, at_ms: int) -> None:
        self.sides["far"].append((pcm, at_ms))

    def stop(self) -> None:
        self.states.append("stop")

    async def close(self) -> None:
        self.states.append("close")


def frame(number: int, size: int = 160) -> bytes:
    return bytes([number]) * size


def test_sound_is_handed_on_when_a_piece_is_cut_and_in_its_time() -> None:
    tape = Tape()
    recorder = GatheringRecorder(tape, MULAW_8K)
    recorder.start(100)
    for number in range(10):  # the fourth frame was the quickest on its way
        recorder.caller(frame(number), 1_000 + 20 * number + (0 if number == 3 else 15))
    assert tape.sides["caller"] == []
    tape.before_cut()
    assert [at for _, at in tape.sides["caller"]] == [1_000, 1_000 + SLICE_MS]
    assert b"".join(pcm for pcm, _ in tape.sides["caller"]) == b"".join(map(frame, range(10)))
    tape.before_cut()
    assert len(tape.sides["caller"]) == 2


def test_what_a_stall_held_back_begins_anew() -> None:
    tape = Tape()
    recorder = GatheringRecorder(tape, PCM_24K)
    recorder.start(0)
    # The line stands still for 300 ms from the third frame on, then delivers what it held back.
    for number, at_ms in enumerate((0, 20, 340, 341, 341)):
        recorder.caller(frame(number, 960), at_ms)
    tape.before_cut()
    first, second = b"".join(frame(n, 960) for n in (0, 1)), b"".join(frame(n, 960) for n in (2, 3, 4))
    assert tape.sides["caller"] == [(first, 0), (second, 301)]


def test_the_other_side_is_passed_on_at_once() -> None:
    tape = Tape()
    recorder = GatheringRecorder(tape, PCM_24K)
    recorder.start(0)
    recorder.far(frame(1, 9600), 700)
    assert tape.sides["far"] == [(frame(1, 9600), 700)]


async def test_a_pause_is_kept_and_stopping_loses_nothing() -> None:
    tape = Tape()
    recorder = GatheringRecorder(tape, MULAW_8K)
    recorder.start(0)
    for at_ms in (0, 20, 400, 420):
        recorder.caller(frame(0), at_ms)
    recorder.stop()
    assert [at for _, at in tape.sides["caller"]] == [0, 400]
    recorder.caller(frame(0), 500)
    await recorder.close()
    assert [at for _, at in tape.sides["caller"]] == [0, 400, 500]
    assert tape.states == [("start", 0), "stop", "close"]
