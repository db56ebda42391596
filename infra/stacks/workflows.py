"""What happens without anybody waiting: queue consumers and schedules."""

from aws_cdk import Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.constructs import access
from infra.constructs.environment import variables
from infra.constructs.python_function import FunctionHouse, PythonFunction
from infra.constructs.storage import WorkQueue
from infra.stacks.data import DataStack
from infra.stacks.environments import carrier_values, function_values
from infra.stage import Stage
from shared.contracts.environment import CarrierEnvironment, FunctionEnvironment

PIECES = ("segments", "recordings")
METRICS = "Calls"
"""The namespace of functions.schedules.measure_calls."""


class WorkflowsStack(Stack):
    """Closing calls, placing calls, reaping and measuring them."""

    def __init__(self, scope: Construct, name: str, stage: Stage, data: DataStack, house: FunctionHouse) -> None:
        super().__init__(scope, name, env=Environment(region=stage.region))
        self._stage, self._data, self._house = stage, data, house
        self.close_call = self._close_call()
        self.place_call = self._place_call()
        self.reap_calls = self._reap_calls()
        self.measure_calls = self._measure_calls()
        self.functions = (self.close_call, self.place_call, self.reap_calls, self.measure_calls)

    def _plain(self, name: str, module: str, seconds: int) -> PythonFunction:
        values = function_values(self._stage, self._data)
        environment = variables(FunctionEnvironment, values)
        return PythonFunction(self, name, self._house, module, environment, seconds=seconds)

    def _close_call(self) -> PythonFunction:
        data = self._data
        made = self._plain("close_call", "functions.workers.close_call", self._stage.functions.worker_timeout_seconds)
        access.items(made.role, data.calls, access.READ, access.CHANGE)
        access.items(made.role, data.live, access.READ)
        actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        access.objects(made.role, data.sound, actions, *PIECES)
        access.listing(made.role, data.sound, *PIECES)
        self._consume(made, data.call_ended, batch=1)
        return made

    def _place_call(self) -> PythonFunction:
        data, records = self._data, self._data.keys.records
        made = PythonFunction(
            self,
            "place_call",
            self._house,
            "functions.workers.place_call",
            variables(CarrierEnvironment, carrier_values(self._stage, data)),
            seconds=self._stage.functions.worker_timeout_seconds,
        )
        for table in (data.core, data.calls, data.live):
            access.items(made.role, table, access.READ, access.CHANGE)
        for queue in (data.call_ended, data.place_call, data.offers):
            access.sending(made.role, queue.queue, records)
        access.opening_secrets(made.role, data.keys.secrets, "kms:Decrypt")
        self._consume(made, data.place_call, batch=10)
        return made

    def _reap_calls(self) -> PythonFunction:
        data, records = self._data, self._data.keys.records
        made = self._plain("reap_calls", "functions.schedules.reap_calls", 60)
        access.items(made.role, data.calls, access.READ, access.CHANGE)
        access.items(made.role, data.live, access.READ, access.CHANGE)
        access.listing(made.role, data.sound, *PIECES)
        access.sending(made.role, data.call_ended.queue, records)
        self._every_minute(made)
        return made

    def _measure_calls(self) -> PythonFunction:
        made = self._plain("measure_calls", "functions.schedules.measure_calls", 30)
        access.items(made.role, self._data.live, access.READ)
        self._every_minute(made)
        return made

    def _consume(self, function: PythonFunction, work: WorkQueue, *, batch: int) -> None:
        access.receiving(function.role, work.queue, self._data.keys.records)
        mapping = function.function.add_event_source_mapping(
            "Messages",
            event_source_arn=work.queue.queue_arn,
            batch_size=batch,
            report_batch_item_failures=True,
            max_concurrency=50,
        )
        # Lambda looks whether it may read the queue when the mapping is made.
        mapping.node.add_dependency(function.role)

    def _every_minute(self, function: PythonFunction) -> None:
        """Every run does all the work that is there, so none is repeated."""
        principal = iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
        )
        role = iam.Role(self, f"Every{function.node.id}Role", assumed_by=principal)
        access.allow(role, ["lambda:InvokeFunction"], [function.function.function_arn])
        scheduler.CfnSchedule(
            self,
            f"Every{function.node.id}",
            name=f"{self._stage.prefix}-{function.name.replace('_', '-')}",
            schedule_expression="rate(1 minute)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function.function_arn,
                role_arn=role.role_arn,
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=0, maximum_event_age_in_seconds=60
                ),
            ),
        )
