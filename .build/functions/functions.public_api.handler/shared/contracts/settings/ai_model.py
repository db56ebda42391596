"""The catalogue of AI models and their voices, as the master admin edits it.

Differences between providers are capability flags here, never a check on a provider's name elsewhere.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Price = Annotated[Decimal, Field(ge=0, le=100_000)]


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Voice(_Catalogue):
    """One voice a model really accepts."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    description: Annotated[str, Field(max_length=200)] = ""
    gender: Literal["female", "male", "neutral"] = "neutral"
    accent: Annotated[str, Field(max_length=60)] = ""
    tones: tuple[str, ...] = ()
    sample_url: Annotated[str | None, Field(max_length=2000)] = None


class Capabilities(_Catalogue):
    """What a realtime model can do; the media tier asks these flags only."""

    server_interrupts_on_speech: bool = False
    """The provider cancels its own response when the caller speaks."""
    can_truncate: bool = False
    """It can be told how much of a response was heard."""
    can_cancel: bool = False
    resumable: bool = False
    """It hands out resumption handles."""
    emits_speech_events: bool = True
    blocking_tools: bool = True
    speed_control: bool = False
    pitch_control: bool = False
    noise_reduction: bool = False
    semantic_vad: bool = False
    accepts_mulaw: bool = False
    input_rate: Literal[16000, 24000] = 24000
    max_connection_seconds: Annotated[int, Field(gt=0)] = 3600


class Prices(_Catalogue):
    """US dollars per million tokens (or per minute of transcription), with the version they were in force."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    text_in: Price = Decimal(0)
    text_in_cached: Price = Decimal(0)
    text_out: Price = Decimal(0)
    audio_in: Price = Decimal(0)
    audio_in_cached: Price = Decimal(0)
    audio_out: Price = Decimal(0)
    transcription_per_minute: Price = Decimal(0)
    estimated_per_minute: Price = Decimal(0)
    """Shown to people as an estimate only; bills come from tokens."""


class AiModel(_Catalogue):
    """A model companies may choose for their chatbots."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    provider: Literal["openai", "google", "anthropic", "custom", "simulated"]
    model_type: Literal["chat", "call", "both"] = "call"
    description: Annotated[str, Field(max_length=2000)] = ""
    active: bool = True
    supports_streaming: bool = True
    supports_function_calling: bool = True
    supports_vision: bool = False
    voices: Annotated[tuple[Voice, ...], Field(max_length=100)] = ()
    capabilities: Capabilities = Capabilities()
    prices: Prices
    max_conversation_tokens: Annotated[int, Field(gt=0)] = 128_000
    transcription_model: Annotated[str | None, Field(max_length=80)] = None
    shutdown_on: date | None = None
    successor_id: Annotated[str | None, Field(max_length=80)] = None
    version: Annotated[int, Field(ge=0)] = 0

    @property
    def takes_calls(self) -> bool:
        """Whether it hears and speaks."""
        return self.model_type != "chat"
