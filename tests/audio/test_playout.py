"""Playout against a far end that plays in real time, acknowledges when it likes and stops when told."""

import itertools
import struct
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.audio.playout import Heard, Playout
from media_tier.call.events import Event, PlaybackFinished, PlaybackStarted, PlaybackStopped

RATE = 24_000


def _pcm(ms: int, value: int = 1) -> bytes:
    return struct.pack("<h", value) * (RATE * ms // 1000)


def test_the_first_sound_goes_out_at_once_and_the_rest_in_real_time() -> None:
    playout = Playout()
    playout.push("a", _pcm(5000))
    sent_ms = []
    total = messages = 0
    for step in range(60):
        sound = playout.due(10 + step * 0.02)
        messages += bool(sound)
        total += len(sound) // 48
        sent_ms.append(total)
        playout.on_played(max(0, (step * 20 - 60)) * 24, 10 + step * 0.02)
    assert sent_ms[0] == 300
    assert sent_ms[50] == pytest.approx(1300, abs=100)
    assert all(later - earlier <= 120 for earlier, later in itertools.pairwise(sent_ms))
    assert messages <= 13


def test_turns_a_little_early_or_late_send_a_message_every_tenth_of_a_second() -> None:
    playout = Playout()
    playout.push("a", _pcm(9000))
    assert playout.due(0.0) == _pcm(300)
    for turn in range(1, 400):
        now = turn * 0.02 + (-0.001, 0.004, 0.0, 0.002, 0.001, 0.003, -0.002)[turn % 7]
        if turn % 10 == 0:
            playout.on_played((turn * 20 - 10) * 24, now - 0.003)
        assert bool(playout.due(now)) == (turn % 5 == 0), turn


def test_a_small_first_piece_does_not_wait_for_more() -> None:
    playout = Playout()
    playout.push("a", b"\1\0" * 7)
    assert playout.due(1.0) == b"\1\0" * 7


def test_the_far_end_always_has_at_least_what_is_not_worth_a_message() -> None:
    playout = Playout()
    playout.push("a", _pcm(300))
    assert len(playout.due(0.0)) == len(_pcm(300))
    playout.push("a", _pcm(40))
    assert playout.due(0.08) == b""
    assert playout.due(0.12) == _pcm(40)


def test_positions_become_started_and_finished() -> None:
    playout = Playout()
    playout.push("a", _pcm(100))
    playout.push("b", _pcm(50))
    assert playout.end("a") == []
    assert playout.end("b") == []
    playout.due(0.0)
    assert playout.on_played(24 * 40, 0.1) == [PlaybackStarted("a")]
    assert playout.on_played(24 * 20, 0.11) == []
    assert playout.on_played(24 * 110, 0.2) == [PlaybackFinished("a", 100), PlaybackStarted("b")]
    assert playout.on_played(24 * 150, 0.25) == [PlaybackFinished("b", 50)]
    assert playout.on_played(24 * 9999, 0.26) == []
    assert playout.idle


def test_an_end_after_the_last_sound_was_heard_finishes_at_once() -> None:
    playout = Playout()
    playout.push("a", _pcm(20))
    playout.due(0.0)
    assert playout.on_played(480, 0.1) == [PlaybackStarted("a")]
    assert playout.end("a") == [PlaybackFinished("a", 20)]
    assert playout.end("a") == []
    assert playout.end("never heard of") == []
    playout.push("silent", b"")
    assert playout.end("silent") == [PlaybackFinished("silent", 0)]


def test_a_stop_is_exact_and_what_follows_it_plays_on() -> None:
    playout = Playout()
    playout.push("a", _pcm(1000))
    playout.push("b", _pcm(1000))
    playout.due(0.0)
    playout.on_played(2400, 0.1)
    playout.clear(0.15)
    assert playout.queued_ms == 0
    playout.push("c", _pcm(100))
    playout.end("c")
    assert len(playout.due(0.15)) == len(_pcm(100))
    assert playout.on_played(2880, 0.16) == []
    assert playout.on_stopped(3360, 0.17) == [PlaybackStopped("a", 140), PlaybackStopped("b", 0)]
    assert playout.on_played(3360 + 1200, 0.3) == [PlaybackStarted("c")]
    assert playout.on_played(3360 + 2400, 0.35) == [PlaybackFinished("c", 100)]
    assert playout.end("a") == []
    assert playout.discarded_samples == 48_000 - 3360


def test_two_stops_in_a_row_are_answered_in_order() -> None:
    playout = Playout()
    playout.push("a", _pcm(200))
    playout.due(0.0)
    playout.clear(0.1)
    playout.push("b", _pcm(200))
    playout.due(0.1)
    playout.clear(0.12)
    assert playout.on_stopped(2400, 0.13) == [PlaybackStarted("a"), PlaybackStopped("a", 100)]
    assert playout.on_stopped(2400, 0.14) == [PlaybackStopped("b", 0)]
    assert playout.idle


def test_a_stop_nobody_answers_is_estimated_from_the_last_acknowledgement() -> None:
    playout = Playout()
    playout.push("a", _pcm(1000))
    for step in range(11):
        playout.due(step * 0.02)
    playout.on_played(2400, 0.2)
    playout.clear(0.25)
    assert playout.tick(0.7) == []
    assert playout.tick(0.76) == [PlaybackStopped("a", 150)]
    playout.push("b", _pcm(40))
    playout.end("b")
    playout.due(0.8)
    assert playout.on_played(2400 + 480, 0.81) == []  # belongs to what was given up
    assert playout.on_stopped(2880, 0.82) == []  # too late: the truth was 120 ms
    assert playout.on_played(2880 + 480, 0.85) == [PlaybackStarted("b")]
    assert playout.on_played(2880 + 960, 0.9) == [PlaybackFinished("b", 40)]


def test_a_far_end_that_never_acknowledges_is_estimated_by_the_send_clock() -> None:
    playout = Playout()
    playout.push("a", _pcm(6000))
    playout.end("a")
    events: list[tuple[float, Event]] = []
    sent = 0
    for step in range(400):
        now = step * 0.02
        sent += len(playout.due(now)) // 2
        events += [(now, event) for event in playout.tick(now)]
        if now < 2.9:
            assert sent <= 2 * RATE
    assert [event for _, event in events] == [PlaybackStarted("a"), PlaybackFinished("a", 6000)]
    assert events[0][0] == pytest.approx(3.0, abs=0.05)
    assert playout.idle
    heard = playout.heard()
    assert b"".join(piece.pcm for piece in heard) == _pcm(6000)


def test_never_more_than_two_seconds_are_under_way() -> None:
    playout = Playout()
    playout.push("a", _pcm(9000))
    sent = sum(len(playout.due(step * 0.02)) // 2 for step in range(145))
    assert sent <= 2 * RATE
    playout.on_played(RATE, 2.9)
    assert len(playout.due(2.92)) > 0


def test_heard_sound_is_contiguous_unless_it_really_paused() -> None:
    playout = Playout()
    playout.push("a", _pcm(1000))
    for step in range(50):
        playout.due(step * 0.02)
    playout.on_played(4800, 0.25)
    playout.on_played(9600, 0.49)  # 40 ms late
    playout.on_played(14400, 0.62)  # 30 ms early: it all was
    playout.on_played(19200, 1.4)  # stood still
    assert [(round(piece.at, 3), len(piece.pcm)) for piece in playout.heard()] == [
        (0.05, 9600),
        (0.25, 9600),
        (0.42, 9600),
        (1.2, 9600),
    ]
    assert playout.heard() == []


@pytest.mark.parametrize(("late", "really"), [(0.3, True), (0.3, False)])
def test_a_standstill_is_told_from_a_late_acknowledgement_by_what_follows(late: float, really: bool) -> None:
    playout = Playout()
    playout.push("a", _pcm(4000))
    for step in range(200):
        now = step * 0.02
        playout.due(now)
        if step % 10 == 0 and step:
            gone = late if now > 1.0 and (really or now < 1.5) else 0.0
            playout.on_played(round(RATE * (now - 0.01 - gone)), now)
    heard = playout.heard()
    assert b"".join(piece.pcm for piece in heard) == _pcm(4000)[: sum(len(piece.pcm) for piece in heard)]
    ends = [piece.at + len(piece.pcm) / 2 / RATE for piece in heard]
    holes = [piece.at - end for piece, end in zip(heard[1:], ends, strict=False) if abs(piece.at - end) > 1e-6]
    assert holes == ([pytest.approx(late)] if really else [])


def test_a_new_connection_hears_what_the_old_one_did_not() -> None:
    playout = Playout()
    playout.push("a", _pcm(100, 1) + _pcm(100, 2))
    playout.end("a")
    playout.due(0.0)
    playout.on_played(2400, 0.1)
    assert playout.reconnected(5.0) == []
    assert playout.due(5.0) == _pcm(100, 2)
    assert playout.on_played(2400, 5.1) == [PlaybackFinished("a", 200)]


def test_a_new_connection_settles_an_open_stop() -> None:
    playout = Playout()
    playout.push("a", _pcm(100))
    playout.due(0.0)
    playout.on_played(240, 0.01)
    playout.clear(0.1)
    playout.push("b", _pcm(20))
    assert playout.reconnected(0.2) == [PlaybackStopped("a", 10)]
    assert playout.due(0.2) == _pcm(20)
    assert playout.on_played(480, 0.3) == [PlaybackStarted("b")]


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="within a sample"):
        Playout().push("a", b"\0")


@dataclass
class _FarEnd:
    """Plays one sample per 1/rate, in order, from what reached it."""

    rate: int
    queue: deque[int] = field(default_factory=deque)
    played: list[int] = field(default_factory=list)
    due: float = 0.0

    def run(self, seconds: float) -> None:
        self.due += seconds * self.rate
        count, self.due = int(self.due), self.due % 1
        for _ in range(min(count, len(self.queue))):
            self.played.append(self.queue.popleft())


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["push", "push", "push", "run", "run", "run", "ack", "ack", "end", "clear", "answer"]),
        st.integers(1, 120),
    ),
    max_size=80,
)


class _Trial:
    """Drives a playout and a far end; answers lie on the wire until they are let through, in order."""

    def __init__(self) -> None:
        self.playout = Playout(rate=1000)
        self.far = _FarEnd(1000)
        self.now = 0.0
        self.next_sample = self.next_id = 0
        self.wire: deque[tuple[str, int]] = deque()
        self.events: list[Event] = []
        self.heard: list[Heard] = []
        self.sizes: dict[str, int] = {}

    def push(self, count: int) -> None:
        values = range(self.next_sample, self.next_sample + count)
        self.next_sample += count
        name = f"p{self.next_id}"
        self.sizes[name] = self.sizes.get(name, 0) + count
        self.playout.push(name, struct.pack(f"<{count}H", *values))

    def run(self, ms: int) -> None:
        rests_until = 0.0
        for _ in range(max(1, ms // 20)):
            sound = self.playout.due(self.now)
            assert not sound or self.now >= rests_until
            self.far.queue.extend(struct.unpack(f"<{len(sound) // 2}H", sound))
            self.now += 0.02
            self.far.run(0.02)
            events = self.playout.tick(self.now)
            assert not events or self.now >= rests_until
            self.events += events
            rests_until = self.playout.rest(self.now)

    def end(self) -> None:
        self.events += self.playout.end(f"p{self.next_id}")
        self.next_id += 1

    def clear(self) -> None:
        self.playout.clear(self.now)
        self.far.queue.clear()
        self.wire.append(("stopped", len(self.far.played)))
        self.next_id += 1

    def deliver(self) -> None:
        while self.wire:
            kind, count = self.wire.popleft()
            verb = self.playout.on_stopped if kind == "stopped" else self.playout.on_played
            self.events += verb(count, self.now)
            self.heard += self.playout.heard()

    def step(self, verb: str, amount: int) -> None:
        if verb == "push":
            self.push(amount)
        elif verb == "run":
            self.run(amount)
        elif verb == "end":
            self.end()
        elif verb == "clear":
            self.clear()
        elif verb == "ack":
            self.wire.append(("played", len(self.far.played)))
        else:
            self.deliver()


@given(steps=_STEPS)
@settings(max_examples=100)
def test_every_sample_is_heard_once_or_discarded_and_heard_is_what_was_played(steps: list[tuple[str, int]]) -> None:
    trial = _Trial()
    for verb, amount in steps:
        if trial.wire and trial.wire[0][0] == "stopped" and verb == "run":
            trial.deliver()  # answers within half a second here; the late ones are tested below
        trial.step(verb, amount)
    trial.end()
    for _ in range(600):
        trial.run(20)
        trial.step("ack", 0)
        trial.deliver()
    assert trial.playout.idle
    heard = b"".join(piece.pcm for piece in trial.heard)
    samples = list(struct.unpack(f"<{len(heard) // 2}H", heard))
    assert samples == trial.far.played
    assert len(samples) + trial.playout.discarded_samples == trial.next_sample
    over = [event for event in trial.events if isinstance(event, PlaybackFinished | PlaybackStopped)]
    assert sorted(event.playback_id for event in over) == sorted(trial.sizes)
    assert sum(event.played_ms for event in over) == len(samples)
    for event in over:
        if isinstance(event, PlaybackFinished):
            assert event.played_ms == trial.sizes[event.playback_id]


@given(steps=_STEPS)
@settings(max_examples=100)
def test_whatever_the_far_end_claims_nothing_is_lost_or_heard_twice(steps: list[tuple[str, int]]) -> None:
    trial = _Trial()
    for verb, amount in steps:
        if verb == "ack":  # lies, late and early
            trial.wire.append(("played", amount * 37 - 300))
        else:
            trial.step(verb, amount)
    trial.end()
    trial.run(60_000)
    trial.heard += trial.playout.heard()
    assert trial.playout.idle
    heard = b"".join(piece.pcm for piece in trial.heard)
    samples = list(struct.unpack(f"<{len(heard) // 2}H", heard))
    assert samples == sorted(set(samples))
    assert len(samples) + trial.playout.discarded_samples == trial.next_sample
    over = [event for event in trial.events if isinstance(event, PlaybackFinished | PlaybackStopped)]
    assert sorted(event.playback_id for event in over) == sorted(trial.sizes)


def test_a_far_end_that_plays_faster_than_our_clock_does_not_run_dry() -> None:
    playout = Playout()
    playout.push("a", _pcm(5000))
    playout.due(0.0)
    playout.on_played(7200, 0.01)
    assert len(playout.due(0.01)) == len(_pcm(300))


def test_it_rests_between_two_messages_and_while_it_waits_to_be_told() -> None:
    playout = Playout()
    playout.push("a", _pcm(450))
    assert playout.rest(0.0) == 0.0
    playout.due(0.0)  # 300 ms are under way, the next 100 may leave when 210 are left
    assert playout.rest(0.0) == pytest.approx(0.09)
    assert not playout.due(0.08)
    assert playout.due(0.1)
    assert len(playout.due(0.2)) > 0
    assert playout.rest(0.2) == pytest.approx(3.0)
    playout.clear(0.25)
    assert playout.rest(0.25) == 0.25


def test_sound_sent_again_keeps_its_order() -> None:
    playout = Playout()
    sound = struct.pack("<7200h", *range(7200))
    playout.push("a", sound)
    playout.push("b", sound)
    playout.end("b")
    assert playout.due(0.0) == sound
    playout.on_played(1000, 0.1)
    playout.reconnected(1.0)
    assert playout.due(1.0) + playout.due(1.3) == (sound + sound)[2000:]


def test_a_very_late_answer_to_a_stop_sets_the_counter_right() -> None:
    playout = Playout()
    playout.push("a", _pcm(200))
    playout.due(0.0)
    playout.clear(0.1)
    assert playout.tick(0.7) == [PlaybackStarted("a"), PlaybackStopped("a", 100)]
    playout.push("b", _pcm(300))
    playout.end("b")
    playout.due(1.0)
    assert playout.on_played(9999, 1.1) == []
    assert playout.tick(3.9) == []
    assert playout.tick(4.01) == [PlaybackStarted("b"), PlaybackFinished("b", 300)]
    playout.on_stopped(1200, 4.1)
    playout.push("c", _pcm(100))
    playout.due(4.2)
    assert playout.on_played(1200 + 7200, 4.25) == []
    assert playout.on_played(1200 + 7200 + 2400, 4.3) == [PlaybackStarted("c")]
    assert playout.end("c") == [PlaybackFinished("c", 100)]
