"""Sample rate conversion of a live stream of PCM16 mono, for legs and providers that do not speak 24 kHz. Pure.

A short polyphase FIR instead of soxr, which delivers in blocks: fed 20 ms frames it holds back 20 to 75 ms at every
quality fit for speech; this filter delays by less than 5 ms. Invariant: the output does not depend on how the input is
cut into chunks, bit for bit, because the coefficients are integers and their sums stay exact in float64.
"""

from functools import lru_cache
from math import gcd, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Slope(NamedTuple):
    """How a filter falls: shares of the lower rate's band that pass unharmed, and from which on nothing passes."""

    passes: float
    stops: float
    decibels: float


STEEP = Slope(0.875, 1.0, 70.0)
SCALE = 2**20
"""Coefficients are integers of this unit: 2^20 * 2^15 * taps stays far below float64's 2^53."""

STEPS_AT_ONCE = 8
"""At most 1 ms of sound between 8, 16, 24 and 48 kHz, and a divisor of 20 ms frames; measured, it halves the cost."""

_NOTHING = np.empty(0, np.int16)
_Matrix = NDArray[np.float64]


class Resampler:
    """One direction of one stream. `delay_ms` is what the filter adds."""

    def __init__(self, source_rate: int, target_rate: int) -> None:
        """Rates in Hz, different from each other and with a small ratio, such as 24000 and 16000."""
        self._matrix, self._down, self.delay_ms = _design(source_rate, target_rate, STEEP)
        self._width = self._matrix.shape[0]
        # Silence before the first sample, so that output begins with the first input.
        self._held: NDArray[np.float64] = np.zeros(self._width - self._down)
        self._odd = b""

    def push(self, pcm: bytes) -> bytes:
        """Convert more of the stream; what does not yet fill an output step is kept."""
        data = self._odd + pcm if self._odd else pcm
        whole = len(data) & ~1
        self._odd = data[whole:]
        return self.convert(np.frombuffer(data[:whole], "<i2")).tobytes()

    def convert(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """The same for samples. Written for small chunks, where every call of numpy costs more than its arithmetic."""
        signal: NDArray[np.float64] = np.concatenate((self._held, samples))
        steps = (len(signal) - self._width) // self._down + 1
        if steps <= 0:
            self._held = signal
            return _NOTHING
        self._held = signal[steps * self._down :].copy()
        windows: NDArray[np.float64] = np.ndarray((steps, self._width), np.float64, signal, 0, (self._down * 8, 8))
        mixed = windows @ self._matrix
        np.rint(mixed, out=mixed)
        np.maximum(mixed, -32768, out=mixed)
        np.minimum(mixed, 32767, out=mixed)
        return mixed.ravel().astype(np.int16)


@lru_cache(maxsize=16)
def _design(source_rate: int, target_rate: int, slope: Slope) -> tuple[_Matrix, int, float]:
    """The filter as a matrix (window of inputs x outputs of one step), inputs per step, and the delay in ms.

    The filter takes `down` inputs for `up` outputs, a step does that STEPS_AT_ONCE times. Low-pass by a Kaiser window
    (Kaiser 1974).
    """
    common = gcd(source_rate, target_rate)
    up, down = target_rate // common, source_rate // common
    if up == down or up * down > 64:
        raise ValueError(f"cannot resample from {source_rate} to {target_rate} Hz")
    inner_rate, edge = source_rate * up, min(source_rate, target_rate) / 2
    width = 2 * pi * edge * (slope.stops - slope.passes) / inner_rate
    taps = int(np.ceil((slope.decibels - 8) / (2.285 * width))) | 1
    middle = edge * (slope.passes + slope.stops) / 2
    times = np.arange(taps) - taps // 2
    low_pass = np.sinc(2 * middle / inner_rate * times) * np.kaiser(taps, 0.1102 * (slope.decibels - 8.7))
    low_pass *= up / low_pass.sum()
    behind = -(-taps // up)
    matrix = np.zeros((behind - 1 + down, up))
    for output in range(up):
        # Output `output` of a step lies at inner sample output * down; input i of the window at (i - behind + 1) * up.
        for row in range(matrix.shape[0]):
            tap = output * down - (row - behind + 1) * up
            if 0 <= tap < taps:
                matrix[row, output] = low_pass[tap]
    # In units of the output again: dividing by a power of two keeps every sum exact.
    return _tiled(np.rint(matrix * SCALE) / SCALE, down), down * STEPS_AT_ONCE, 1000 * (taps // 2) / inner_rate


def _tiled(matrix: _Matrix, down: int) -> _Matrix:
    """Several steps side by side, each `down` inputs later: far fewer and fuller rows to multiply."""
    width, up = matrix.shape
    tiled = np.zeros((width + down * (STEPS_AT_ONCE - 1), up * STEPS_AT_ONCE))
    for step in range(STEPS_AT_ONCE):
        tiled[step * down : step * down + width, step * up : (step + 1) * up] = matrix
    return tiled
