"""The definition that AWS runs, run here by the emulator's interpreter with the real handlers behind its tasks."""

import importlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl

from functions.workers import close_call
from infra.workflows.definitions import AFTER_CALL
from shared.adapters.aws.dynamo.calls import DynamoMediaTasks
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.executions import StepFunctionsExecutions
from shared.adapters.aws.sqs import SqsQueue
from shared.contracts.records.after_call import Step
from shared.services.call_closing import AFTER, BODIES
from shared.services.reaping import ReapingPorts, reap
from tests.functions.workflows.closing_world import BUCKET, COMPANY, REGION, START, World

ROLE = "arn:aws:iam::123456789012:role/any"
Invoke = Callable[[str, dict[str, Any]], Any]


class Machine:
    """The state machine; `before` is called ahead of each invocation and may raise what the function fails with."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, bool]] = []
        self.before: Callable[[str, bool], None] = lambda name, give_up: None
        self.client = boto3.client("stepfunctions", region_name=REGION)
        arns = {name: f"arn:aws:lambda:{REGION}:123456789012:function:{name}" for name in AFTER_CALL.functions.values()}
        made = self.client.create_state_machine(
            name=AFTER_CALL.name, definition=AFTER_CALL.definition(arns), roleArn=ROLE
        )
        self.arn = str(made["stateMachineArn"])

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """What stands behind a task."""
        give_up = bool(event.get("give_up"))
        self.invoked.append((name, give_up))
        self.before(name, give_up)
        return importlib.import_module(f"functions.workflows.{name}").handler(event, None)

    def ended(self, name: str) -> dict[str, Any]:
        """The run of that name, once it is over."""
        arn = self.arn.replace(":stateMachine:", ":execution:") + f":{name}"
        for _ in range(1200):
            found: dict[str, Any] = self.client.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.05)
        raise AssertionError("the run does not end")

    def runs(self, call_id: str) -> list[str]:
        """The names of a call's."""
        found = self.client.list_executions(stateMachineArn=self.arn)["executions"]
        return sorted(run["name"] for run in found if run["name"].startswith(call_id))


@pytest.fixture
def machine(built: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """The machine beside the tables; nobody waits between attempts."""
    lock = threading.Lock()  # the emulator's tables are not made for two branches at once

    def invoke(
        self: Any, function_name: str, qualifier: Any, body: Any, headers: Any, response_headers: dict[str, str]
    ) -> bytes:
        with lock:
            try:
                answer = made.invoke(function_name.rsplit(":", 1)[-1], json.loads(body))
            except Exception as error:  # as Lambda does
                response_headers["x-amz-function-error"] = "Unhandled"
                answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return json.dumps(answer).encode()

    monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)
    monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda seconds: None))
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # it tells whole definitions of each failure
    config: Any = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
    with mock_aws(config=config):
        made = Machine()
        executions = StepFunctionsExecutions(made.client, made.arn)
        monkeypatch.setattr(close_call, "executions", lambda: executions)
        monkeypatch.setattr(close_call, "calls", lambda: built.calls)
        monkeypatch.setattr(close_call, "now", lambda: built.ports.now())
        yield made


def messages(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}


def ended_message(call_id: str) -> str:
    return json.dumps({"company_id": COMPANY, "call_id": call_id})


def test_one_bad_message_holds_nobody_back_and_a_message_ten_times_starts_one_run(
    machine: Machine, world: World
) -> None:
    good = ended_message(world.call_id)
    event = messages("not json", *[good] * 10, '{"company_id": "acme"}', ended_message("gone"))
    answer = close_call.handler(event, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m11"}]}
    assert machine.runs(world.call_id) == [f"{world.call_id}-0"]
    assert machine.ended(f"{world.call_id}-0")["status"] == "SUCCEEDED"
    assert sorted(machine.invoked) == sorted((step.value, False) for step in Step)
    assert world.record().closed_at is not None
    close_call.handler(messages(good), None)
    assert machine.runs(world.call_id) == [f"{world.call_id}-0"], "a closed call is not closed again"


def test_every_step_may_fail_a_few_times(machine: Machine, world: World) -> None:
    left = dict.fromkeys((step.value for step in Step), 3)

    def fail(name: str, give_up: bool) -> None:
        if left[name]:
            left[name] -= 1
            raise ConnectionError

    machine.before = fail
    close_call.handler(messages(ended_message(world.call_id)), None)
    assert machine.ended(f"{world.call_id}-0")["status"] == "SUCCEEDED"
    assert len(machine.invoked) == 4 * len(Step)
    assert not any(give_up for _, give_up in machine.invoked)
    assert (world.record().recording_state, len(world.company.posts)) == ("ready", 1)


def test_what_others_cannot_do_for_us_does_not_hold_a_call_open(machine: Machine, world: World) -> None:
    """The provider writes no summary, the storage keeps no sound, the company's system is away."""
    hopeless = {Step.DELIVER_RECORDING.value, Step.SUMMARISE.value, Step.NOTIFY.value}

    def fail(name: str, give_up: bool) -> None:
        if name in hopeless and not give_up:
            raise ConnectionError

    machine.before = fail
    close_call.handler(messages(ended_message(world.call_id)), None)
    assert machine.ended(f"{world.call_id}-0")["status"] == "SUCCEEDED"
    record = world.record()
    assert (record.recording_state, record.summary, str(record.cost_usd)) == ("failed", None, "0.0250")
    assert record.closed_at is not None
    assert {name for name, give_up in machine.invoked if give_up} == hopeless
    event = world.state()["stored"]["EVENT#call.completed"]
    assert event is not None, "it can be told later"
    assert world.s3.list_objects_v2(Bucket=BUCKET, Prefix="segments/")["KeyCount"] == 2, "the sound is still there"


def test_a_run_that_failed_is_repeated_in_the_next_hour(
    machine: Machine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, give_up: bool) -> None:
        if name == Step.PRICE.value:
            raise ConnectionError

    machine.before = fail
    message = messages(ended_message(world.call_id))
    close_call.handler(message, None)
    assert machine.ended(f"{world.call_id}-0")["status"] == "FAILED"
    assert world.record().closed_at is None
    close_call.handler(message, None)
    assert machine.runs(world.call_id) == [f"{world.call_id}-0"], "not more often than once an hour"
    machine.before = lambda name, give_up: None
    monkeypatch.setattr(close_call, "now", lambda: START.replace(hour=11, minute=0))
    close_call.handler(message, None)
    assert machine.ended(f"{world.call_id}-1")["status"] == "SUCCEEDED"
    assert world.record().closed_at is not None
    assert (len(world.company.posts), world.model.asked) == (1, 1)


def test_a_call_whose_message_was_lost_is_found_by_the_reaper_and_closed(machine: Machine, world: World) -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="call-ended")["QueueUrl"]
    tasks, blobs = DynamoMediaTasks(Table(world.dynamo, "live")), world.ports.blobs
    reap(ReapingPorts(world.calls, tasks, blobs, SqsQueue(sqs, url), world.ports.now))
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert close_call.handler(messages(str(message["Body"])), None) == {"batchItemFailures": []}
    assert machine.ended(f"{world.call_id}-0")["status"] == "SUCCEEDED"
    reap(ReapingPorts(world.calls, tasks, blobs, SqsQueue(sqs, url), world.ports.now))
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every state with the (sub-)machine it is in."""
    for name, state in machine["States"].items():
        yield name, state, machine
        for branch in state.get("Branches", ()):
            yield from states(branch)


def test_the_definition_is_sound() -> None:
    """Emulators take any definition; AWS would refuse these faults, or a call would hang by them."""
    text = AFTER_CALL.path.read_text()
    whole = json.loads(text)
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(AFTER_CALL.functions)
    assert not re.search(r"arn:aws:lambda|QueryLanguage", text)
    assert set(AFTER_CALL.functions.values()) == {step.value for step in Step}
    for name, state, machine in states(whole):
        assert machine["StartAt"] in machine["States"]
        targets = {state.get("Next"), *(catch["Next"] for catch in state.get("Catch", ()))} - {None}
        assert targets <= machine["States"].keys(), name
        assert ("Next" in state) is not state.get("End", False), name
        reached = {machine["StartAt"]} | {
            target
            for other in machine["States"].values()
            for target in (other.get("Next"), *(catch["Next"] for catch in other.get("Catch", ())))
        }
        assert name in reached, f"nothing leads to {name}"
        if state["Type"] == "Task":
            assert state["TimeoutSeconds"] <= 900, name
            assert [retry["ErrorEquals"] for retry in state["Retry"]] == [["States.ALL"]], name
    for placeholder, module in AFTER_CALL.functions.items():
        assert placeholder == "".join(part.capitalize() for part in module.split("_")) + "Arn"
        assert callable(importlib.import_module(f"functions.workflows.{module}").handler)


def test_every_step_is_known_to_the_work() -> None:
    assert set(BODIES) == set(AFTER) == set(Step)
    assert list(Step) == sorted(Step, key=list(AFTER).index)
    for step, earlier in AFTER.items():
        assert all(list(Step).index(one) < list(Step).index(step) for one in earlier)
