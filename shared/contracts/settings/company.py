"""A company, and a chatbot of it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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


class ChatbotRef(_Model):
    """Which company a chatbot belongs to."""

    company_id: Id
    chatbot_id: Id


class Package(_Model):
    """A template the master admin publishes and companies deploy."""

    package_id: Id
    name: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=2000)] = ""
    category: Annotated[str, Field(max_length=60)] = "Customer Support"
    package_type: Literal["single_agent", "multi_agent"] = "single_agent"
    enabled_chat: bool = True
    enabled_call: bool = False
    ai_model_id: Annotated[str | None, Field(max_length=80)] = None
    voice_id: Annotated[str | None, Field(max_length=80)] = None
    greeting: Annotated[str, Field(min_length=1, max_length=500)]
    max_duration_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    silence_timeout_seconds: Annotated[int, Field(ge=30, le=300)] = 180
    recording: bool = False
    transcription: bool = True
    published: bool = False
