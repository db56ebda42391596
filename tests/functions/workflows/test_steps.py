"""Each step by itself: what it does, what it leaves alone, and what it refuses."""

import base64
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from functions.workflows import close_transcript, task
from functions.workflows.wiring import writers
from shared.adapters.aws.dynamo import keys
from shared.contracts.environment import WorkflowEnvironment
from shared.contracts.records.after_call import Step
from shared.contracts.records.call import CallStatus, EndReason
from shared.contracts.settings.webhook_endpoint import WebhookEndpoint
from tests.functions.workflows.closing_world import BUCKET, COMPANY, HOOK, SECRET, World, die, ended_call


def test_what_a_closed_call_holds(world: World) -> None:
    world.finish()
    record = world.record()
    assert record.summary is not None
    assert record.summary.sentiment == "positive"
    assert "order arrives" in record.summary.purpose
    assert record.cost_usd == Decimal("0.0250")
    assert record.recording_state == "ready"
    assert world.s3.list_objects_v2(Bucket=BUCKET, Prefix="segments/")["KeyCount"] == 0
    assert all(line.final for line in world.calls.transcript(COMPANY, world.call_id))
    assert [call.call_id for call in world.calls.unclosed()] == []


def test_a_call_is_on_the_list_of_open_ones_until_the_last_step(world: World) -> None:
    for step in Step:
        assert [call.call_id for call in world.calls.unclosed()] == [world.call_id]
        world.work(step)
    assert list(world.calls.unclosed()) == []


def test_the_summary_is_part_of_the_price(world: World) -> None:
    world.model.varies = True
    world.fresh(provider="openai")
    world.finish()
    assert world.record().cost_usd == Decimal("0.0250") + Decimal("0.00015")


def test_the_message_is_signed_and_names_nobody(world: World) -> None:
    world.finish()
    (post,) = world.company.posts
    assert (post.method, post.url.host, post.headers["host"]) == ("POST", "93.184.215.14", "hooks.acme.example")
    assert post.extensions["sni_hostname"] == "hooks.acme.example"
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.content
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == f"v1,{digest}"
    message = json.loads(post.content)
    assert message["type"] == "call.completed"
    assert message["data"]["summary"]["sentiment"] == "positive"
    assert not {"caller_number", "customer", "session_id"} & message["data"].keys()


@pytest.mark.parametrize("status", [301, 401, 410, 500])
def test_a_message_that_is_not_taken_is_sent_again(world: World, status: int) -> None:
    for step in list(Step)[:-2]:
        world.work(step)
    world.company.status = status
    for _ in range(2):
        with pytest.raises(task.StepFailed, match="NotDelivered"):
            world.work(Step.NOTIFY)
    world.company.status = 200
    assert world.work(Step.NOTIFY) == "done"
    assert (len(world.company.posts), len(world.company.messages)) == (3, 1)


def test_without_an_address_the_event_is_kept_and_nobody_is_told(world: World) -> None:
    endpoint = WebhookEndpoint(company_id=COMPANY, url=HOOK)
    world.ports.endpoints.save(endpoint.model_copy(update={"active": False}))
    try:
        world.finish()
    finally:
        world.ports.endpoints.save(endpoint)
    assert world.company.posts == []
    stored = world.state()["stored"]
    assert stored["EVENT#call.completed"] is not None
    assert stored["STEP#notify_company"][1]["outcome"] == "skipped"


def test_no_summary_is_written_that_nobody_wants(world: World) -> None:
    world.fresh(summary=False)
    world.finish()
    assert (world.record().summary, world.model.asked) == (None, 0)
    assert world.record().closed_at is not None


def test_a_call_nobody_came_to_is_closed_with_nothing(world: World) -> None:
    call = ended_call("call-abandoned").model_copy(
        update={"status": CallStatus.ABANDONED, "end_reason": EndReason.NEVER_CONNECTED, "started_at": None}
    )
    world.table.put(keys.call(COMPANY, call.call_id), call)
    world.call_id = call.call_id
    outcomes = {step: world.work(step) for step in Step}
    done = {Step.PRICE, Step.NOTIFY, Step.COMPLETE}
    assert {step for step, outcome in outcomes.items() if outcome == "done"} == done
    record = world.record()
    assert (record.cost_usd, record.recording_state, record.summary) == (Decimal(0), "recording", None)


@pytest.mark.parametrize("step", list(Step)[1:])
def test_a_step_that_comes_too_early_is_refused(world: World, step: Step) -> None:
    before = world.state()
    for give_up in (False, True):
        with pytest.raises(task.StepFailed, match="TooEarly"):
            world.work(step, give_up=give_up)
    assert world.state() == before


def test_what_was_given_up_stays_given_up(world: World) -> None:
    world.work(Step.CLOSE_TRANSCRIPT)
    assert world.work(Step.SUMMARISE, give_up=True) == "given_up"
    assert world.work(Step.SUMMARISE) == "given_up"
    assert world.model.asked == 0


def test_giving_up_a_recording_that_is_ready_takes_nothing_away(world: World) -> None:
    """The worker died after the file was there and before it could say so, and no attempt was left."""
    world.work(Step.CLOSE_TRANSCRIPT)
    world.attempt(Step.DELIVER_RECORDING, {10: die})
    assert world.record().recording_state == "ready"
    assert world.work(Step.DELIVER_RECORDING, give_up=True) == "given_up"
    assert world.record().recording_state == "ready"


def test_a_call_that_is_gone_or_goes_on_is_not_worked_on(world: World) -> None:
    call = ended_call("call-live").model_copy(update={"ended_at": None})
    world.table.put(keys.call(COMPANY, call.call_id), call)
    for call_id in ("call-live", "call-none"):
        world.call_id = call_id
        with pytest.raises(task.StepFailed, match="NotFound"):
            world.work(Step.CLOSE_TRANSCRIPT)


def test_a_call_that_is_erased_under_a_step_leaves_nothing_behind(world: World) -> None:
    key = keys.call(COMPANY, world.call_id)

    def erased() -> None:
        world.dynamo.delete_item(TableName="calls", Key=key.attributes)

    world.attempt(Step.CLOSE_TRANSCRIPT, {5: erased})
    assert world.table.item(keys.step(COMPANY, world.call_id, Step.CLOSE_TRANSCRIPT.value)) is None
    assert world.table.item(key) is None


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"company_id": "acme"},
        {"company_id": "", "call_id": "x"},
        {"company_id": "acme", "call_id": "a#b"},
        {"company_id": "acme", "call_id": "x" * 65},
        {"company_id": "acme", "call_id": "x", "more": 1},
    ],
)
def test_work_of_another_form_is_refused(world: World, event: dict[str, Any]) -> None:
    with pytest.raises(task.StepFailed, match="ValidationError"):
        close_transcript.handler(event, None)


def test_a_failure_tells_its_kind_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def secretive(*_: Any, **__: Any) -> str:
        raise ValueError("+15550100 said something")

    monkeypatch.setattr(task, "run_step", secretive)
    with pytest.raises(task.StepFailed) as failed:
        world.work(Step.PRICE)
    assert str(failed.value) == "ValueError"
    assert failed.value.__cause__ is None


ENVIRONMENT = {
    "STAGE": "dev",
    "RECORDINGS_BUCKET": "calls",
    "CALL_ENDED_QUEUE_URL": "https://sqs.example/q",
    "PUBLIC_BASE_URL": "https://calls.example",
}


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ({}, {"simulated": "SimulatedSummaries"}),
        (
            {"OPENAI_API_KEY": "k", "GEMINI_API_KEY": ""},
            {"simulated": "SimulatedSummaries", "openai": "OpenAiSummaries"},
        ),
        (
            {"GEMINI_API_KEY": "k", "CALL_SIMULATION_MODE": "true"},
            {"simulated": "SimulatedSummaries", "openai": "SimulatedSummaries", "google": "GeminiSummaries"},
        ),
    ],
)
def test_who_writes_the_summaries_of_which_provider(more: dict[str, str], kinds: dict[str, str]) -> None:
    env = WorkflowEnvironment.read(ENVIRONMENT | more)
    with httpx.Client() as client:
        assert {name: type(writer).__name__ for name, writer in writers(env, client).items()} == kinds


def test_production_takes_no_simulated_summaries_for_its_vendors() -> None:
    with pytest.raises(ValidationError, match="must not be set in production"):
        WorkflowEnvironment.read(ENVIRONMENT | {"STAGE": "prod", "CALL_SIMULATION_MODE": "true"})
