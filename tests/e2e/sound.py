"""Caller sound for a browser's microphone, and the comparison of what was sent with what was kept."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 24_000
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
    """Both channels of a stereo PCM16 WAV, as floats."""
    with wave.open(str(path), "rb") as source:
        assert source.getnchannels() == 2
        assert source.getframerate() == RATE
        both = np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16).reshape(-1, 2)
    return both[:, 0].astype(np.float64), both[:, 1].astype(np.float64)


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
