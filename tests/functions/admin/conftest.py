"""An administration over a fresh installation."""

from collections.abc import Iterator

import pytest

from tests.functions.admin.console import Console, enlist
from tests.services.world import World


@pytest.fixture
def console(world: World) -> Iterator[Console]:
    """The administration, everybody enlisted."""
    enlist(world)
    console = Console(world)
    yield console
    console.close()
