"""What became of every journey, to be read by people."""

from tests.conformance.journeys import JOURNEYS, Report
from tests.conformance.matrix import CHANNELS, PROVIDERS, Matrix


def table(ran: Matrix) -> list[str]:
    """A heading, then channels and providers down and journeys across; the first sound in ms after dialling."""
    lines = [
        f"conformance: {len(ran.results)} pairs in {ran.seconds:.0f} s",
        " ".join([f"{'channel':9}", f"{'provider':10}", *JOURNEYS, "| first sound", "stopped after"]),
    ]
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
