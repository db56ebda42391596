"""Call Options of a chatbot: every field with its range, step and default.

A call copies these when it starts and keeps them to its end, so the models are frozen. Durations are in the unit their
name says.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

DEFAULT_GREETING = "Hello! Thank you for calling. How can I assist you today?"
DISCLOSURE = "You are speaking with an AI assistant."


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class FallbackBehavior(StrEnum):
    """What happens when the AI provider cannot be reached."""

    REJECT = "reject"
    QUEUE_FOR_HUMAN = "queue_for_human"
    OFFER_CALLBACK = "offer_callback"


class EndPhraseMatch(StrEnum):
    """Where the end phrase counts: anywhere in a finished utterance, or only as its last words."""

    ANYWHERE = "anywhere"
    END_OF_UTTERANCE = "end_of_utterance"


class VoiceSettings(_Settings):
    """The voice and its optional modifiers; a modifier is honoured only by models that support it."""

    voice_id: Annotated[str, Field(min_length=1, max_length=80)]
    pitch_percent: Annotated[int, Field(ge=-20, le=20)] = 0
    speed: Annotated[float, Field(ge=0.5, le=1.5)] = 1.0
    stability: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5


class RecordingSettings(_Settings):
    """Whether a call is recorded, whether the caller is told, where the audio lies and for how long."""

    enabled: bool = False
    announce: bool = True
    storage: Literal["platform", "external"] = "platform"
    retention_days: Literal[30, 90, 365] | None = 90
    """None keeps recordings indefinitely."""


class TranscriptionSettings(_Settings):
    """Live transcription and what is derived from it."""

    enabled: bool = True
    include_confidence: bool = False
    post_call_summary: bool = False
    language: Annotated[str | None, Field(max_length=12)] = None
    """ISO 639-1 code; None lets the provider detect it."""


class InterruptionSettings(_Settings):
    """Barge-in. Bursts shorter than the minimum and listed backchannels do not interrupt."""

    allowed: bool = True
    debounce_ms: Annotated[int, Field(ge=0, le=2000)] = 100
    ignored_backchannels: Annotated[tuple[str, ...], Field(max_length=20)] = ()


class VadSettings(_Settings):
    """Voice activity detection; sensitivity 1.0 reacts to the faintest speech."""

    sensitivity: Annotated[float, Field(ge=0.0, le=1.0, multiple_of=0.1)] = 0.5
    prefix_padding_ms: Annotated[int, Field(ge=0, le=2000)] = 300
    silence_duration_ms: Annotated[int, Field(ge=100, le=5000)] = 700
    semantic: bool = False
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"


class AudioProcessingSettings(_Settings):
    """Applied where audio is captured; the noise level is also sent to providers that suppress noise."""

    echo_cancellation: bool = True
    noise_suppression: bool = True
    noise_suppression_level: Literal["low", "medium", "high"] = "medium"


class ToolSettings(_Settings):
    """Functions the AI may call during a call."""

    enabled: bool = True
    allowed: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    """Names of the tools switched on for calls."""


class DisclosureSettings(_Settings):
    """The sentence that tells a caller they talk to an AI; switching it off takes a recorded reason."""

    enabled: bool = True
    text: Annotated[str, Field(min_length=1, max_length=200)] = DISCLOSURE
    off_reason: Annotated[str | None, Field(max_length=500)] = None


class CallSettings(_Settings):
    """Everything the Call Options tab holds."""

    ai_model_id: Annotated[str, Field(min_length=1, max_length=80)]
    voice: VoiceSettings
    instructions: Annotated[str, Field(max_length=20_000)] = ""
    """The call prompt of the chatbot's agent."""
    greeting: Annotated[str, Field(min_length=1, max_length=500)] = DEFAULT_GREETING
    disclosure: DisclosureSettings = DisclosureSettings()
    max_duration_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    silence_timeout_seconds: Annotated[int, Field(ge=30, le=300, multiple_of=15)] = 180
    end_phrase: Annotated[str, Field(min_length=1, max_length=100)] = "goodbye"
    end_phrase_match: EndPhraseMatch = EndPhraseMatch.ANYWHERE
    recording: RecordingSettings = RecordingSettings()
    transcription: TranscriptionSettings = TranscriptionSettings()
    interruption: InterruptionSettings = InterruptionSettings()
    vad: VadSettings = VadSettings()
    audio: AudioProcessingSettings = AudioProcessingSettings()
    tools: ToolSettings = ToolSettings()
    fallback: FallbackBehavior = FallbackBehavior.REJECT
    fallback_model_id: Annotated[str | None, Field(max_length=80)] = None
    """A second model tried before the fallback behaviour."""
    scenario: Annotated[str | None, Field(max_length=40)] = None
    """Simulated model only: the scripted conversation to play; None converses freely."""
