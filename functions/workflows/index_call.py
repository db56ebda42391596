"""Step of the work after a call: what was said is handed to the transcript search."""

from typing import Any

from functions.workflows.task import run
from shared.contracts.records.after_call import Step


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Lambda entry."""
    return run(Step.INDEX, event)
