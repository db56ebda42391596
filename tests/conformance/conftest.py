"""One platform and one run of the matrix."""

import asyncio
from collections.abc import Iterator

import pytest

from infra.local import aws
from tests.conformance.matrix import Matrix
from tests.e2e.conftest import start_platform, stop_platform

TOOL_SECONDS = "1.6"
"""So slow are tools that the caller is told to wait."""


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """All calls, made once."""
    folder = tmp_path_factory.mktemp("conformance")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMULATED_TOOL_SECONDS", TOOL_SECONDS)
        for name, value in aws.CREDENTIALS.items():
            patch.setenv(name, value)
        process, running = start_platform(folder / "data")
        try:
            ran = Matrix(running, folder)
            asyncio.run(ran.run())
            yield ran
        finally:
            stop_platform(process, running.data)
