"""Every journey on every channel with every provider; all calls were made before, at once (see the fixture)."""

import pytest

from shared.contracts.records.call import Channel
from tests.conformance.journeys import JOURNEYS
from tests.conformance.matrix import CHANNELS, PROVIDERS, Matrix

pytestmark = pytest.mark.platform


@pytest.mark.parametrize("journey", JOURNEYS)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_journey(matrix: Matrix, channel: Channel, provider: str, journey: str) -> None:
    outcome = matrix.results[channel, provider].outcomes.get(journey, "the call did not come so far")
    assert outcome is None, outcome
