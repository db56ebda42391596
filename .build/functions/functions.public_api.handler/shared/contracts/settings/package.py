"""Packages: templates the master admin publishes and companies deploy.

The draft can be edited at any time; what companies deploy is the published version, and a chatbot keeps the version it
was made of.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.contracts.settings.agent import Agent, Execution, Knowledge, ModelId, Variable
from shared.contracts.settings.call_settings import DEFAULT_GREETING
from shared.contracts.settings.company import Id


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class PackageContent(_Part):
    """Everything the wizard collects."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=2000)] = ""
    category: Annotated[str, Field(min_length=1, max_length=60)] = "Customer Support"
    package_type: Literal["single_agent", "multi_agent"] = "single_agent"
    enabled_chat: bool = True
    enabled_call: bool = False
    ai_model_id: ModelId | None = None
    """The call model; agents name their chat models."""
    voice_id: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    greeting: Annotated[str, Field(min_length=1, max_length=500)] = DEFAULT_GREETING
    max_duration_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    silence_timeout_seconds: Annotated[int, Field(ge=30, le=300, multiple_of=15)] = 180
    recording: bool = False
    transcription: bool = True
    agents: Annotated[tuple[Agent, ...], Field(max_length=8)] = ()
    knowledge: Knowledge = Knowledge()
    variables: Annotated[tuple[Variable, ...], Field(max_length=50)] = ()
    execution: Execution = Execution()


class Package(_Part):
    """A package as the master admin sees it."""

    package_id: Id
    draft: PackageContent
    published_version: Annotated[int, Field(ge=0)] = 0
    """What companies are offered; 0 offers nothing."""
    latest_version: Annotated[int, Field(ge=0)] = 0
    """The highest number ever published; numbers are never used twice."""
    version: Annotated[int, Field(ge=0)] = 0


class PackageVersion(_Part):
    """One publication; never changed."""

    package_id: Id
    number: Annotated[int, Field(ge=1)]
    content: PackageContent
    published_at: datetime
    published_by: Annotated[str, Field(max_length=120)]
