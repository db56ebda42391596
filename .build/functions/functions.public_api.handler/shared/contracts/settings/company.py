"""A company, and a chatbot of it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.contracts.settings.agent import Agent, Knowledge, VariableName, VariableValue

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Slug = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Features(_Model):
    """What the master admin switched on for a company."""

    callEnabled: bool = False


class CompanySettings(_Model):
    """The document's `settings`."""

    features: Features = Features()


class CallLimits(_Model):
    """What keeps a company's calls within what it pays for."""

    concurrent_calls: Annotated[int, Field(ge=0, le=5_000)] = 50
    calls_per_address_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 30


class Company(_Model):
    """A customer of the platform."""

    company_id: Id
    name: Annotated[str, Field(min_length=1, max_length=120)]
    settings: CompanySettings = CompanySettings()
    limits: CallLimits = CallLimits()
    version: Annotated[int, Field(ge=0)] = 0
    """How often the record was written; a change names the version it was based on."""


class Chatbot(_Model):
    """A chatbot and the version of its call settings that is published (0: none yet)."""

    company_id: Id
    chatbot_id: Id
    name: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=500)] = ""
    agent_name: Annotated[str, Field(min_length=1, max_length=80)] = "AI assistant"
    enabled_chat: bool = False
    enabled_call: bool = False
    call_settings_version: Annotated[int, Field(ge=0)] = 0
    slug: Slug | None = None
    """Its name in addresses, unique in its company."""
    package_id: Id | None = None
    package_version: Annotated[int, Field(ge=0)] = 0
    variables: Annotated[dict[VariableName, VariableValue], Field(max_length=50)] = {}
    """Values of the package's variables."""
    agents: Annotated[tuple[Agent, ...], Field(max_length=8)] = ()
    knowledge: Knowledge = Knowledge()
    version: Annotated[int, Field(ge=0)] = 0


class ChatbotRef(_Model):
    """Which company a chatbot belongs to."""

    company_id: Id
    chatbot_id: Id
