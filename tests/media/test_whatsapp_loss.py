"""A caller on a bad network, in virtual time: real RTP packets of real Opus through the leg's whole receiving side."""

import random
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest

from media_tier.audio.jitter import MAX_TARGET
from media_tier.bridge.wheel import PERIOD
from media_tier.legs.whatsapp_opus import OpusEncoder
from media_tier.legs.whatsapp_rtcp import Reports
from media_tier.legs.whatsapp_rtp import build
from media_tier.legs.whatsapp_sdp import Candidate, Remote
from media_tier.legs.whatsapp_streams import TICKS_PER_FRAME, Ear, FloodLimits
from tests.media.whatsapp_peer import tone

REMOTE = Remote(
    "ufrag",
    "password",
    "AB",
    (Candidate("1", 1, "192.0.2.1", 9),),
    our_setup="active",
    mid="audio",
    opus=111,
    events=126,
)
FRAMES = 3000
"""A minute."""
LOOP = 500
RATE = 24_000
QUICKEST = 0.04
"""Seconds under way at least."""


@cache
def payloads() -> tuple[bytes, ...]:
    """Ten seconds of a tone as Opus with redundancy, as phones send it."""
    pcm, encoder = tone(300, LOOP * PERIOD, RATE), OpusEncoder()
    encoded = tuple(encoder.encode(pcm[at : at + 960]) for at in range(0, len(pcm), 960))
    encoder.close()
    return encoded


@dataclass
class Call:
    """What came of a caller's packets."""

    lost: int = 0
    concealed: int = 0
    lags: list[float] = field(default_factory=list)
    """Every 20 ms: by how much the sound heard so far is behind the sound spoken so far."""
    stalls: list[float] = field(default_factory=list)
    """Seconds without a new sample."""
    sound: bytearray = field(default_factory=bytearray)

    @property
    def share(self) -> float:
        """Of the frames, made up ones."""
        return self.concealed / FRAMES

    def holes(self) -> float:
        """The longest silence in what was heard, seconds."""
        samples = np.abs(np.frombuffer(bytes(self.sound), "<i2").astype(np.int32))
        windows = samples[: len(samples) // 240 * 240].reshape(-1, 240).max(axis=1) > 800
        return max(map(len, "".join("x" if loud else " " for loud in windows[10:-10]).split("x"))) * 0.01


def received(seed: int, loss: float, jitter: float, *, burst: int = 1) -> Call:
    """Speak for a minute over such a network; `burst`: packets are lost so many at a time."""
    rng, call, said = random.Random(seed), Call(), payloads()
    arrivals, gone = [], 0
    for number in range(FRAMES):
        if gone == 0 and rng.random() < loss / burst:
            gone = burst
        if gone:
            gone -= 1
            call.lost += 1
            continue
        packet = build(111, (65_000 + number) & 0xFFFF, number * TICKS_PER_FRAME, 7, said[number % LOOP])
        arrivals.append((number * PERIOD + QUICKEST + rng.uniform(0, jitter), packet))
    ticks: list[tuple[float, bytes]] = [(tick * PERIOD + 0.007, b"") for tick in range(FRAMES + 6)]
    ear, reports, last = Ear(REMOTE, FloodLimits(), 0.0), Reports(1, "leg"), QUICKEST
    for now, packet in sorted(arrivals + ticks):
        if packet:
            assert ear.hear(packet, now, reports) is None
        pieces = ear.sound(now) if packet else ear.overdue(now)
        if pieces:
            call.stalls.append(now - last)
            last = now
            call.sound += b"".join(pieces)
        if not packet and QUICKEST < now < FRAMES * PERIOD:
            call.lags.append(now - len(call.sound) / 2 / RATE)
    call.concealed = ear.concealed
    ear.close()
    return call


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("jitter", [0.0, 0.03])
def test_at_5_percent_random_loss_nothing_but_the_lost_is_made_up(seed: int, jitter: float) -> None:
    call = received(seed, 0.05, jitter)
    assert 0.04 < call.lost / FRAMES < 0.06
    assert call.share <= 0.055, f"{call.share:.2%} of the frames for {call.lost / FRAMES:.2%} lost"
    assert call.concealed <= 1.1 * call.lost
    assert call.holes() <= 0.06
    assert max(call.stalls) <= PERIOD + 0.06 + jitter + PERIOD, "a hole is waited for, then filled"
    early, late = np.mean(call.lags[: FRAMES // 10]), np.mean(call.lags[-FRAMES // 10 :])
    assert late - early < PERIOD / 2, "nothing adds up"
    assert max(call.lags) < QUICKEST + MAX_TARGET


@pytest.mark.parametrize(("loss", "burst"), [(0.01, 1), (0.1, 1), (0.2, 1), (0.05, 3)])
def test_what_is_made_up_follows_what_is_lost(loss: float, burst: int) -> None:
    call = received(1, loss, 0.02, burst=burst)
    assert call.concealed <= 1.1 * call.lost + 2
    assert call.concealed >= call.lost - 3
    assert np.mean(call.lags[-FRAMES // 10 :]) - np.mean(call.lags[: FRAMES // 10]) < PERIOD


def test_no_loss_is_no_concealment_whatever_the_jitter() -> None:
    call = received(3, 0.0, 0.035)
    assert (call.lost, call.concealed) == (0, 0)
    assert len(call.sound) == FRAMES * 960
