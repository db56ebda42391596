"""What is synthesised can be read by the processes it is for."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from infra.constructs.environment import UnknownVariables, variables
from shared.contracts.environment import (
    AdminEnvironment,
    CarrierEnvironment,
    FunctionEnvironment,
    MediaEnvironment,
)
from tests.infra.conftest import Synthesised

MODELS = {
    "calls-prod-public-api": FunctionEnvironment,
    "calls-prod-admin-api": AdminEnvironment,
    "calls-prod-webhooks": CarrierEnvironment,
    "calls-prod-close-call": FunctionEnvironment,
    "calls-prod-place-call": CarrierEnvironment,
    "calls-prod-reap-calls": FunctionEnvironment,
    "calls-prod-measure-calls": FunctionEnvironment,
}
RUNTIME_OWN = {"POWERTOOLS_SERVICE_NAME", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
REQUIRED = [
    (model, name)
    for model in (FunctionEnvironment, CarrierEnvironment, AdminEnvironment, MediaEnvironment)
    for name, field in model.model_fields.items()
    if field.is_required()
]


def _complete(model: type[Any]) -> dict[str, object]:
    values: dict[str, object] = {name: "x" for name, field in model.model_fields.items() if field.is_required()}
    return {**values, "stage": "prod"}


@pytest.mark.parametrize(("model", "name"), REQUIRED)
def test_a_missing_field_ends_the_synthesis(model: type[Any], name: str) -> None:
    values = _complete(model)
    assert variables(model, values)[name.upper()] == values[name]
    del values[name]
    with pytest.raises(ValidationError, match=name):
        variables(model, values)


@pytest.mark.parametrize("name", ["core_tabel", "aws_region"])
def test_what_is_unknown_or_not_ours_ends_the_synthesis(name: str) -> None:
    with pytest.raises(UnknownVariables, match=name):
        variables(FunctionEnvironment, {**_complete(FunctionEnvironment), name: "x"})


def test_a_value_of_the_wrong_form_ends_the_synthesis() -> None:
    with pytest.raises(ValidationError, match="media_port"):
        variables(MediaEnvironment, {**_complete(MediaEnvironment), "media_port": 70_000})


def test_a_stack_that_forgets_a_field_is_not_synthesised(monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.app import new_app
    from infra.capacity import read_capacity
    from infra.stacks import environments, workflows
    from infra.stacks.data import DataStack
    from infra.stage import read_stage

    def forgetful(real: Callable[..., dict[str, object]]) -> Callable[..., dict[str, object]]:
        return lambda *given: {name: value for name, value in real(*given).items() if name != "recordings_bucket"}

    monkeypatch.setattr(workflows, "function_values", forgetful(environments.function_values))
    monkeypatch.setattr(environments, "media_values", forgetful(environments.media_values))
    app, stage = new_app(), read_stage("dev")
    data = DataStack(app, "data", stage)
    with pytest.raises(ValidationError, match="recordings_bucket"):
        workflows.WorkflowsStack(app, "workflows", stage, data, None)  # type: ignore[arg-type]  # fails before it is asked
    with pytest.raises(ValidationError, match="recordings_bucket"):
        variables(MediaEnvironment, environments.media_values(stage, data, read_capacity()))


def test_every_function_can_read_its_environment(production: Synthesised) -> None:
    found = {}
    for properties in production.properties("AWS::Lambda::Function"):
        name = properties["FunctionName"]
        given = {key: str(value) for key, value in properties["Environment"]["Variables"].items()}
        found[name] = set(given)
        if name in MODELS:
            read = MODELS[name].read(given)
            assert read.stage == "prod"
            assert read.public_base_url == "https://calls.example.com"
            assert {key.lower() for key in given if key not in RUNTIME_OWN} <= set(MODELS[name].model_fields)
    assert set(found) == {*MODELS, "calls-prod-origin-guard"}


def test_the_media_process_can_read_its_environment(production: Synthesised) -> None:
    (container,) = production.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    given = {entry["Name"]: str(entry["Value"]) for entry in container["Environment"]}
    read = MediaEnvironment.read({**given, **{entry["Name"]: "key" for entry in container["Secrets"]}})
    assert (read.stage, read.media_port, read.drain_seconds) == ("prod", 8080, 110)
    assert (read.openai_api_key, read.gemini_api_key) == ("key", "key")
    assert not read.call_simulation_mode
    assert {key.lower() for key in given if key not in RUNTIME_OWN} <= set(MediaEnvironment.model_fields)
