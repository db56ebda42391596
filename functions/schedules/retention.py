"""Scheduled daily: deletes what companies keep no longer. Asked with `preview` it only counts, for one company."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from functions.wiring import retention_ports
from shared.services.retention import due_calls, erase, preview

log = Logger(service="retention")

RUN_TIME = timedelta(minutes=12)
"""Less than a function may run; what is left then is the next run's."""


class RetentionInput(BaseModel):
    """`preview` is a company's id."""

    model_config = ConfigDict(extra="ignore")

    preview: str | None = Field(default=None, min_length=1, max_length=64)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry; returns how many calls were erased, how many could not be, and whether more are waiting."""
    ports, asked = retention_ports(), RetentionInput.model_validate(event)
    if asked.preview is not None:
        due = preview(ports, asked.preview)
        return {"due": sum(due.values()), "chatbots": dict(due)}
    until, erased, failed = ports.now() + RUN_TIME, 0, 0
    for found in due_calls(ports):
        if ports.now() >= until:
            log.warning("retention is not done", extra={"erased": erased})
            return {"erased": erased, "failed": failed, "more": True}
        try:
            erased += erase(ports, found)
        except Exception:  # one call that cannot be erased must not keep the others
            log.exception("call not erased", extra={"call_id": found.call.call_id})
            failed += 1
    log.info("retention is done", extra={"erased": erased, "failed": failed})
    return {"erased": erased, "failed": failed, "more": False}
