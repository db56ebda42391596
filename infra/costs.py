"""What the platform costs on AWS, at idle and per 1,000 minutes of calls: `python -m infra.costs prod`.

Prices are list prices of us-east-1 in US dollars, without free tiers and discounts, as they were published when PRICED
was set: look them up again before a decision hangs on them. What providers and carriers charge is not in here; it is on
every call's record.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from infra.capacity import Capacity, read_capacity
from infra.stage import Stage, read_stage
from shared.domain.recording_layout import PIECE_MS, RATE

PRICED = "2026-03"
HOURS = 730.0
"""Of a month, as AWS counts."""
FARGATE_VCPU_HOUR, FARGATE_GB_HOUR = 0.03238, 0.00356
"""Linux on arm64."""
PUBLIC_IPV4_HOUR = 0.005
BALANCER_HOUR, BALANCER_LCU_HOUR = 0.0225, 0.008
LCU_CONNECTIONS, LCU_GB_PER_HOUR = 3000, 1.0
KEY_MONTH, SECRET_MONTH = 1.0, 0.40
WEB_ACL_MONTH, WEB_ACL_RULE_MONTH = 5.0, 1.0
ALARM_MONTH, DASHBOARD_MONTH, METRIC_MONTH = 0.10, 3.0, 0.30
ZONE_MONTH = 0.50
LAMBDA_GB_SECOND, LAMBDA_MILLION = 0.0000133334, 0.20
WRITE_MILLION, READ_MILLION = 0.625, 0.125
S3_GB_MONTH, S3_PUT_THOUSAND = 0.023, 0.005
CLOUDFRONT_GB, TRANSFER_OUT_GB = 0.085, 0.09
LOG_GB = 0.50

CALL_MINUTES = 3.0
"""Length of the call that prices are reckoned for."""
PCM_BYTES_PER_SECOND = 2 * RATE
"""Of one direction."""
WRITES_PER_MINUTE = 40
"""Transcript lines, usage and checkpoints, with their index entries."""
WRITES_PER_CALL, READS_PER_CALL = 60, 80
PIECES_PER_MINUTE = 60_000 / PIECE_MS
LAMBDA_SECONDS_PER_CALL = 4.0
"""Session, webhooks, closing the books."""
LOG_BYTES_PER_CALL = 20_000
HEARTBEATS_PER_MONTH = HOURS * 3600 / 5
ALARMS, METRICS, KEYS, SECRETS, RULES = 70, 8, 4, 2, 4


@dataclass(frozen=True, slots=True)
class Cost:
    """One line of the sheet, in US dollars."""

    what: str
    usd: float


def idle(stage: Stage, capacity: Capacity) -> list[Cost]:
    """A month in which nobody calls."""
    tasks, zones = stage.media.minimum_tasks, len(stage.availability_zones)
    minutely = 2 * HOURS * 60
    function_gb = stage.functions.memory_mb / 1024
    return [
        Cost("media processes", tasks * HOURS * _task_hour(capacity)),
        Cost("public addresses", (tasks + zones) * HOURS * PUBLIC_IPV4_HOUR),
        Cost("load balancer", HOURS * BALANCER_HOUR),
        Cost("keys and secrets", KEYS * KEY_MONTH + SECRETS * SECRET_MONTH),
        Cost("firewall", WEB_ACL_MONTH + RULES * WEB_ACL_RULE_MONTH),
        Cost("alarms, metrics, dashboard", ALARMS * ALARM_MONTH + METRICS * METRIC_MONTH + DASHBOARD_MONTH),
        Cost("heartbeats", tasks * HEARTBEATS_PER_MONTH * WRITE_MILLION / 1e6),
        Cost("schedules", minutely * (LAMBDA_MILLION / 1e6 + 0.2 * function_gb * LAMBDA_GB_SECOND)),
        Cost("name", ZONE_MONTH),
    ]


def per_thousand_minutes(stage: Stage, capacity: Capacity) -> list[Cost]:
    """1,000 minutes of web calls on processes as full as scaling keeps them, recordings kept for a month."""
    calls = 1000 / CALL_MINUTES
    task_hours = 1000 / 60 / (capacity.admitted * stage.media.target_use)
    gigabytes = 1000 * 60 * PCM_BYTES_PER_SECOND / 1e9
    function_gb = stage.functions.memory_mb / 1024
    writes = 1000 * WRITES_PER_MINUTE + calls * WRITES_PER_CALL
    connection_hours = 1000 / 60
    lcu = max(connection_hours / LCU_CONNECTIONS, 2 * gigabytes / LCU_GB_PER_HOUR)
    return [
        Cost("media processes", task_hours * (_task_hour(capacity) + PUBLIC_IPV4_HOUR)),
        Cost("load balancer", lcu * BALANCER_LCU_HOUR),
        Cost("sound to callers (CloudFront)", gigabytes * CLOUDFRONT_GB),
        Cost("sound to providers", gigabytes * TRANSFER_OUT_GB),
        Cost("tables", writes * WRITE_MILLION / 1e6 + calls * READS_PER_CALL * READ_MILLION / 1e6),
        Cost("pieces of recordings", 1000 * PIECES_PER_MINUTE * S3_PUT_THOUSAND / 1000),
        Cost("recordings kept a month", 2 * gigabytes * S3_GB_MONTH),
        Cost("functions", calls * LAMBDA_SECONDS_PER_CALL * function_gb * LAMBDA_GB_SECOND),
        Cost("logs", calls * LOG_BYTES_PER_CALL / 1e9 * LOG_GB),
    ]


def total(costs: Sequence[Cost]) -> float:
    """The sum, in US dollars."""
    return sum(cost.usd for cost in costs)


def sheet(stage: Stage, capacity: Capacity) -> str:
    """Both tables as text."""
    parts = [f"Stage {stage.name}, {capacity.cpu / 1024:g} vCPU and {capacity.memory_mb / 1024:g} GB a process,"
             f" {capacity.admitted} calls each; list prices of {PRICED}, us-east-1."]  # fmt: skip
    for title, costs in (
        (f"A month at idle ({stage.media.minimum_tasks} processes)", idle(stage, capacity)),
        (f"1,000 call minutes (calls of {CALL_MINUTES:g} min, processes {stage.media.target_use:.0%} full)",
         per_thousand_minutes(stage, capacity)),
    ):  # fmt: skip
        lines = [f"  {cost.what:<34}{cost.usd:>10.2f}" for cost in costs]
        parts.append("\n".join([title, *lines, f"  {'total, USD':<34}{total(costs):>10.2f}"]))
    return "\n\n".join(parts)


def _task_hour(capacity: Capacity) -> float:
    return capacity.cpu / 1024 * FARGATE_VCPU_HOUR + capacity.memory_mb / 1024 * FARGATE_GB_HOUR


if __name__ == "__main__":
    print(sheet(read_stage(sys.argv[1]), read_capacity()))
