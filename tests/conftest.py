"""Fixtures every test may ask for, and the tables that tests have to show."""

import pytest
from hypothesis import settings

from tests.platform import aws_server, cloud

__all__ = ["aws_server", "cloud"]

settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each list of lines that a test recorded as its property `table`, the first line as heading.

    Properties travel with a test's report, so that tables of xdist's workers come to be printed, too.
    """
    reports = [report for found in terminalreporter.stats.values() for report in found]
    for report in reports:
        if getattr(report, "when", "") != "call":
            continue
        for heading, *lines in (value for name, value in report.user_properties if name == "table"):
            terminalreporter.section(heading)
            for line in lines:
                terminalreporter.write_line(line)
