"""Emulated AWS with the work after calls on it, built once for these tests."""

import logging
from collections.abc import Iterator

import pytest
from moto import mock_aws

from functions.workflows import task
from tests.functions.workflows.closing_world import World


@pytest.fixture(scope="module")
def built() -> Iterator[World]:
    """The world; every test puts a fresh call into it."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        made = World()
        patch.setattr(task, "closing_ports", lambda: made.ports)
        task.log.setLevel(logging.CRITICAL)
        yield made


@pytest.fixture
def world(built: World) -> World:
    """The world with an ended call."""
    built.company.status, built.model.varies = 204, False
    built.fresh()
    return built
