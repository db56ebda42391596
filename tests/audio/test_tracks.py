"""Both sides of a recording lie where they sounded: through jitter, stalls, drift and late acknowledgement."""

import random

import numpy as np
import numpy.typing as npt
import pytest

from media_tier.audio.formats import MULAW_8K
from media_tier.audio.tracks import HOLD_MS, PER_MS, Tracks
from shared.domain.recording_layout import PIECE_MS

Samples = npt.NDArray[np.int16]
RATE = 24_000
FRAME = 480


def speech(seconds: float, seed: int = 1) -> Samples:
    """Noise bursts of changing loudness: no two places look alike."""
    rng = np.random.default_rng(seed)
    size = round(seconds * RATE)
    loud = np.repeat(rng.uniform(500, 9000, size // 2400 + 1), 2400)[:size]
    noise = rng.standard_normal(size + 12)
    smooth = np.convolve(noise, np.ones(12) / 12, mode="valid")[:size]
    return np.asarray(np.clip(smooth * 3 * loud, -32000, 32000), dtype=np.int16)


def gathered(pieces: list[tuple[int, bytes]]) -> npt.NDArray[np.int16]:
    """The pieces one after the other; fails where they do not follow each other."""
    at = pieces[0][0]
    for start, pcm in pieces:
        assert start == at
        at += len(pcm) // 4
    return np.frombuffer(b"".join(pcm for _, pcm in pieces), dtype=np.int16).reshape(-1, 2)


def offset_ms(kept: Samples, true: Samples, at: int, width: int = 4800) -> tuple[float, float]:
    """(correlation, displacement in ms) of the true sound at sample `at` within ±60 ms of where it should be."""
    needle = true[at : at + width].astype(float)
    reach = 60 * PER_MS
    best, where = -1.0, 0
    hay = kept[max(0, at - reach) : at + width + reach].astype(float)
    products = np.correlate(hay, needle, mode="valid")
    squares = np.concatenate(([0.0], np.cumsum(hay**2)))
    energy = np.sqrt((squares[width:] - squares[:-width]) * np.sum(needle**2)) + 1e-9
    scores = products / energy
    where = int(np.argmax(scores))
    best = float(scores[where])
    return best, (where + max(0, at - reach) - at) / PER_MS


def frames(sound: Samples) -> list[bytes]:
    return [sound[at : at + FRAME].tobytes() for at in range(0, len(sound), FRAME)]


@pytest.mark.parametrize("skew_ppm", [50, -50])
def test_ten_minutes_of_skewed_jittery_sound_stay_in_place(skew_ppm: int) -> None:
    seconds, rng = 600, random.Random(7)
    sound = speech(seconds)
    tracks, pieces = Tracks(), []
    tracks.start(0)
    for number, pcm in enumerate(frames(sound)):
        # the caller's clock runs fast or slow, and every frame is up to 60 ms late
        spoken = number * 20 / (1 + skew_ppm / 1e6)
        arrived = spoken + 20 + rng.choice((0, 1, 5, 10, 60))
        tracks.caller(pcm, round(arrived) - 20)
        pieces += tracks.due(round(arrived))
    pieces += tracks.rest(seconds * 1000)
    kept = gathered(pieces)
    assert abs(len(kept) / PER_MS - seconds * 1000) < 40
    for at_s in range(5, seconds - 5, 60):
        at = at_s * RATE
        score, moved = offset_ms(kept[:, 0], sound, at)
        true_move = -at_s * skew_ppm / 1000
        assert score > 0.95
        assert abs(moved - true_move) < 30, f"at {at_s} s"


def test_steady_jitter_leaves_every_sample_as_it_was() -> None:
    sound, rng = speech(10), random.Random(3)
    tracks, pieces = Tracks(), []
    tracks.start(0)
    for number, pcm in enumerate(frames(sound)):
        tracks.caller(pcm, number * 20 + (0 if number % 7 == 0 else rng.randrange(60)))
        pieces += tracks.due(number * 20)
    pieces += tracks.rest(10_000)
    assert np.array_equal(gathered(pieces)[: len(sound), 0], sound)


def test_a_burst_after_a_stall_goes_back_to_where_it_was_spoken() -> None:
    sound = speech(5)
    tracks, pieces = Tracks(), []
    tracks.start(0)
    for number, pcm in enumerate(frames(sound)):
        spoken = number * 20
        at = 2600 if 2000 <= spoken < 2600 else spoken
        tracks.caller(pcm, at)
        pieces += tracks.due(at)
    pieces += tracks.rest(5000)
    kept = gathered(pieces)[:, 0]
    assert np.array_equal(kept[: 2 * RATE], sound[: 2 * RATE])
    for at in (2 * RATE + FRAME, 2 * RATE + 6000, 3 * RATE, 4 * RATE):
        score, moved = offset_ms(kept, sound, at, 4800)
        assert score > 0.99
        assert abs(moved) <= 20


def test_sound_lost_in_a_gap_is_silence_and_what_follows_is_in_its_place() -> None:
    sound = speech(20)
    tracks, pieces = Tracks(), []
    tracks.start(0)
    for number, pcm in enumerate(frames(sound)):
        if not 3000 <= number * 20 < 13_000:
            tracks.caller(pcm, number * 20)
        pieces += tracks.due(number * 20 + 20)
    kept = gathered(pieces + tracks.rest(20_000))[:, 0]
    assert np.array_equal(kept[: 3 * RATE], sound[: 3 * RATE])
    assert not kept[3 * RATE : 13 * RATE].any()
    assert np.array_equal(kept[13 * RATE :], sound[13 * RATE :])


def test_the_other_side_is_acknowledged_late_and_kept_whole() -> None:
    mine, theirs = speech(12, seed=1), speech(12, seed=2)
    tracks, pieces = Tracks(), []
    tracks.start(0)
    waiting: list[tuple[int, bytes]] = []
    for number, (own, other) in enumerate(zip(frames(mine), frames(theirs), strict=True)):
        now = number * 20
        tracks.caller(own, now)
        if 1000 <= now < 5000 or 7000 <= now < 10_000:
            waiting.append((now, other))
        if number % 10 == 9:
            while waiting and now - waiting[0][0] >= 780:
                at, pcm = waiting.pop(0)
                tracks.far(pcm, at)
        pieces += tracks.due(now)
    for at, pcm in waiting:
        tracks.far(pcm, at)
    kept = gathered(pieces + tracks.rest(12_000))
    expected = theirs.copy()
    for quiet in (slice(0, RATE), slice(5 * RATE, 7 * RATE), slice(10 * RATE, None)):
        expected[quiet] = 0
    assert np.array_equal(kept[:, 1], expected)
    assert np.array_equal(kept[:, 0], mine)


def test_at_any_moment_at_most_two_seconds_are_not_cut() -> None:
    tracks, until = Tracks(), 0
    tracks.start(0)
    for now in range(0, 20_000, 10):
        if now >= tracks.due_ms:
            for start, pcm in tracks.due(now):
                until = (start + len(pcm) // 4) // PER_MS
        assert now - until <= PIECE_MS + HOLD_MS < 2000


def test_recording_that_stops_and_starts_again_never_goes_back() -> None:
    tracks = Tracks()
    tracks.start(1000)
    tracks.caller(b"\1\0" * FRAME, 1000)
    first = tracks.rest(1500)
    assert first[0][0] == 1000 * PER_MS
    tracks.caller(b"\1\0" * FRAME, 1600)
    assert tracks.rest(1700) == []
    tracks.start(1400)
    tracks.caller(b"\2\0" * FRAME, 1500)
    again = tracks.rest(2000)
    assert again[0][0] == 1500 * PER_MS
    assert gathered(again)[:FRAME, 0].tolist() == [2] * FRAME


def test_a_phones_sound_is_kept_as_it_is_at_the_same_places() -> None:
    rng = np.random.default_rng(4)
    mine, theirs = (rng.integers(0, 256, 8 * 3000, dtype=np.uint8) for _ in range(2))
    tracks, pieces = Tracks(MULAW_8K), []
    tracks.start(500)
    for now in range(500, 3000, 20):
        tracks.caller(mine[now * 8 : now * 8 + 160].tobytes(), now)
        if 1000 <= now < 2000:
            tracks.far(theirs[now * 8 : now * 8 + 160].tobytes(), now)
        pieces += tracks.due(now)
    pieces += tracks.rest(3000)
    assert [start for start, _ in pieces] == [(500 + PIECE_MS * n) * PER_MS for n in range(len(pieces))]
    kept = np.frombuffer(b"".join(sound for _, sound in pieces), dtype=np.uint8).reshape(-1, 2)
    expected = theirs[500 * 8 :].copy()
    expected[: 500 * 8], expected[1500 * 8 :] = 0xFF, 0xFF
    assert np.array_equal(kept[:, 0], mine[500 * 8 :])
    assert np.array_equal(kept[:, 1], expected)
