"""What chatbots are made of: agents (personas with prompts and models), the knowledge they may use, and variables."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
VariableValue = Annotated[str, Field(max_length=500)]
ModelId = Annotated[str, Field(min_length=1, max_length=80)]
Prompt = Annotated[str, Field(max_length=10_000)]
Categories = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(max_length=50)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Agent(_Part):
    """One persona. Chat and call have a prompt and a model each, since what reads well seldom speaks well."""

    agent_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    use_for_chat: bool = True
    use_for_call: bool = True
    chat_prompt: Prompt = ""
    call_prompt: Prompt = ""
    chat_model_id: ModelId | None = None
    call_model_id: ModelId | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    max_tokens: Annotated[int, Field(ge=1, le=128_000)] | None = None
    knowledge_categories: Categories = ()
    routing_rule: Annotated[str, Field(max_length=500)] = ""
    """Of several agents: when this one takes over."""


class Knowledge(_Part):
    """Which knowledge may be looked up; the same for chat and call."""

    enabled: bool = False
    all_categories: bool = True
    categories: Categories = ()


class Variable(_Part):
    """A value a company gives when it deploys a package."""

    name: VariableName
    description: Annotated[str, Field(max_length=300)] = ""
    kind: Literal["text", "number", "select", "phone"] = "text"
    required: bool = False
    default: VariableValue | None = None
    options: Annotated[tuple[VariableValue, ...], Field(max_length=30)] = ()
    """The choices of a select."""


class Execution(_Part):
    """Bounds of what the agents' tools may use."""

    sandbox: bool = True
    max_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    memory_mb: Annotated[int, Field(ge=128, le=2048)] = 256
    tools: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=64)] = ()
