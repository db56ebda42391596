"""One platform, one run of the matrix, and its table at the end of the test run."""

import asyncio
from collections.abc import Iterator

import pytest

from infra.local import aws
from tests.conformance.journeys import JOURNEYS, Report
from tests.conformance.matrix import CHANNELS, PROVIDERS, Matrix
from tests.e2e.conftest import start_platform, stop_platform

RAN = pytest.StashKey[Matrix]()
TOOL_SECONDS = "1.6"
"""So slow are tools that the caller is told to wait."""


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Matrix]:
    """All calls, made once."""
    folder = tmp_path_factory.mktemp("conformance")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMULATED_TOOL_SECONDS", TOOL_SECONDS)
        for name, value in aws.CREDENTIALS.items():
            patch.setenv(name, value)
        process, running = start_platform(folder / "data", patience=180)
        try:
            ran = Matrix(running, folder)
            asyncio.run(ran.run())
            pytestconfig.stash[RAN] = ran
            yield ran
        finally:
            stop_platform(process, running.data)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what became of every journey."""
    ran = config.stash.get(RAN, None)
    if ran is None:
        return
    pace = f"everything taking {ran.stretch:.1f} times as long as alone"
    terminalreporter.section(f"conformance: {len(ran.results)} pairs in {ran.seconds:.0f} s, {pace}")
    for line in table(ran):
        terminalreporter.write_line(line)


def table(ran: Matrix) -> list[str]:
    """Channels and providers down, journeys across; the first sound in ms after dialling."""
    lines = [" ".join([f"{'channel':9}", f"{'provider':10}", *JOURNEYS, "| first sound", "stopped after"])]
    for channel in CHANNELS:
        for provider in PROVIDERS:
            report = ran.results[channel, provider]
            cells = [_verdict(report, name).ljust(len(name)) for name in JOURNEYS]
            first, stopped = (
                "-" if ms is None else f"{ms:.0f} ms" for ms in (report.first_sound_ms, report.stopped_ms)
            )
            lines.append(" ".join([f"{channel.value:9}", f"{provider:10}", *cells, f"| {first:>11}", f"{stopped:>13}"]))
    return lines


def _verdict(report: Report, journey: str) -> str:
    if journey not in report.outcomes:
        return "-"
    return "ok" if report.outcomes[journey] is None else "FAILED"
