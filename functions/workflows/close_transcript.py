"""Step of the work after a call: what was still growing when the call ended is final from now on."""

from typing import Any

from functions.workflows.task import run
from shared.contracts.records.after_call import Step


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Lambda entry."""
    return run(Step.CLOSE_TRANSCRIPT, event)
