"""A company's chatbots: deployed from packages, and edited."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.errors import InvalidRequest, NotFound
from shared.contracts.page import Page, Turn
from shared.contracts.settings.agent import Agent, Variable
from shared.contracts.settings.company import Chatbot
from shared.contracts.settings.package import PackageVersion
from shared.domain.permissions import Actor
from shared.domain.variables import checked
from shared.ports.changes import Claim, Release, Save, Write
from shared.ports.render_queue import RenderQueue
from shared.ports.repositories import Chatbots, Companies, FleetPackages, OfferedPackages
from shared.services.auditing import Deed, Desk, next_version, require_version

SLUG_TAKEN = "Another chatbot has this slug. Choose another one."


@dataclass(frozen=True, slots=True)
class ChatbotPorts:
    """What these use cases need."""

    chatbots: Chatbots
    companies: Companies
    offered: OfferedPackages
    packages: FleetPackages
    desk: Desk
    rendering: RenderQueue


@dataclass(frozen=True, slots=True)
class NewChatbot:
    """What the creation wizard collected; without a slug one is made of the name, without agents the package's stay."""

    package_id: str
    name: str
    description: str = ""
    slug: str | None = None
    variables: Mapping[str, str] | None = None
    agents: Sequence[Agent] | None = None


def company_chatbots(ports: ChatbotPorts, company_id: str, turn: Turn) -> Page[Chatbot]:
    """A company's chatbots by name."""
    return ports.chatbots.page(company_id, turn)


def chatbot(chatbots: Chatbots, company_id: str, chatbot_id: str) -> Chatbot:
    """One chatbot of this company. Raises NotFound."""
    found = chatbots.get(company_id, chatbot_id)
    if found is None:
        raise NotFound("There is no such chatbot.")
    return found


def create_chatbot(ports: ChatbotPorts, by: Actor, new: NewChatbot) -> Chatbot:
    """Deploy a package; its capabilities are the chatbot's for good. It takes calls once settings were published.

    Raises NotFound (also for a package with calls, if calls are closed to the company), InvalidRequest, Conflict.
    """
    company_id = by.company
    company, version = ports.companies.get(company_id), ports.offered.get(new.package_id)
    if company is None or version is None:
        raise NotFound("There is no such package.")
    content = version.content
    if content.enabled_call and not company.settings.features.callEnabled:
        raise NotFound("There is no such package.")
    slug = new.slug or slug_of(new.name)
    made = Chatbot(
        company_id=company_id,
        chatbot_id=ports.desk.new_id(),
        name=new.name,
        description=new.description,
        enabled_chat=content.enabled_chat,
        enabled_call=content.enabled_call,
        slug=slug,
        package_id=version.package_id,
        package_version=version.number,
        variables=_variables(content.variables, new.variables or {}),
        agents=_agents(content.agents, new.agents),
        knowledge=content.knowledge,
    )
    deed = Deed(by, "chatbot.created", made.chatbot_id, company_id, None, made)
    ports.desk.write(deed, Claim("slug", company_id, slug, SLUG_TAKEN), Save(made))
    return next_version(made)


def edit_chatbot(ports: ChatbotPorts, by: Actor, chatbot_id: str, expected: int, changes: Mapping[str, Any]) -> Chatbot:
    """Change what the General tab holds: name, description, agent_name, slug, variables, agents, knowledge.

    Raises NotFound, InvalidRequest, VersionConflict, Conflict.
    """
    before = chatbot(ports.chatbots, by.company, chatbot_id)
    require_version(before.version, expected)
    updates = dict(changes)
    version = _deployed(ports, before)
    if version is not None:
        updates["variables"] = _variables(version.content.variables, updates.get("variables", before.variables))
        updates["agents"] = _agents(version.content.agents, updates.get("agents", before.agents))
    after = before.model_copy(update=updates)
    writes: list[Write] = [Save(after)]
    if after.slug != before.slug:
        if after.slug is not None:
            writes.append(Claim("slug", by.company, after.slug, SLUG_TAKEN))
        if before.slug is not None:
            writes.append(Release("slug", by.company, before.slug))
    ports.desk.write(Deed(by, "chatbot.edited", chatbot_id, by.company, before, after), *writes)
    return next_version(after)


def slug_of(name: str) -> str:
    """A name as it can stand in an address."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "chatbot"


def _deployed(ports: ChatbotPorts, bot: Chatbot) -> PackageVersion | None:
    """The package version a chatbot was made of."""
    return None if bot.package_id is None else ports.packages.published(bot.package_id, bot.package_version)


def _variables(variables: Sequence[Variable], given: Mapping[str, str]) -> dict[str, str]:
    values, wrong = checked(variables, given)
    if wrong:
        raise InvalidRequest("Some values are missing or wrong.", {f"variables.{n}": why for n, why in wrong.items()})
    return values


def _agents(packaged: Sequence[Agent], given: Sequence[Agent] | None) -> tuple[Agent, ...]:
    """The package's agents as the company adjusted them: which there are, and their models, is the package's matter."""
    if given is None:
        return tuple(packaged)
    if [agent.agent_id for agent in given] != [agent.agent_id for agent in packaged]:
        raise InvalidRequest("The agents are those of the package.", {"agents": "Agents were added or left out."})
    fixed = ("use_for_chat", "use_for_call", "chat_model_id", "call_model_id", "routing_rule")
    return tuple(
        own.model_copy(update={name: getattr(agent, name) for name in fixed})
        for own, agent in zip(given, packaged, strict=True)
    )
