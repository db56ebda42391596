"""µ-law (ITU-T G.711) to PCM16 and back by table, for telephone carriers. Pure.

µ-law is one byte for each sample, PCM16 little-endian two. Invariant: encoding what was decoded gives the same sound
(the two zeros of µ-law become one).
"""

import numpy as np
from numpy.typing import NDArray

SILENCE = b"\xff"
"""One sample of nothing."""

_BIAS = 132
_CLIP = 32_635


def _decoding() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code >> 4) & 7)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


def _encoding() -> NDArray[np.uint8]:
    """Indexed by a PCM16 sample read as unsigned."""
    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(sample), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(sample < 0, 0x80, 0)
    code: NDArray[np.uint8] = (~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8)
    return code


_DECODED = _decoding()
_ENCODED = _encoding()


def samples(mulaw: bytes) -> NDArray[np.int16]:
    """The samples of this µ-law."""
    return _DECODED[np.frombuffer(mulaw, np.uint8)]


def decode(mulaw: bytes) -> bytes:
    """PCM16 of this µ-law, twice as many bytes."""
    return samples(mulaw).tobytes()


def encode_samples(pcm: NDArray[np.int16]) -> bytes:
    """µ-law of these samples."""
    return _ENCODED[pcm.view(np.uint16)].tobytes()


def encode(pcm: bytes) -> bytes:
    """µ-law of this PCM16, half as many bytes; an odd number of bytes raises ValueError."""
    return _ENCODED.take(np.frombuffer(pcm, "<u2")).tobytes()
