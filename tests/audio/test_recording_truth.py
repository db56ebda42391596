"""Ten minutes of a call on a virtual clock: every utterance of both sides is kept whole, where it sounded.

The caller's sound clock runs fast or slow, the network jitters and stands still now and then, acknowledgements come
when they come.
"""

import random
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import pytest

from media_tier.audio.playout import Playout
from media_tier.audio.tracks import PER_MS, Tracks
from tests.e2e.sound import RATE, Samples, best_match

FRAME = 480
SECONDS = 600
EVERY = 8.0
SPOKEN = 2.5


def utterance(number: int) -> bytes:
    """Noise of changing loudness, each like no other, with a pause in its middle as speech has."""
    rng = np.random.default_rng(number)
    size = round(SPOKEN * RATE)
    loud = np.repeat(rng.uniform(500, 9000, size // 2400 + 1), 2400)[:size]
    sound = np.convolve(rng.standard_normal(size + 11), np.ones(12) / 12, mode="valid") * 3 * loud
    sound[size // 2 : size // 2 + RATE * 3 // 10] = 0
    return np.clip(sound, -32000, 32000).astype(np.int16).tobytes()


@dataclass
class Network:
    """Delivers in order, late by a few milliseconds, by 60 now and then, by 300 to 700 about once a minute."""

    rng: random.Random
    free_at: float = 0.0
    stalled_until: float = 0.0

    def delivered(self, sent: float) -> float:
        """When something sent at this second arrives."""
        if self.rng.random() < 1 / 3000:
            self.stalled_until = sent + self.rng.uniform(0.3, 0.7)
        late = self.rng.choice((0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.06))
        self.free_at = max(self.free_at, sent + late, self.stalled_until)
        return self.free_at


@dataclass
class Ear:
    """The caller's playback: starts at 60 ms of queue, tells its count every 200 ms and when it runs dry."""

    rate: float
    queued: int = 0
    played: int = 0
    told: int = 0
    clock: float = 0.0
    playing: bool = False
    began: list[float] = field(default_factory=list)

    def run(self, now: float) -> int | None:
        """Play up to now; answers the count if it is to be told."""
        step = round((now - self.clock) * self.rate)
        began, self.clock = self.clock, now
        if not self.playing and self.queued >= 60 * PER_MS:
            self.playing = True
            self.began.append(began)
        if not self.playing:
            return None
        count = min(step, self.queued)
        self.queued -= count
        self.played += count
        self.playing = self.queued > 0
        if self.playing and self.played - self.told < 200 * PER_MS:
            return None
        self.told = self.played
        return self.played


class Call:
    """Both sides of one call into one recording."""

    def __init__(self, ppm: float) -> None:
        self.skew = 1 + ppm / 1e6
        self.tracks, self.playout, self.pieces = Tracks(), Playout(), list[tuple[int, bytes]]()
        self.up, self.acks = Network(random.Random(5)), Network(random.Random(6))
        self.ear = Ear(RATE * self.skew)
        self.caller: list[tuple[float, bytes]] = []
        self.far: list[bytes] = []
        self.tracks.start(0)

    def run(self) -> Samples:
        """The recording's two channels."""
        microphone = self.speech()
        arriving: deque[tuple[float, bytes]] = deque()
        told: deque[tuple[float, int]] = deque()
        frame, now = 0, 0.0
        while now < SECONDS:
            now += 0.005
            while frame * 0.02 / self.skew + 0.02 <= now:
                spoken = (frame + 1) * 0.02 / self.skew
                arriving.append((self.up.delivered(spoken), microphone[frame * FRAME * 2 : (frame + 1) * FRAME * 2]))
                frame += 1
            while arriving and arriving[0][0] <= now:
                arrived, pcm = arriving.popleft()
                self.tracks.caller(pcm, round(arrived * 1000) - 20)
            self.answer(now, told)
            self.pieces += self.tracks.due(round(now * 1000))
        self.pieces += self.tracks.rest(SECONDS * 1000)
        both = np.frombuffer(b"".join(pcm for _, pcm in self.pieces), dtype=np.int16).reshape(-1, 2)
        return np.asarray(both, dtype=np.float64)

    def speech(self) -> bytes:
        """All the microphone hears; `caller` has when each utterance begins on the call's clock."""
        sound = np.zeros(round(SECONDS * 1.001) * RATE, dtype=np.int16)
        for number in range(int(SECONDS / EVERY) - 1):
            at, pcm = round((number * EVERY + 1) * RATE), utterance(number)
            sound[at : at + len(pcm) // 2] = np.frombuffer(pcm, dtype=np.int16)
            self.caller.append((at / RATE / self.skew, pcm))
        return sound.tobytes()

    def answer(self, now: float, told: deque[tuple[float, int]]) -> None:
        """The AI's side of 5 ms."""
        if len(self.far) < len(self.caller) and now >= len(self.far) * EVERY + 5:
            self.far.append(utterance(1000 + len(self.far)))
            self.playout.push(f"item-{len(self.far)}", self.far[-1])
            self.playout.end(f"item-{len(self.far)}")
        if round(now * 1000) % 20 == 0:
            self.ear.queued += len(self.playout.due(now)) // 2
            self.playout.tick(now)
        count = self.ear.run(now)
        if count is not None:
            told.append((self.acks.delivered(now), count))
        while told and told[0][0] <= now:
            self.playout.on_played(told.popleft()[1], now)
        for piece in self.playout.heard():
            self.tracks.far(piece.pcm, round(piece.at * 1000))


@pytest.mark.parametrize("ppm", [100, -100])
def test_ten_minutes_keep_every_utterance_whole_and_in_its_place(ppm: int) -> None:
    call = Call(ppm)
    kept = call.run()
    assert len(kept) == pytest.approx(SECONDS * RATE, abs=0.04 * RATE)
    assert len(call.ear.began) == len(call.far) == len(call.caller) > 70
    sides = (call.caller, list(zip(call.ear.began, call.far, strict=True)))
    for side, truth in enumerate(sides):
        for at, pcm in truth:
            sound = np.frombuffer(pcm, dtype=np.int16).astype(np.float64)
            first = max(0, round((at - 0.5) * RATE))
            score, offset = best_match(kept[first : first + len(sound) + RATE, side], sound)
            assert score > 0.95, f"{'caller' if side == 0 else 'far'} at {at:.1f} s is torn"
            moved = ((first + offset) / RATE - at) * 1000
            assert abs(moved) < 40, f"{'caller' if side == 0 else 'far'} at {at:.1f} s is {moved:.0f} ms off"
