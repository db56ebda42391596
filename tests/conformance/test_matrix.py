"""Every journey on every channel with every provider; all calls were made before, at once (see the fixture)."""

from collections.abc import Callable

import pytest

from shared.contracts.records.call import Channel
from tests.conformance.journeys import journeys_of
from tests.conformance.matrix import CHANNELS, PROVIDERS, Matrix
from tests.conformance.table import table

pytestmark = pytest.mark.platform

PROMPT_MS = 300.0
"""How soon sound stops after speech that interrupts began, where it need not wait for the machine."""
CELLS = [
    (channel, provider, journey) for channel in CHANNELS for provider in PROVIDERS for journey in journeys_of(channel)
]


@pytest.mark.parametrize(("channel", "provider", "journey"), CELLS)
def test_journey(matrix: Matrix, channel: Channel, provider: str, journey: str) -> None:
    outcome = matrix.results[channel, provider].outcomes.get(journey, "the call did not come so far")
    assert outcome is None, outcome


def test_every_channel_and_every_provider_stops_at_once(
    matrix: Matrix, record_property: Callable[[str, object], None]
) -> None:
    """Calls that all run at once keep each other waiting, so the best of each channel and each provider is judged."""
    record_property("table", table(matrix))
    best: dict[str, float] = {}
    for (channel, provider), report in matrix.results.items():
        for name in (channel.value, provider):
            stopped = float("inf") if report.stopped_ms is None else report.stopped_ms
            best[name] = min(stopped, best.get(name, float("inf")))
    assert all(ms <= PROMPT_MS for ms in best.values()), best
