"""The webhooks over a small installation."""

import pytest

from tests.functions.webhooks.carriers import Carriers
from tests.services.carrier_world import CarrierWorld
from tests.services.world import World


@pytest.fixture
def carriers(world: World) -> Carriers:
    """Twilio and Meta, calling us."""
    return Carriers(CarrierWorld(world).with_accounts())
