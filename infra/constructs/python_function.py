"""One Lambda function of the `functions` folder: thin code, the shared layer, a role of its own, logs that end."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct
from pydantic import BaseModel

from infra.constructs.environment import variables
from infra.package.functions import environments_read, package_function
from infra.stage import Stage

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64


def retention(stage: Stage) -> logs.RetentionDays:
    """How long logs are kept."""
    return {
        7: logs.RetentionDays.ONE_WEEK,
        14: logs.RetentionDays.TWO_WEEKS,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
        180: logs.RetentionDays.SIX_MONTHS,
        365: logs.RetentionDays.ONE_YEAR,
    }[stage.retention.log_days]


def log_group(scope: Construct, name: str, stage: Stage, key: kms.IKey, path: str) -> logs.LogGroup:
    """An encrypted log group that forgets."""
    return logs.LogGroup(
        scope,
        name,
        log_group_name=f"/{stage.prefix}/{path}",
        retention=retention(stage),
        encryption_key=key,
        removal_policy=RemovalPolicy.DESTROY,
    )


@dataclass(frozen=True, slots=True)
class FunctionHouse:
    """What all functions of a stack share."""

    stage: Stage
    layer: lambda_.ILayerVersion
    speech: lambda_.ILayerVersion
    """For those that have chatbots speak."""
    logs_key: kms.IKey
    values: Mapping[str, object]
    """What functions may read of their environment; each is given what it reads."""
    secret: frozenset[str]
    """Fields no variable holds."""


class PythonFunction(Construct):
    """The function whose handler is `handler` in `module`, for example `functions.public_api.handler`."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        house: FunctionHouse,
        module: str,
        *,
        more: Mapping[str, object] | None = None,
        speaks: bool = False,
        seconds: int | None = None,
        extra: Mapping[str, Path] | None = None,
    ) -> None:
        super().__init__(scope, "".join(part.capitalize() for part in name.split("_")))
        stage = house.stage
        models = environments_read(module)
        given = variables(models, {**house.values, **(more or {})}, secret=_held(models, house.secret))
        self.name = name
        self.logs = log_group(self, "Logs", stage, house.logs_key, f"functions/{name}")
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.logs.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=f"{stage.prefix}-{name.replace('_', '-')}",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=lambda_.Code.from_asset(str(package_function(module, extra))),
            handler=f"{module}.handler",
            layers=[house.layer, *([house.speech] if speaks else [])],
            role=self.role,
            log_group=self.logs,
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            memory_size=stage.functions.memory_mb,
            timeout=Duration.seconds(seconds or stage.functions.timeout_seconds),
            environment={**given, "POWERTOOLS_SERVICE_NAME": name, "PYTHONDONTWRITEBYTECODE": "1"},
        )


def _held(models: tuple[type[BaseModel], ...], secret: frozenset[str]) -> frozenset[str]:
    return secret & {name for model in models for name in model.model_fields}
