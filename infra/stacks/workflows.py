"""What happens without anybody waiting: queue consumers, the work after calls, and schedules."""

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.constructs import access
from infra.constructs.after_call import RECORDINGS, SEARCH, SEGMENTS, AfterCall
from infra.constructs.python_function import FunctionHouse, PythonFunction
from infra.constructs.storage import WorkQueue
from infra.stacks.data import DataStack
from infra.stage import Stage

METRICS = "Calls"
"""The namespace of functions.schedules.measure_calls."""
EVERY_MINUTE, DAILY = "rate(1 minute)", "cron(0 3 * * ? *)"
RETENTION_SECONDS = 900
"""More than functions.schedules.retention.RUN_TIME."""


class WorkflowsStack(Stack):
    """Closing, placing, reaping, measuring and erasing calls; rendering sentences."""

    def __init__(self, scope: Construct, name: str, stage: Stage, data: DataStack, house: FunctionHouse) -> None:
        super().__init__(scope, name, env=Environment(region=stage.region))
        self._stage, self._data, self._house = stage, data, house
        self._worker_seconds = stage.functions.worker_timeout_seconds
        self.after_call = AfterCall(self, "AfterCall", house, data)
        self.close_call = self._close_call()
        self.place_call = self._place_call()
        self.render_prompts = self._render_prompts()
        self.reap_calls = self._reap_calls()
        self.measure_calls = self._measure_calls()
        self.retention = self._retention()
        self.functions = (
            self.close_call, self.place_call, self.render_prompts, self.reap_calls, self.measure_calls, self.retention,
            *self.after_call.steps.values(),
        )  # fmt: skip
        CfnOutput(self, "AfterCallArn", value=self.after_call.machine.state_machine_arn)

    def _close_call(self) -> PythonFunction:
        """Starts the work after a call, which is safe to start twice."""
        machine = self.after_call.machine.state_machine_arn
        made = PythonFunction(
            self,
            "close_call",
            self._house,
            "functions.workers.close_call",
            more={"after_call_state_machine_arn": machine},
            seconds=60,
        )
        access.items(made.role, self._data.calls, access.READ)
        access.allow(made.role, ["states:StartExecution"], [machine])
        self._consume(made, self._data.call_ended, batch=10)
        return made

    def _place_call(self) -> PythonFunction:
        data, records = self._data, self._data.keys.records
        made = PythonFunction(
            self, "place_call", self._house, "functions.workers.place_call", seconds=self._worker_seconds
        )
        for table in (data.core, data.calls, data.live):
            access.items(made.role, table, access.READ, access.CHANGE)
        for queue in (data.call_ended, data.place_call, data.offers):
            access.sending(made.role, queue.queue, records)
        access.opening_secrets(made.role, data.keys.secrets, "kms:Decrypt")
        self._consume(made, data.place_call, batch=10)
        return made

    def _render_prompts(self) -> PythonFunction:
        data = self._data
        made = PythonFunction(
            self, "render_prompts", self._house, "functions.workers.render_prompts", speaks=True,
            seconds=self._worker_seconds,
        )  # fmt: skip
        access.items(made.role, data.core, access.READ)
        access.objects(made.role, data.sound, access.READ_AND_RENDER, "prompts")
        access.missing_objects(made.role, data.sound)
        access.reading_secret(made.role, data.provider_keys.secret_arn, data.keys.secrets)
        self._consume(made, data.render_prompts, batch=1)
        return made

    def _reap_calls(self) -> PythonFunction:
        data, records = self._data, self._data.keys.records
        made = PythonFunction(self, "reap_calls", self._house, "functions.schedules.reap_calls", seconds=60)
        access.items(made.role, data.calls, access.READ, access.CHANGE)
        access.items(made.role, data.live, access.READ)
        access.listing(made.role, data.sound, SEGMENTS)
        access.sending(made.role, data.call_ended.queue, records)
        self._schedule(made, EVERY_MINUTE)
        return made

    def _measure_calls(self) -> PythonFunction:
        made = PythonFunction(self, "measure_calls", self._house, "functions.schedules.measure_calls", seconds=30)
        access.items(made.role, self._data.live, access.READ)
        self._schedule(made, EVERY_MINUTE)
        return made

    def _retention(self) -> PythonFunction:
        """The one function that may erase calls."""
        data = self._data
        made = PythonFunction(
            self, "retention", self._house, "functions.schedules.retention", seconds=RETENTION_SECONDS
        )
        access.items(made.role, data.core, access.READ)
        access.items(made.role, data.calls, access.READ, access.CHANGE, access.DELETE, access.BATCH)
        access.items(made.role, data.ledger, access.APPEND)
        access.objects(made.role, data.sound, ["s3:DeleteObject"], RECORDINGS, SEGMENTS, SEARCH)
        access.listing(made.role, data.sound, RECORDINGS, SEGMENTS)
        self._schedule(made, DAILY)
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

    def _schedule(self, function: PythonFunction, when: str) -> None:
        """Every run does all the work that is there, so none is repeated."""
        principal = iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
        )
        role = iam.Role(self, f"When{function.node.id}Role", assumed_by=principal)
        access.allow(role, ["lambda:InvokeFunction"], [function.function.function_arn])
        scheduler.CfnSchedule(
            self,
            f"When{function.node.id}",
            name=f"{self._stage.prefix}-{function.name.replace('_', '-')}",
            schedule_expression=when,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function.function_arn,
                role_arn=role.role_arn,
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=0, maximum_event_age_in_seconds=60
                ),
            ),
        )
