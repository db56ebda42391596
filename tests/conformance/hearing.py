"""What a caller heard, whatever the channel: pieces of PCM16 at 24 kHz with the moment each was heard.

Sound is compared at 8 kHz, which every channel carries, half a second by half a second, so that a hiccup of a busy
machine costs that half second only, or not even that: its halves may lie some frames apart. A sentence counts as heard
where most of its rendering correlates with what came out; other speech is alike by about a half.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from tests.e2e.sound import Samples, samples

RATE = 24_000
BAND = 8_000
LOUD = 300
"""Louder samples (of 32768) are sound, not the noise of a codec."""
SAME = 0.7
FRAME = BAND // 50
APART = range(-3, 16)
"""By how many frames of 20 ms the halves of half a second may have moved apart: frames that were late or lost."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Sound that was heard, when it began to be (monotonic seconds), and whether it is more than silence."""

    at: float
    pcm: bytes
    loud: bool


class Ear:
    """Keeps what was heard; what is asked ten times a second is found without going through it all."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._loud_at: list[float] = []

    def hear(self, at: float, pcm: bytes) -> None:
        """The next piece."""
        loud = bool(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)).max(initial=0) > LOUD)
        self.pieces.append(Piece(at, pcm, loud))
        if loud:
            self._loud_at.append(at)

    def since(self, at: float) -> list[Piece]:
        """What was heard since."""
        return self.pieces[bisect_left(self.pieces, at, key=lambda piece: piece.at) :]

    def first_sound(self, since: float) -> float | None:
        """When sound began again."""
        place = bisect_left(self._loud_at, since)
        return self._loud_at[place] if place < len(self._loud_at) else None

    def last_sound(self, since: float) -> float | None:
        """When there was sound for the last time, if there was any since."""
        return self._loud_at[-1] if self._loud_at and self._loud_at[-1] >= since else None


def narrow(pcm: bytes | Samples) -> Samples:
    """At 8 kHz."""
    wide = samples(pcm) if isinstance(pcm, bytes) else pcm
    return np.asarray(soxr.resample(wide, RATE, BAND), dtype=np.float64)


def likeness(heard: Samples, truth: Samples) -> float:
    """How alike what was heard is to a sentence, both at 8 kHz: the median over its pieces, each at its best place."""
    size = BAND // 2
    pieces = [truth[at : at + size] for at in range(0, max(1, len(truth) - size + 1), size)]
    scores = [_halves_alike(heard, piece) for piece in pieces if np.abs(piece).mean() > 100]
    return float(np.median(scores)) if scores else 0.0


def _halves_alike(heard: Samples, piece: Samples) -> float:
    """How alike a piece is at its best place, whole or with its halves some frames apart."""
    whole, half = _alike(heard, piece), len(piece) // 2
    best = float(np.max(whole))
    if best > SAME:
        return best
    first, second = _alike(heard, piece[:half]), _alike(heard, piece[half:])
    for frames in APART:
        later = second[half + frames * FRAME :]
        both = (first[: len(later)] + later[: len(first)]) / 2
        best = max(best, float(np.max(both, initial=0)))
    return best


def place(heard: Samples, truth: Samples) -> float:
    """Where a sentence begins that was heard, in seconds."""
    return int(np.argmax(_alike(heard, truth[: 2 * BAND]))) / BAND


def _alike(heard: Samples, piece: Samples) -> Samples:
    """The correlation at every place; what is as good as silent is like nothing."""
    size, lags = len(piece), len(heard) - len(piece) + 1
    if lags < 1:
        return np.zeros(1)
    length = 1 << (len(heard) + size).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(piece, length)), length)[:lags]
    energy = np.concatenate(([0.0], np.cumsum(heard**2)))
    window = np.maximum(energy[size:] - energy[:-size], size * 50.0**2)
    return np.asarray(product / np.sqrt(window * np.sum(piece**2)), dtype=np.float64)


def joined(pieces: Sequence[Piece]) -> Samples:
    """Pieces one after another, at 8 kHz."""
    return narrow(b"".join(piece.pcm for piece in pieces)) if pieces else np.zeros(1)


def onset(pcm: bytes) -> float:
    """Seconds from the beginning of a rendering to its first sound."""
    loud = np.flatnonzero(np.abs(samples(pcm)) > LOUD)
    return float(loud[0]) / RATE if len(loud) else 0.0


def loud_seconds(pieces: Sequence[Piece]) -> float:
    """From the first sound to the last, in seconds of sound."""
    loud = [index for index, piece in enumerate(pieces) if piece.loud]
    if not loud:
        return 0.0
    return sum(len(piece.pcm) for piece in pieces[loud[0] : loud[-1] + 1]) / 2 / RATE
