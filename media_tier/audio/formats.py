"""What the sound of a call is made of. Pure.

A call has one format, that of its leg and its recording; a provider that cannot speak it gets its own (bridge.phone_*).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Mono sound: samples a second, and bytes for each."""

    rate: int
    width: int

    @property
    def bytes_per_ms(self) -> int:
        """Bytes of a millisecond."""
        return self.rate * self.width // 1000


PCM_24K = AudioFormat(24_000, 2)
"""PCM16 little-endian, the house's own."""
MULAW_8K = AudioFormat(8_000, 1)
"""G.711 µ-law, the telephone's."""
