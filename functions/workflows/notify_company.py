"""Step of the work after a call: the company's own system is told, by a signed message."""

from typing import Any

from functions.workflows.task import run
from shared.contracts.records.after_call import Step


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Lambda entry."""
    return run(Step.NOTIFY, event)
