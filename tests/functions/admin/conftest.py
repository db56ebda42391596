"""An administration over a fresh installation."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.functions.admin.console import Console, enlist
from tests.services.world import World, build


@pytest.fixture
def console(world: World) -> Iterator[Console]:
    """The administration, everybody enlisted."""
    enlist(world)
    console = Console(world)
    yield console
    console.close()


@pytest.fixture(scope="module")
def steady() -> Iterator[Console]:
    """One administration for many tests: for those that change nothing."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        world = build()
        enlist(world)
        console = Console(world)
        yield console
        console.close()
