"""The state machine of the work after calls: the very definition the local platform runs, and a function for each step.

Its history names calls by id only; what a step failed with is the kind of failure (functions.workflows.task).
"""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs import access
from infra.constructs.python_function import FunctionHouse, PythonFunction, log_group
from infra.stacks.data import DataStack
from infra.workflows.definitions import AFTER_CALL

SECONDS = {"deliver_recording": 900, "summarise_call": 180}
"""As long as the definition waits for a step; two minutes for the others."""
SEARCH, SEGMENTS, RECORDINGS = "search", "segments", "recordings"


class AfterCall(Construct):
    """Steps and state machine."""

    def __init__(self, scope: Construct, name: str, house: FunctionHouse, data: DataStack) -> None:
        super().__init__(scope, name)
        self._house, self._data = house, data
        self.steps = {step: self._step(step) for step in AFTER_CALL.functions.values()}
        self._allow()
        self.machine = self._machine()

    def _step(self, step: str) -> PythonFunction:
        # Only who writes summaries asks providers.
        more = {} if step == "summarise_call" else {"provider_keys_secret_id": None}
        made = PythonFunction(
            self, step, self._house, f"functions.workflows.{step}", more=more, seconds=SECONDS.get(step, 120)
        )
        access.items(made.role, self._data.calls, access.READ, access.CHANGE)
        return made

    def _allow(self) -> None:
        data, role = self._data, {step: made.role for step, made in self.steps.items()}
        recording = role["deliver_recording"]
        access.objects(recording, data.sound, ["s3:DeleteObject", "s3:GetObject"], SEGMENTS)
        access.objects(recording, data.sound, ["s3:AbortMultipartUpload", "s3:PutObject"], RECORDINGS)
        access.listing(recording, data.sound, SEGMENTS)
        access.reading_secret(role["summarise_call"], data.provider_keys.secret_arn, data.keys.secrets)
        access.items(role["index_call"], data.calls, access.BATCH)
        access.objects(role["index_call"], data.sound, ["s3:PutObject"], SEARCH)
        for step in ("notify_company", "message_caller"):
            access.items(role[step], data.core, access.READ)
            access.opening_secrets(role[step], data.keys.secrets, "kms:Decrypt")
        # How often its failures are written down is limited.
        access.items(role["message_caller"], data.live, access.READ, access.CHANGE)

    def _machine(self) -> sfn.StateMachine:
        stage = self._house.stage
        self.logs = log_group(self, "Logs", stage, self._house.logs_key, "after-call")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        arns = {step: made.function.function_arn for step, made in self.steps.items()}
        access.allow(role, ["lambda:InvokeFunction"], list(arns.values()))
        return sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=f"{stage.prefix}-{AFTER_CALL.name}",
            definition_body=sfn.DefinitionBody.from_string(AFTER_CALL.path.read_text()),
            definition_substitutions={placeholder: arns[step] for placeholder, step in AFTER_CALL.functions.items()},
            role=role,
            timeout=Duration.days(1),
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=self.logs, level=sfn.LogLevel.ALL, include_execution_data=False),
        )
