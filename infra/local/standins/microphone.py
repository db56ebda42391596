"""A browser's microphone on its way into a stand-in's line."""

PATIENT_MS = 60
QUIET = 300
"""Nothing louder (of 32768) is silence."""


def is_left_out(pcm: bytes, waiting_ms: float) -> bool:
    """Whether this silence is dropped because sound waits already: who stalled once is not late for the whole call."""
    if waiting_ms <= PATIENT_MS:
        return False
    return max(map(abs, memoryview(pcm[: len(pcm) & ~1]).cast("h")), default=0) < QUIET
