"""Scheduled: tells CloudWatch how many calls the media processes hold. Scaling and alarms go by it.

Heartbeats are the one place where all processes are seen at once: a process that died drops out of the average
instead of keeping its last value.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.wiring import environment, media_tasks, now
from shared.contracts.records.call import MediaTask

NAMESPACE = "Calls"
ALIVE = timedelta(seconds=20)
"""Four heartbeats."""


def handler(event: dict[str, Any], context: Any) -> dict[str, float]:
    """Lambda entry; writes one line in CloudWatch's embedded metric format and returns what it holds."""
    at = now()
    values = measured(media_tasks().all(), at)
    print(json.dumps(embedded(values, environment().stage, at)))
    return values


def measured(tasks: Sequence[MediaTask], at: datetime) -> dict[str, float]:
    """Calls, living tasks, those of them that take new calls, and the calls of each of the latter on average."""
    living = [task for task in tasks if at - task.heartbeat_at <= ALIVE]
    open_ = [task for task in living if not (task.draining or task.retiring)]
    return {
        "ActiveCalls": sum(task.calls for task in living),
        "Tasks": len(living),
        "OpenTasks": len(open_),
        "CallsPerTask": sum(task.calls for task in open_) / len(open_) if open_ else 0.0,
    }


def embedded(values: dict[str, float], stage: str, at: datetime) -> dict[str, Any]:
    """The line; the format is specified in CloudWatch's user guide under "Embedded metric format"."""
    metrics = [{"Name": name, "Unit": "Count"} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["stage"]], "Metrics": metrics}
    return {
        "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        "stage": stage,
        **values,
    }
