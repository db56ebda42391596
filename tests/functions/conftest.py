"""Emulated AWS for these tests."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.services.world import World, build


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh installation."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield build()
