"""The sound formats of the OpenAI stand-in: PCM16 at 24 kHz, or µ-law at 8 kHz as phone calls have it."""

from typing import Any

from media_tier.audio import g711
from media_tier.audio.resampling import Resampler

PCM = {"type": "audio/pcm", "rate": 24_000}
PCMU = {"type": "audio/pcmu"}
FORMATS = (PCM, PCMU)


class WireSound:
    """One connection's sound on its way in and out; within the stand-in it is PCM16 at 24 kHz."""

    def __init__(self) -> None:
        self._up, self._down = Resampler(8_000, 24_000), Resampler(24_000, 8_000)

    def heard(self, config: dict[str, Any], data: bytes) -> bytes:
        """What the client sent."""
        return self._up.push(g711.decode(data)) if config["audio"]["input"]["format"] == PCMU else data

    def spoken(self, config: dict[str, Any], pcm: bytes) -> bytes:
        """What is sent to the client."""
        return g711.encode(self._down.push(pcm)) if config["audio"]["output"]["format"] == PCMU else pcm
