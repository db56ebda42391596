"""Packets lost, late, repeated, reordered, paused and clocked wrong, in virtual time."""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.audio.jitter import FRAME, HOLD, MAX_TARGET, MAX_WAITING, MIN_TARGET, TICKS, JitterBuffer

FRAME_S = FRAME / TICKS
LOUD = 8000


@dataclass
class Tape:
    """A codec whose payloads are frame numbers and whose sound says which frame it is; 0 is silence."""

    made_up: int = 0
    recovered: list[int] = field(default_factory=list)

    def decode(self, payload: bytes) -> bytes:
        if not payload:
            raise ValueError("not a packet")
        return np.full(FRAME // 2, int.from_bytes(payload) & 0x7FFF, "<i2").tobytes()

    def recover(self, payload: bytes, size: int) -> bytes:
        self.recovered.append(int.from_bytes(payload))
        return bytes(size)

    def conceal(self, size: int) -> bytes:
        self.made_up += 1
        return bytes(size)


def sound(value: int) -> bytes:
    return value.to_bytes(2)


def heard(pieces: list[bytes]) -> list[int]:
    return [int(np.frombuffer(piece, "<i2")[0]) for piece in pieces]


@dataclass
class Network:
    """Sends a frame every 20 ms of the sender's clock, delivers it as told, and looks every 20 ms."""

    seed: int = 1
    loss: float = 0.0
    jitter: float = 0.0
    drift: float = 0.0
    first_sequence: int = 65_500
    first_time: int = 2**32 - 96_000

    def run(self, frames: int, *, quiet: bool = False) -> "Run":
        rng = random.Random(self.seed)
        buffer = JitterBuffer(Tape())
        arrivals = []
        for index in range(frames):
            if rng.random() >= self.loss:
                sent = index * FRAME_S * (1 + self.drift)
                arrivals.append((sent + 0.05 + rng.uniform(0, self.jitter), index))
        run = Run(buffer, {index for _, index in arrivals})
        events = sorted(arrivals + [(tick * FRAME_S + 0.003, -1) for tick in range(int(frames * 1.0005) + 10)])
        for now, index in events:
            if index >= 0:
                value = 0 if quiet else 1000 + index % 20_000
                timestamp = (self.first_time + index * FRAME) & 0xFFFFFFFF
                buffer.push((self.first_sequence + index) & 0xFFFF, timestamp, sound(value), now)
                run.arrived[index] = now
            run.take(buffer.pull(now), now)
        return run


@dataclass
class Run:
    buffer: JitterBuffer
    delivered: set[int]
    arrived: dict[int, float] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    most_waiting: int = 0

    def take(self, pieces: list[bytes], now: float) -> None:
        self.most_waiting = max(self.most_waiting, self.buffer.waiting)
        for value in heard(pieces):
            if value >= 1000:
                self.delays.append(now - self.arrived[value - 1000])
        self.pieces += pieces

    @property
    def order(self) -> list[int]:
        return [value - 1000 for value in heard(self.pieces) if value >= 1000]


def test_a_clean_network_adds_no_delay_and_loses_nothing() -> None:
    run = Network().run(500)
    assert run.order == list(range(500))
    assert max(run.delays) == 0
    assert run.buffer.concealed == 0


def test_jitter_within_the_order_of_packets_adds_no_delay() -> None:
    run = Network(jitter=0.019).run(500)
    assert run.order == list(range(500))
    assert max(run.delays) == 0


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1, 0.2])
def test_each_lost_packet_costs_exactly_its_own_frame(loss: float) -> None:
    run = Network(loss=loss).run(2000)
    last = max(run.delivered)
    assert run.order == sorted(run.delivered)
    assert run.buffer.concealed == last + 1 - len(run.delivered) - min(run.delivered)
    assert max(run.delays) <= MIN_TARGET
    assert len(run.pieces) - run.buffer.inserted == last + 1 - min(run.delivered)


@pytest.mark.parametrize("jitter", [0.03, 0.06, 0.1])
@pytest.mark.parametrize("loss", [0.0, 0.05, 0.2])
def test_jitter_and_loss_together_stay_bounded(jitter: float, loss: float) -> None:
    run = Network(seed=7, loss=loss, jitter=jitter).run(1500)
    assert run.order == sorted(run.order)
    missed = len(run.delivered) - len(run.order)
    assert missed <= 0.02 * len(run.delivered), "packets that came were given up too early"
    assert max(run.delays) <= MAX_TARGET + FRAME_S
    assert sum(run.delays) / len(run.delays) <= jitter
    assert run.most_waiting <= MAX_WAITING


def test_the_wait_for_a_hole_adapts_in_both_directions() -> None:
    buffer = JitterBuffer(Tape())
    rng = random.Random(3)
    now = 0.0
    for index in range(2000):
        jitter = 0.1 if index < 500 else 0.0
        buffer.push(index, index * FRAME, sound(1), index * FRAME_S + rng.uniform(0, jitter))
        buffer.pull(now := index * FRAME_S + 0.2)
        if index == 499:
            assert 0.08 < buffer.target <= 0.13
    assert buffer.target == MIN_TARGET
    assert now > 0


def test_a_packet_before_the_hole_is_not_held_back_and_the_next_one_restores_it() -> None:
    tape = Tape()
    buffer = JitterBuffer(tape)
    for sequence in (0, 1, 3):
        buffer.push(sequence, sequence * FRAME, sound(sequence + 1), sequence * FRAME_S)
        pieces = buffer.pull(sequence * FRAME_S)
    assert pieces == []
    assert heard(buffer.pull(3 * FRAME_S + MIN_TARGET)) == [0, 4]
    assert tape.recovered == [4]
    assert tape.made_up == 0


def test_reordered_repeated_and_late_packets() -> None:
    buffer = JitterBuffer(Tape())
    out: list[int] = []
    for sequence, now in ((0, 0.0), (2, 0.041), (1, 0.058), (1, 0.059), (3, 0.06), (3, 0.061), (5, 0.1), (4, 0.5)):
        buffer.push(sequence, sequence * FRAME, sound(1000 + sequence), now)
        if sequence == 5:
            out += heard(buffer.pull(now + 0.2))
        out += heard(buffer.pull(now))
    assert [value for value in out if value] == [1000, 1001, 1002, 1003, 1005]
    assert (buffer.repeated + buffer.late, buffer.concealed) == (3, 1)


def test_a_pause_of_the_sender_is_silence_of_the_same_length() -> None:
    buffer = JitterBuffer(Tape())
    pieces: list[bytes] = []
    for tick in range(400):
        now = tick * FRAME_S
        if tick < 50 or tick >= 250:
            sequence = tick if tick < 50 else tick - 200
            buffer.push(sequence, tick * FRAME, sound(1000), now)
        pieces += buffer.pull(now)
        if tick == 240:
            assert len(pieces) >= 240 - HOLD / FRAME_S - 1, "time must pass while nothing comes"
    assert abs(len(pieces) - 400) <= 1
    assert buffer.concealed == 0


def test_what_a_stall_held_back_is_heard_and_the_time_is_made_up_in_silence() -> None:
    buffer = JitterBuffer(Tape())
    pieces: list[bytes] = []
    for tick in range(600):
        now = tick * FRAME_S
        if tick == 150:  # a second's worth at once
            for held in range(100, 150):
                buffer.push(held, held * FRAME, sound(5000), now)
        if not 100 <= tick < 150:
            buffer.push(tick, tick * FRAME, sound(5000 if tick < 200 else 0), now)
        pieces += buffer.pull(now)
    assert heard(pieces).count(5000) == 200
    assert buffer.inserted == buffer.dropped > 30
    assert len(pieces) == 600


def test_the_delay_after_stalls_does_not_grow_without_end() -> None:
    buffer = JitterBuffer(Tape())
    pieces: list[bytes] = []
    for tick in range(3000):
        now = tick * FRAME_S
        if tick % 100 == 99:
            for held in range(tick - 49, tick + 1):
                buffer.push(held & 0xFFFF, held * FRAME, sound(9000), now)
        elif tick % 100 < 50:
            buffer.push(tick & 0xFFFF, tick * FRAME, sound(9000), now)
        pieces += buffer.pull(now)
    assert len(pieces) <= 3000 + TICKS // FRAME + 50


@pytest.mark.parametrize("drift", [-0.0005, 0.0005])
def test_a_wrong_clock_neither_adds_delay_nor_loses_sound(drift: float) -> None:
    run = Network(drift=drift, jitter=0.01).run(9000)  # three minutes: 90 ms apart at the end
    assert run.buffer.concealed == 0
    assert run.order == list(range(9000))
    assert len(run.pieces) - run.buffer.inserted == 9000 and run.buffer.inserted <= 20
    assert max(run.delays) == 0


def test_key_presses_take_numbers_but_no_time() -> None:
    buffer = JitterBuffer(Tape())
    out: list[int] = []
    for sequence, time in ((0, 0), (1, None), (2, None), (3, FRAME), (4, None), (5, 2 * FRAME)):
        buffer.push(sequence, time, sound(1000 + sequence), 0.02 * sequence)
        out += heard(buffer.pull(0.02 * sequence))
    assert out == [1000, 1003, 1005]
    first = JitterBuffer(Tape())
    first.push(7, None, b"", 50.0)
    assert first.pull(50.0) == first.pull(60.0) == []
    first.push(8, 123_456, sound(9), 60.0)
    assert heard(first.pull(60.0)) == [9]
    assert buffer.concealed == 0


def test_rubbish_in_a_packet_costs_one_frame() -> None:
    buffer = JitterBuffer(Tape())
    out: list[int] = []
    for sequence, payload in enumerate((sound(1), b"", sound(3))):
        buffer.push(sequence, sequence * FRAME, payload, sequence * FRAME_S)
        out += heard(buffer.pull(sequence * FRAME_S))
    assert out == [1, 0, 3]
    assert buffer.concealed == 1


def test_a_stray_packet_is_ignored_and_a_restarted_sender_is_followed() -> None:
    buffer = JitterBuffer(Tape())
    buffer.push(100, 0, sound(1), 0)
    buffer.push(30_000, 5_000_000, sound(9), 0.01)
    assert heard(buffer.pull(0.01)) == [1]
    buffer.push(30_001, 5_000_960, sound(10), 0.02)
    assert heard(buffer.pull(0.02)) == [10]
    buffer.push(30_002, 5_001_920, sound(11), 0.04)
    assert heard(buffer.pull(0.04)) == [11]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF) | st.integers(0, 40),
            st.none() | st.integers(0, 0xFFFFFFFF) | st.integers(0, 40).map(lambda n: n * FRAME),
            st.binary(max_size=2),
            st.floats(0, 0.3),
        ),
        max_size=120,
    )
)
def test_whatever_comes_what_waits_and_what_is_made_up_stay_bounded(
    packets: list[tuple[int, int | None, bytes, float]],
) -> None:
    buffer = JitterBuffer(Tape())
    now = made = 0.0
    for sequence, timestamp, payload, wait in packets:
        now += wait
        buffer.push(sequence, timestamp, payload, now)
        made += len(buffer.pull(now))
        assert buffer.waiting <= MAX_WAITING
        assert MIN_TARGET <= buffer.target <= MAX_TARGET
    buffer.pull(now + 1)
    assert buffer.waiting == 0
