"""Step of the work after a call: everything is done; the call leaves the list of those that are still open."""

from typing import Any

from functions.workflows.task import run
from shared.contracts.records.after_call import Step


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Lambda entry."""
    return run(Step.COMPLETE, event)
