"""How good a connection is, from what the caller's side measured."""

GOOD_RTT_MS = 150
FAIR_RTT_MS = 400


def quality_level(rtt_ms: float, underruns: int) -> str:
    """good, fair or poor."""
    if rtt_ms < GOOD_RTT_MS and underruns == 0:
        return "good"
    return "fair" if rtt_ms < FAIR_RTT_MS else "poor"
