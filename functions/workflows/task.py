"""What the tasks of the workflow after calls have in common: their input, and what may be said of a failure."""

from typing import Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from functions.workflows.wiring import closing_ports
from shared.contracts.records.after_call import Step
from shared.services.call_closing import run_step

log = Logger(service="after_call")


class StepInput(BaseModel):
    """`give_up`: the step failed for good and the work goes on without it."""

    model_config = ConfigDict(extra="forbid")

    company_id: str = Field(min_length=1, max_length=64)
    call_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    give_up: bool = False


class StepFailed(Exception):
    """Names the kind of failure only: the workflow's history keeps what a task fails with, for 90 days."""


def run(step: Step, event: dict[str, Any]) -> dict[str, str]:
    """Do a step; returns its outcome. Raises StepFailed: the workflow asks again."""
    try:
        work = StepInput.model_validate(event)
        outcome = run_step(closing_ports(), step, work.company_id, work.call_id, give_up=work.give_up)
    except Exception as error:
        log.warning("step failed", extra={"step": step.value, "kind": type(error).__name__})
        raise StepFailed(type(error).__name__) from None
    if outcome == "given_up":
        log.error("step given up", extra={"step": step.value, "call_id": work.call_id})
    return {"outcome": outcome}
