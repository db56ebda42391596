"""Packages: written as drafts, published as versions, offered to companies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.contracts.errors import InvalidRequest, NotFound
from shared.contracts.page import Page, Turn
from shared.contracts.settings.agent import Agent, Variable
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.package import Package, PackageContent, PackageVersion
from shared.domain.catalogue import voice_of
from shared.domain.permissions import Actor
from shared.domain.settings_lint import voice_refusal
from shared.ports.changes import Offer, PublishPackage, Save
from shared.ports.repositories import AiModels, Companies, FleetPackages, OfferedPackages
from shared.services.auditing import Deed, Desk, next_version, require_version

NO_CAPABILITY = "At least one capability (Chat or Call) must be enabled"
NO_CALL_MODEL = "A call-compatible model must be selected for call-enabled packages"
Capability = Literal["chat", "call", "both"]


@dataclass(frozen=True, slots=True)
class PackagePorts:
    """What these use cases need."""

    packages: FleetPackages
    offered: OfferedPackages
    models: AiModels
    companies: Companies
    desk: Desk


def all_packages(
    ports: PackagePorts, turn: Turn, capability: Capability | None = None, search: str = ""
) -> Page[Package]:
    """Every package whose draft is like this; for the master admin."""

    def wanted(found: Package) -> bool:
        named = search.lower() in found.draft.name.lower()
        return named and capability in (None, _capability(found.draft))

    return ports.packages.page(turn, wanted)


def package(ports: PackagePorts, package_id: str) -> Package:
    """One package. Raises NotFound."""
    found = ports.packages.get(package_id)
    if found is None:
        raise NotFound("There is no such package.")
    return found


def create_package(ports: PackagePorts, by: Actor, content: PackageContent) -> Package:
    """A new draft. Raises InvalidRequest (with fields)."""
    check(ports, content, complete=False)
    made = Package(package_id=ports.desk.new_id(), draft=content)
    ports.desk.write(Deed(by, "package.created", made.package_id, None, None, made), Save(made))
    return next_version(made)


def edit_package(ports: PackagePorts, by: Actor, package_id: str, expected: int, content: PackageContent) -> Package:
    """Change the draft; what companies are offered stays. Raises NotFound, InvalidRequest, VersionConflict."""
    check(ports, content, complete=False)
    before = package(ports, package_id)
    require_version(before.version, expected)
    after = before.model_copy(update={"draft": content})
    ports.desk.write(Deed(by, "package.edited", package_id, None, before, after), Save(after))
    return next_version(after)


def publish_package(ports: PackagePorts, by: Actor, package_id: str, expected: int) -> Package:
    """Offer the draft as the next version. Raises NotFound, InvalidRequest (with fields), VersionConflict."""
    before = package(ports, package_id)
    require_version(before.version, expected)
    check(ports, before.draft, complete=True)
    number = before.latest_version + 1
    version = PackageVersion(
        package_id=package_id,
        number=number,
        content=before.draft,
        published_at=ports.desk.now(),
        published_by=by.who,
    )
    after = before.model_copy(update={"published_version": number, "latest_version": number})
    deed = Deed(by, "package.published", package_id, None, before, after)
    ports.desk.write(deed, PublishPackage(version), Save(after))
    return next_version(after)


def roll_back_package(ports: PackagePorts, by: Actor, package_id: str, expected: int, number: int) -> Package:
    """Offer an earlier version again; the draft stays. Raises NotFound, InvalidRequest, VersionConflict."""
    before = package(ports, package_id)
    require_version(before.version, expected)
    version = package_version(ports, package_id, number)
    check(ports, version.content, complete=True)
    after = before.model_copy(update={"published_version": number})
    deed = Deed(by, "package.rolled_back", package_id, None, before, after)
    ports.desk.write(deed, Offer(package_id, version), Save(after))
    return next_version(after)


def withdraw_package(ports: PackagePorts, by: Actor, package_id: str, expected: int) -> Package:
    """Offer nothing any more; chatbots that were made of it stay. Raises NotFound, VersionConflict."""
    before = package(ports, package_id)
    require_version(before.version, expected)
    after = before.model_copy(update={"published_version": 0})
    deed = Deed(by, "package.withdrawn", package_id, None, before, after)
    ports.desk.write(deed, Offer(package_id, None), Save(after))
    return next_version(after)


def package_versions(ports: PackagePorts, package_id: str, turn: Turn) -> Page[PackageVersion]:
    """Every publication, newest first. Raises NotFound."""
    package(ports, package_id)
    return ports.packages.publications(package_id, turn)


def package_version(ports: PackagePorts, package_id: str, number: int) -> PackageVersion:
    """One publication. Raises NotFound."""
    found = ports.packages.published(package_id, number)
    if found is None:
        raise NotFound("There is no such version of this package.")
    return found


def offered_packages(
    ports: PackagePorts, company_id: str, *, capability: Capability | None, category: str | None, search: str
) -> Sequence[PackageVersion]:
    """What a company may deploy, by name; packages with calls only if calls were opened to it."""
    company = ports.companies.get(company_id)
    calls = company is not None and company.settings.features.callEnabled
    found = [
        version
        for version in ports.offered.all()
        if (calls or not version.content.enabled_call)
        and (capability is None or capability == _capability(version.content))
        and (category is None or category == version.content.category)
        and search.lower() in version.content.name.lower()
    ]
    return sorted(found, key=lambda version: version.content.name.lower())


def check(ports: PackagePorts, content: PackageContent, *, complete: bool) -> None:
    """Refuse what could not be deployed; a draft may still lack its model. Raises InvalidRequest with fields."""
    models = {model.id: model for model in ports.models.all()}
    wrong: dict[str, str] = {}
    if not content.enabled_chat and not content.enabled_call:
        wrong["enabledChat"] = NO_CAPABILITY
    if content.enabled_call:
        _check_call(content, models, wrong, complete=complete)
    _check_agents(content.agents, models, wrong)
    _check_variables(content.variables, wrong)
    if complete and content.package_type == "multi_agent" and len(content.agents) < 2:
        wrong["agents"] = "A package with several agents needs at least two."
    if wrong:
        raise InvalidRequest(" ".join(dict.fromkeys(wrong.values())), wrong)


def _check_call(
    content: PackageContent, models: Mapping[str, AiModel], wrong: dict[str, str], *, complete: bool
) -> None:
    model = models.get(content.ai_model_id or "")
    if content.ai_model_id is None and not complete:
        return
    if model is None or not model.takes_calls or not model.active:
        wrong["aiModelId"] = NO_CALL_MODEL
    elif content.voice_id is None:
        if complete:
            wrong["voiceId"] = f"Choose a voice. Valid voices: {', '.join(voice.id for voice in model.voices)}."
    elif voice_of(model, content.voice_id) is None:
        wrong["voiceId"] = voice_refusal(model, content.voice_id)


def _check_agents(agents: Sequence[Agent], models: Mapping[str, AiModel], wrong: dict[str, str]) -> None:
    if len({agent.agent_id for agent in agents}) < len(agents):
        wrong["agents"] = "Two agents have the same identifier."
    for number, agent in enumerate(agents):
        for field, kind, model_id in (
            ("chatModelId", "chat", agent.chat_model_id),
            ("callModelId", "call", agent.call_model_id),
        ):
            model = models.get(model_id or "")
            if model_id is not None and (model is None or model.model_type not in (kind, "both")):
                wrong[f"agents.{number}.{field}"] = f"{agent.name} needs a model that is made for a {kind}."


def _check_variables(variables: Sequence[Variable], wrong: dict[str, str]) -> None:
    if len({variable.name for variable in variables}) < len(variables):
        wrong["variables"] = "Two variables have the same name."
    for number, variable in enumerate(variables):
        if variable.kind == "select" and not variable.options:
            wrong[f"variables.{number}.options"] = f"{variable.name} needs something to select from."


def _capability(content: PackageContent) -> Capability:
    if content.enabled_chat and content.enabled_call:
        return "both"
    return "call" if content.enabled_call else "chat"
