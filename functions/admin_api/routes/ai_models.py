"""The catalogue of models and voices."""

from typing import Annotated, Literal

from fastapi import Query, Response

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import Expected, IdempotencyKey, Identifier, Schema, once, tag
from shared.contracts.settings.ai_model import AiModel
from shared.domain.permissions import Permission
from shared.services import ai_models

operations = Operations()


class ModelsOut(Schema):
    """Models by name."""

    items: list[AiModel]


class ActiveIn(Schema):
    """Whether it is offered."""

    active: bool


@operations.get("/fleet/ai-models", Permission.FLEET_MODELS)
def list_models(
    api: Api,
    provider: Annotated[str | None, Query(max_length=40)] = None,
    model_type: Annotated[Literal["chat", "call", "both"] | None, Query(alias="modelType")] = None,
    active: bool | None = None,
    search: Annotated[str, Query(max_length=120)] = "",
) -> ModelsOut:
    wanted = ai_models.ModelFilter(provider, model_type, active, search)
    return ModelsOut(items=list(ai_models.all_models(api.models, wanted)))


@operations.post("/fleet/ai-models", Permission.FLEET_MODELS, status_code=201)
def add_model(api: Api, by: By, body: AiModel, response: Response, key: IdempotencyKey = None) -> AiModel:
    made = once(api, by, key, "add_model", body, lambda: ai_models.add_model(api.models, by, body), AiModel)
    tag(response, made.version)
    return made


@operations.get("/fleet/ai-models/{model_id}", Permission.FLEET_MODELS)
def get_model(api: Api, model_id: Identifier, response: Response) -> AiModel:
    found = ai_models.ai_model(api.models, model_id)
    tag(response, found.version)
    return found


@operations.put("/fleet/ai-models/{model_id}", Permission.FLEET_MODELS)
def edit_model(
    api: Api, by: By, model_id: Identifier, body: AiModel, expected: Expected, response: Response
) -> AiModel:
    changed = ai_models.edit_model(api.models, by, model_id, expected, body)
    tag(response, changed.version)
    return changed


@operations.put("/fleet/ai-models/{model_id}/active", Permission.FLEET_MODELS)
def switch_model(
    api: Api, by: By, model_id: Identifier, body: ActiveIn, expected: Expected, response: Response
) -> AiModel:
    changed = ai_models.switch_model(api.models, by, model_id, expected, active=body.active)
    tag(response, changed.version)
    return changed


@operations.get("/ai-models", Permission.MODELS_READ)
def list_call_models(api: Api) -> ModelsOut:
    return ModelsOut(items=list(ai_models.call_models(api.models, api.desk.now().date())))
