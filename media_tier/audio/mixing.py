"""Two mono channels side by side. Pure; sizes in bytes of PCM16 little-endian."""

import numpy as np


def interleave(left: bytes | bytearray, right: bytes | bytearray) -> bytes:
    """One stereo stream of two equally long mono ones."""
    stereo = np.empty((len(left) // 2, 2), dtype="<i2")
    stereo[:, 0] = np.frombuffer(left, dtype="<i2")
    stereo[:, 1] = np.frombuffer(right, dtype="<i2")
    return stereo.tobytes()


def split(stereo: bytes) -> tuple[bytes, bytes]:
    """The two channels of a stereo stream."""
    frames = np.frombuffer(stereo, dtype="<i2").reshape(-1, 2)
    return frames[:, 0].tobytes(), frames[:, 1].tobytes()
