"""Step of the work after a call: the caller gets transcript and survey by WhatsApp, where the company wants that."""

from typing import Any

from functions.workflows.task import run
from shared.contracts.records.after_call import Step


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Lambda entry."""
    return run(Step.MESSAGE, event)
