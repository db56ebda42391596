"""What differs between stages, typed. A stage is deployed whole; two of them share nothing but the hosted zone.

Values that belong to one AWS account (hosted zone, whom alarms tell) come from `infra/stages/<name>.json`, which is not
secret. Invariant: a stage that does not validate is not synthesised.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

STAGES = Path(__file__).parent / "stages"
DOMAIN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
StageName = Literal["dev", "prod"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MediaSizes(_Part):
    """The media service. What one task carries is measured: see infra/capacity.json."""

    minimum_tasks: Annotated[int, Field(ge=1, le=100)]
    maximum_tasks: Annotated[int, Field(ge=1, le=500)]
    target_use: Annotated[float, Field(ge=0.3, le=0.8)] = 0.65
    """Share of a task's capacity at which another task is started: two minutes of growth must fit above it."""
    protection_minutes: Annotated[int, Field(ge=60, le=2880)] = 190
    """Longer than the longest call (three hours), so that no deployment ends one."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.maximum_tasks < self.minimum_tasks:
            raise ValueError("maximum_tasks is below minimum_tasks")
        return self


class FunctionSizes(_Part):
    """Lambda. Memory buys CPU, which is what cold starts need."""

    memory_mb: Annotated[int, Field(ge=256, le=10_240)] = 1024
    timeout_seconds: Annotated[int, Field(ge=3, le=29)] = 15
    """An HTTP API gives up after 30 s."""
    worker_timeout_seconds: Annotated[int, Field(ge=30, le=900)] = 300


class Retention(_Part):
    """How long things are kept, in days. Companies' own rules are shorter and the application's business."""

    log_days: Literal[7, 14, 30, 90, 180, 365]
    access_log_days: Annotated[int, Field(ge=30, le=3650)] = 90
    recording_days: Annotated[int, Field(ge=365, le=3650)] = 3650
    """The net under the daily deletion job: longer than any rule a company can choose except "indefinite"."""
    segment_days: Annotated[int, Field(ge=2, le=90)] = 30
    """Pieces that were never put together into a recording."""
    keep_data: bool
    """Whether tables, buckets and keys outlive the stack."""


class AlarmSettings(_Part):
    """Whom alarms tell, and from when on."""

    email: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()
    provider_failures_per_5_minutes: Annotated[int, Field(ge=1)] = 5
    api_errors_per_5_minutes: Annotated[int, Field(ge=1)] = 5
    api_p99_ms: Annotated[int, Field(ge=100)] = 3000
    queue_age_seconds: Annotated[int, Field(ge=30)] = 300
    monthly_budget_usd: Annotated[int, Field(ge=1)] = 500


class Stage(_Part):
    """One stage."""

    name: StageName
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
    availability_zones: Annotated[tuple[str, ...], Field(min_length=2, max_length=4)]
    domain: Annotated[str, Field(pattern=DOMAIN)]
    """The one domain people, carriers and widgets use."""
    hosted_zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]{5,32}$")]
    hosted_zone_name: Annotated[str, Field(pattern=DOMAIN)]
    cloudfront_prefix_list: Annotated[str, Field(pattern=r"^pl-[0-9a-f]{8,17}$")]
    """CloudFront's origin-facing addresses in this region: `aws ec2 describe-managed-prefix-lists --filters
    Name=prefix-list-name,Values=com.amazonaws.global.cloudfront.origin-facing`."""
    simulation: bool = False
    """Calls are answered by the simulated model: no provider keys, no provider cost."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    media: MediaSizes
    functions: FunctionSizes = FunctionSizes()
    retention: Retention
    alarms: AlarmSettings = AlarmSettings()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.domain != self.hosted_zone_name and not self.domain.endswith("." + self.hosted_zone_name):
            raise ValueError("domain is not in the hosted zone")
        if any(not zone.startswith(self.region) for zone in self.availability_zones):
            raise ValueError("an availability zone is in another region")
        if self.name == "prod" and (self.simulation or not self.retention.keep_data):
            raise ValueError("production neither simulates calls nor loses data with its stacks")
        return self

    @property
    def public_base_url(self) -> str:
        """What carriers, widgets and people reach the platform by."""
        return f"https://{self.domain}"

    @property
    def media_origin(self) -> str:
        """The name of the media load balancer, which only CloudFront uses."""
        return f"media-origin.{self.domain}"

    @property
    def prefix(self) -> str:
        """Begins the names of everything in this stage."""
        return f"calls-{self.name}"


def read_stage(name: str) -> Stage:
    """The stage of this name; raises FileNotFoundError or ValidationError."""
    return Stage.model_validate(json.loads((STAGES / f"{name}.json").read_text()))
