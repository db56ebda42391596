"""Time stamps inside sound: how the load generator and the provider stand-in measure each other's delay.

Both run on one machine, so one monotonic clock serves both. A stamp lies at the start of a chunk; a server that cuts
sound elsewhere makes stamps be missed, never misread.
"""

import time

import pybase64

_MAGIC = b"\x5a\xa5\x13\x37\xc0\xde\x77\x01"
STAMP_BYTES = 16


def stamped(size: int) -> bytes:
    """`size` bytes of sound that say when they were made."""
    return _MAGIC + time.monotonic_ns().to_bytes(8) + bytes(size - STAMP_BYTES)


def age_ms(data: bytes | memoryview) -> float | None:
    """Milliseconds since this base64 chunk was stamped, None without a stamp at its start."""
    head = pybase64.b64decode(bytes(data[:24]))
    if head[:8] != _MAGIC:
        return None
    return (time.monotonic_ns() - int.from_bytes(head[8:16])) / 1e6


def percentile(values: list[float], share: float) -> float:
    """A percentile in the values' unit, 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def summary(values: list[float]) -> dict[str, float]:
    """What is reported of a list of delays in milliseconds."""
    return {"count": len(values), "p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}
