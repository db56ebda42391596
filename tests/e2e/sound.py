"""Caller sound for a browser's microphone, and the comparison of what was sent with what was kept."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 24_000
AUDIBLE = 0.003
"""Quieter samples (of one) are a pause."""
Samples = npt.NDArray[np.float64]


def write_wav(path: Path, pcm: bytes, rate: int = RATE) -> None:
    """Write PCM16 mono."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(pcm)


def timeline(parts: Sequence[tuple[float, bytes]], seconds: float) -> bytes:
    """Lay PCM16 pieces at their start (seconds) on silence of the given length."""
    track = np.zeros(round(seconds * RATE), dtype=np.int16)
    for at, pcm in parts:
        piece = np.frombuffer(pcm, dtype=np.int16)
        start = round(at * RATE)
        track[start : start + len(piece)] = piece[: max(0, len(track) - start)]
    return track.tobytes()


def channels(path: Path) -> tuple[Samples, Samples]:
    """Both channels of a stereo PCM16 WAV, as floats; a phone's is brought from 8 to 24 kHz."""
    with wave.open(str(path), "rb") as source:
        assert source.getnchannels() == 2
        times = RATE // source.getframerate()
        assert source.getframerate() in (RATE, 8_000)
        both = np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16).reshape(-1, 2)
    left, right = (side.astype(np.float64) for side in both.T)
    return (left, right) if times == 1 else (_times(left, times), _times(right, times))


def _times(sound: Samples, times: int) -> Samples:
    """The same at a multiple of its rate, without delay."""
    size = len(sound) * times
    return np.asarray(np.fft.irfft(np.fft.rfft(sound), size) * times, dtype=np.float64)


def samples(pcm: bytes) -> Samples:
    """PCM16 as floats."""
    return np.frombuffer(pcm, dtype=np.int16).astype(np.float64)


def utterances_of(sound: Samples, pause: float = 0.15) -> list[tuple[int, Samples]]:
    """The runs of sound between silences of at least so many seconds: (first sample, run)."""
    loud = np.flatnonzero(np.abs(sound) > AUDIBLE)
    if not len(loud):
        return []
    cuts = np.flatnonzero(np.diff(loud) > pause * RATE) + 1
    return [(int(run[0]), sound[run[0] : run[-1] + 1]) for run in np.split(loud, cuts)]


def best_match(haystack: Samples, needle: Samples) -> tuple[float, int]:
    """Highest normalised correlation of `needle` anywhere in `haystack`, and the offset in samples."""
    size = len(needle)
    if len(haystack) < size:
        haystack = np.pad(haystack, (0, size - len(haystack)))
    length = 1 << (len(haystack) + size).bit_length()
    product = np.fft.irfft(np.fft.rfft(haystack, length) * np.conj(np.fft.rfft(needle, length)), length)
    lags = len(haystack) - size + 1
    energy = np.concatenate(([0.0], np.cumsum(haystack**2)))
    window = np.sqrt(np.maximum(energy[size:] - energy[:-size], 1e-9))[:lags]
    scores = product[:lags] / (window * np.sqrt(np.sum(needle**2)) + 1e-9)
    offset = int(np.argmax(scores))
    return float(scores[offset]), offset


def likeness(heard: Samples, said: Samples, window: float = 0.3, reach: float = 0.05) -> Samples:
    """How much what was heard resembles each window of what was said: correlations, 0 to 1.

    A receiver's buffer shortens and stretches sound a little all the time, so each window is looked for `reach` seconds
    around where the one before it lay.
    """
    size, far = round(window * RATE), round(reach * RATE)
    shift, scores = best_match(heard, said[: 3 * size])[1], []
    for at in range(0, len(said) - size + 1, size):
        begin = max(0, shift + at - far)
        score, offset = best_match(heard[begin : shift + at + size + far], said[at : at + size])
        scores.append(score)
        if score > 0.7:
            shift = begin + offset - at
    return np.array(scores)


def as_heard(scores: Samples, said: Samples, window: float = 0.3) -> float:
    """The mean of `likeness`, louder windows counting more."""
    size = round(window * RATE)
    loudness = [float(np.sqrt(np.mean(said[at : at + size] ** 2))) for at in range(0, len(said) - size + 1, size)]
    return float(np.average(scores, weights=loudness))


def kept_until(channel: Samples, true: Samples) -> int:
    """Up to which sample of `true` a channel holds it, from its beginning on and without a hole; 0 if it does not.

    Compared by tenths of a second, each where it should lie give or take 20 ms; silent ones count as kept.
    """
    size, reach = RATE // 10, RATE // 50
    score, start = best_match(channel, true[: 10 * size])
    if score < 0.9:
        return 0
    until = 0
    for at in range(0, len(true) - size + 1, size):
        window = true[at : at + size]
        near = channel[max(0, start + at - reach) : start + at + size + reach]
        if np.abs(window).mean() > 50 and best_match(near, window)[0] < 0.9:
            break
        until = at + size
    tail, here = true[until : until + size], channel[start + until : start + until + size]
    same = np.isclose(tail[: len(here)], here, atol=1) & (tail[: len(here)] != 0)
    return until + (int(np.flatnonzero(same)[-1]) + 1 if same.any() else 0)
