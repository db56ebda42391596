"""What is synthesised can be read by the processes it is for."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from infra.constructs.environment import LEFT_OUT, MissingVariables, UnknownVariables, variables
from infra.package.functions import environments_read
from infra.stacks.environments import IN_A_SECRET
from infra.workflows.definitions import AFTER_CALL
from shared.contracts import environment
from shared.contracts.environment import (
    AdminEnvironment,
    CarrierEnvironment,
    FunctionEnvironment,
    MediaEnvironment,
    OriginGuardEnvironment,
    SpeechEnvironment,
    StarterEnvironment,
    WorkflowEnvironment,
)
from tests.infra.conftest import Synthesised

FUNCTIONS = {
    "public-api": "functions.public_api.handler",
    "admin-api": "functions.admin_api.handler",
    "webhooks": "functions.webhooks.handler",
    "origin-guard": "functions.origin_guard.handler",
    "close-call": "functions.workers.close_call",
    "place-call": "functions.workers.place_call",
    "render-prompts": "functions.workers.render_prompts",
    "reap-calls": "functions.schedules.reap_calls",
    "measure-calls": "functions.schedules.measure_calls",
    "retention": "functions.schedules.retention",
    **{step.replace("_", "-"): f"functions.workflows.{step}" for step in AFTER_CALL.functions.values()},
}
RUNTIME_OWN = {"POWERTOOLS_SERVICE_NAME", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
MODELS: tuple[type[BaseModel], ...] = (
    AdminEnvironment,
    CarrierEnvironment,
    FunctionEnvironment,
    MediaEnvironment,
    OriginGuardEnvironment,
    SpeechEnvironment,
    StarterEnvironment,
    WorkflowEnvironment,
)
FIELDS = [(model, name) for model in MODELS for name in sorted(set(model.model_fields) - LEFT_OUT - IN_A_SECRET)]
NUMBERS = {
    "media_port": 1,
    "media_capacity": 1,
    "whatsapp_capacity": 1,
    "drain_seconds": 1,
    "whatsapp_drain_seconds": 1,
    "protection_minutes": 1,
    "call_simulation_mode": 0,
}


def _complete(model: type[BaseModel]) -> dict[str, object]:
    values: dict[str, object] = dict.fromkeys(set(model.model_fields) - LEFT_OUT - IN_A_SECRET, "x")
    return {**values, **NUMBERS, "stage": "prod", "log_level": "INFO"}


def _held(model: type[BaseModel]) -> frozenset[str]:
    return IN_A_SECRET & set(model.model_fields)


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_a_missing_field_ends_the_synthesis(model: type[BaseModel], name: str) -> None:
    values = _complete(model)
    assert variables([model], values, secret=_held(model))[name.upper()] == str(values[name])
    del values[name]
    with pytest.raises(MissingVariables, match=name):
        variables([model], values, secret=_held(model))


def test_what_is_not_ours_to_set_ends_the_synthesis() -> None:
    with pytest.raises(UnknownVariables, match="aws_region"):
        variables([FunctionEnvironment], {**_complete(FunctionEnvironment), "aws_region": "x"})
    with pytest.raises(UnknownVariables, match="openai_api_key"):
        variables([FunctionEnvironment], _complete(FunctionEnvironment), secret=IN_A_SECRET)


def test_a_value_of_the_wrong_form_ends_the_synthesis() -> None:
    with pytest.raises(ValidationError, match="media_port"):
        variables([MediaEnvironment], {**_complete(MediaEnvironment), "media_port": 70_000}, secret=IN_A_SECRET)


def test_a_process_is_not_told_what_it_does_not_read() -> None:
    given = {**_complete(CarrierEnvironment), "idempotency_table": "x"}
    assert "IDEMPOTENCY_TABLE" not in variables([CarrierEnvironment], given)


def test_a_function_whose_stack_forgets_a_field_is_not_synthesised() -> None:
    import aws_cdk as cdk

    from infra.constructs.python_function import FunctionHouse, PythonFunction
    from infra.stage import read_stage

    values = {**_complete(FunctionEnvironment), "stage": "dev"}
    del values["recordings_bucket"]
    house = FunctionHouse(read_stage("dev"), *(None,) * 3, values, IN_A_SECRET)  # type: ignore[arg-type]  # it fails before
    with pytest.raises(MissingVariables, match="recordings_bucket"):
        PythonFunction(cdk.Stack(cdk.App()), "reap_calls", house, "functions.schedules.reap_calls")


@pytest.mark.parametrize(
    ("module", "models"),
    [
        ("functions.webhooks.handler", {CarrierEnvironment, FunctionEnvironment}),
        (
            "functions.admin_api.handler",
            {AdminEnvironment, CarrierEnvironment, FunctionEnvironment, SpeechEnvironment},
        ),
        ("functions.workers.close_call", {FunctionEnvironment, StarterEnvironment}),
        ("functions.workflows.price_call", {FunctionEnvironment, WorkflowEnvironment}),
    ],
)
def test_what_a_function_reads_is_found_in_its_code(module: str, models: set[type[BaseModel]]) -> None:
    assert set(environments_read(module)) == models


def test_every_function_can_read_its_environment(production: Synthesised) -> None:
    found = {
        properties["FunctionName"].removeprefix("calls-prod-"): properties["Environment"]["Variables"]
        for properties in production.properties("AWS::Lambda::Function")
    }
    assert set(found) == set(FUNCTIONS)
    for name, module in FUNCTIONS.items():
        given = {key: str(value) for key, value in found[name].items()}
        models = environments_read(module)
        for model in models:
            read: Any = getattr(environment, model.__name__).read(given)
            assert read.stage == "prod"
        fields = {field for model in models for field in model.model_fields}
        assert {key.lower() for key in given if key not in RUNTIME_OWN} <= fields, name


def test_no_variable_holds_a_providers_key(production: Synthesised) -> None:
    for properties in production.properties("AWS::Lambda::Function"):
        assert not {"OPENAI_API_KEY", "GEMINI_API_KEY"} & set(properties["Environment"]["Variables"])


def test_the_media_process_can_read_its_environment(production: Synthesised) -> None:
    (container,) = production.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    given = {entry["Name"]: str(entry["Value"]) for entry in container["Environment"]}
    read = MediaEnvironment.read({**given, **{entry["Name"]: "key" for entry in container["Secrets"]}})
    assert (read.stage, read.media_port, read.drain_seconds) == ("prod", 8080, 110)
    assert (read.openai_api_key, read.gemini_api_key) == ("key", "key")
    assert not read.call_simulation_mode
    assert {key.lower() for key in given if key not in RUNTIME_OWN} <= set(MediaEnvironment.model_fields)
