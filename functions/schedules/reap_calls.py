"""Scheduled: close calls that nobody will close."""

from typing import Any

from aws_lambda_powertools import Logger

from functions.wiring import reaping_ports
from shared.services.reaping import reap

log = Logger(service="reap_calls")


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Lambda entry; returns how many calls were closed."""
    closed = reap(reaping_ports())
    if closed:
        log.info("calls reaped", extra={"calls": closed})
    return {"closed": closed}
