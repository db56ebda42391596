"""The catalogue of models and voices: the master admin edits it, companies choose from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.contracts.errors import Conflict, InvalidRequest, NotFound, VersionConflict
from shared.contracts.settings.ai_model import AiModel
from shared.domain.permissions import Actor
from shared.ports.changes import Save
from shared.ports.repositories import AiModels
from shared.services.auditing import Deed, Desk, next_version, require_version

AUDIO_PROVIDERS = frozenset({"openai", "google", "simulated"})


@dataclass(frozen=True, slots=True)
class ModelPorts:
    """What these use cases need."""

    models: AiModels
    desk: Desk


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """Which models are wanted; `kind` matches models that are made for it, `both` only those made for both."""

    provider: str | None = None
    kind: Literal["chat", "call", "both"] | None = None
    active: bool | None = None
    search: str = ""


def all_models(ports: ModelPorts, wanted: ModelFilter) -> Sequence[AiModel]:
    """The catalogue by name."""
    found = [model for model in ports.models.all() if _matches(model, wanted)]
    return sorted(found, key=lambda model: model.name.lower())


def call_models(ports: ModelPorts, today: date) -> Sequence[AiModel]:
    """What a chatbot's calls may be answered with now."""
    found = all_models(ports, ModelFilter(active=True))
    return [model for model in found if model.takes_calls and (model.shutdown_on is None or model.shutdown_on > today)]


def ai_model(ports: ModelPorts, model_id: str) -> AiModel:
    """One model. Raises NotFound."""
    found = ports.models.get(model_id)
    if found is None:
        raise NotFound("There is no such model.")
    return found


def add_model(ports: ModelPorts, by: Actor, model: AiModel) -> AiModel:
    """Add a model. Raises InvalidRequest (with fields), Conflict if the id is taken."""
    made = model.model_copy(update={"version": 0})
    _check(ports, made)
    try:
        ports.desk.write(Deed(by, "ai_model.created", made.id, None, None, made), Save(made))
    except VersionConflict:
        raise Conflict("There is already a model with this ID.") from None
    return next_version(made)


def edit_model(ports: ModelPorts, by: Actor, model_id: str, expected: int, model: AiModel) -> AiModel:
    """Replace a model. Raises NotFound, InvalidRequest (with fields), VersionConflict."""
    before = ai_model(ports, model_id)
    if model.id != model_id:
        raise InvalidRequest("The ID of a model cannot be changed.", {"id": "This is another model's."})
    require_version(before.version, expected)
    after = model.model_copy(update={"version": before.version})
    _check(ports, after)
    ports.desk.write(Deed(by, "ai_model.edited", after.id, None, before, after), Save(after))
    return next_version(after)


def switch_model(ports: ModelPorts, by: Actor, model_id: str, expected: int, *, active: bool) -> AiModel:
    """Offer a model or stop offering it; new calls of chatbots that use it are refused from then on."""
    changed = ai_model(ports, model_id).model_copy(update={"active": active})
    return edit_model(ports, by, model_id, expected, changed)


def _matches(model: AiModel, wanted: ModelFilter) -> bool:
    return (
        (wanted.provider is None or model.provider == wanted.provider)
        and (wanted.kind is None or model.model_type in (wanted.kind, "both"))
        and (wanted.active is None or model.active == wanted.active)
        and wanted.search.lower() in model.name.lower()
    )


def _check(ports: ModelPorts, model: AiModel) -> None:
    wrong = {}
    if model.takes_calls and model.provider not in AUDIO_PROVIDERS:
        wrong["modelType"] = "Models of this provider cannot hear or speak; choose Chat."
    if model.takes_calls and not model.voices:
        wrong["voices"] = "A call model needs at least one voice."
    if not model.takes_calls and model.prices.estimated_per_minute:
        wrong["prices.estimatedPerMinute"] = "Only call models have a cost per audio minute."
    if len({voice.id for voice in model.voices}) < len(model.voices):
        wrong["voices"] = "Two voices have the same ID."
    if model.successor_id is not None and (model.successor_id == model.id or not ports.models.get(model.successor_id)):
        wrong["successorId"] = "There is no such other model."
    if wrong:
        raise InvalidRequest(" ".join(wrong.values()), wrong)
