"""Time stamps that survive a telephone: short pulses whose signs are bits, readable after µ-law and resampling.

A stamp is 8.5 ms at the start of a chunk, a pulse of half a millisecond for each bit, which a telephone's band carries.
It says when the chunk was made, on the one monotonic clock of this machine. Read back, it tells how old the message is,
and how far into it the sound has moved, which is what a filter adds.
"""

import time
from dataclasses import dataclass

from media_tier.audio import g711

_PULSES_PER_SECOND = 2_000
_BITS = 16
_UNITS_PER_MS = 10
_LEVEL = 16_000
_HALF = 0x20
"""The high byte of half of that: where a pulse begins, however soft its edge became."""


@dataclass(frozen=True)
class Sound:
    """Mono sound on a wire: samples a second, and whether they are µ-law or PCM16."""

    rate: int
    mulaw: bool = False

    @property
    def width(self) -> int:
        """Bytes a sample."""
        return 1 if self.mulaw else 2

    def level(self, level: int, samples: int) -> bytes:
        """So many equal samples."""
        pcm = level.to_bytes(2, "little", signed=True) * samples
        return g711.encode(pcm) if self.mulaw else pcm


MULAW, PCM_16K, PCM_24K = Sound(8_000, mulaw=True), Sound(16_000), Sound(24_000)


def _is_loud(high: int) -> bool:
    return _HALF <= high < 0x100 - _HALF


_LINEAR = bytes(g711.decode(bytes([code]))[1] for code in range(256))
"""The high byte of each µ-law code's sample."""
_LOUD = bytes(_is_loud(high) for high in range(256))


class Stamps:
    """Writes and reads the stamps of one kind of sound, in chunks of one length."""

    def __init__(self, sound: Sound, chunk_ms: int) -> None:
        self._sound, self._step = sound, sound.rate // _PULSES_PER_SECOND
        self.chunk_bytes = chunk_ms * sound.rate // 1000 * sound.width
        pulses = {bit: sound.level(_LEVEL if bit == "1" else -_LEVEL, self._step) for bit in "01"}
        self._octets = [b"".join(pulses[bit] for bit in f"{octet:08b}") for octet in range(256)]
        self._head = pulses["1"]
        stamp = self._step * (1 + _BITS) * sound.width
        self._tail = sound.level(0, (self.chunk_bytes - stamp) // sound.width)

    def chunk(self) -> bytes:
        """A chunk that says when it was made."""
        now = _now()
        return b"".join((self._head, self._octets[now >> 8], self._octets[now & 0xFF], self._tail))

    def read(self, data: bytes) -> tuple[float, float] | None:
        """(ms since the first stamp in here was made, ms of sound before it); None without a whole one."""
        highs = data.translate(_LINEAR) if self._sound.mulaw else data[1::2]
        at = highs.translate(_LOUD).find(1)
        middles = highs[at + self._step // 2 :: self._step][1 : _BITS + 1]
        if at < 0 or len(middles) < _BITS:
            return None
        made = 0
        for high in middles:
            made = made << 1 | (high < 0x80)
        return (_now() - made & 0xFFFF) / _UNITS_PER_MS, at * 1000 / self._sound.rate


def _now() -> int:
    return time.monotonic_ns() * _UNITS_PER_MS // 1_000_000 & 0xFFFF
