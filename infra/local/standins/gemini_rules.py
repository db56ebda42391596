"""What Gemini Live accepts and what it closes a session over, as far as it is known; and the numbers it reports.

Unknown fields are found with the SDK's own types, which forbid them as the server does.
"""

from dataclasses import dataclass
from typing import Any

from google.genai import types
from pydantic import BaseModel, ValidationError

from shared.domain.catalogue import GEMINI_VOICES

INVALID = 1007
POLICY = 1008
MODELS = frozenset({"gemini-3.8-live", "gemini-3.8-live-extended-thinking"})
DEFAULT_SILENCE_MS = 800
LETTERS_PER_TOKEN = 4
TOKENS_PER_SECOND = 25
UNEXPLAINED_TOKENS = 37
"""By so much the real server's prompt details fall short of its total."""


class Closed(Exception):
    """The server closes the connection over what it was sent."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Configuration:
    """A session's setup, as far as the stand-in acts on it."""

    voice: str
    instructions: str
    silence_ms: int
    interrupts: bool
    blocking: frozenset[str]
    """Tools the model waits for; it goes on talking while others run."""
    resumable: bool
    handle: str | None
    awaits_history: bool
    reports_input: bool
    reports_output: bool
    dies_on_input: bool
    """The session opens, and is closed with the first input."""


def parsed(message: dict[str, Any]) -> types.LiveClientMessage:
    """A client message. Raises Closed over fields that do not exist."""
    return _checked(types.LiveClientMessage, message)


def _checked[T: BaseModel](kind: type[T], message: object) -> T:
    try:
        return kind.model_validate(message)
    except ValidationError as invalid:
        where = ".".join(str(step) for step in invalid.errors()[0]["loc"])
        raise Closed(INVALID, f"Invalid JSON payload received. Unknown name or value at '{where}'.") from invalid


def configuration(message: dict[str, Any]) -> Configuration:
    """Check the message that sets a session up. Raises Closed."""
    # The SDK sends this part of a setup but has left it out of the setup's type.
    sent = dict(message.get("setup") or {})
    listening = sent.pop("realtimeInputConfig", sent.pop("realtime_input_config", None)) or {}
    setup = parsed({"setup": sent}).setup or types.LiveClientSetup()
    input_config = _checked(types.RealtimeInputConfig, listening)
    model = (setup.model or "").removeprefix("models/")
    if model not in MODELS:
        reason = f"models/{model} is not found for API version v1beta, or is not supported for bidiGenerateContent."
        raise Closed(POLICY, reason)
    generation = setup.generation_config or types.GenerationConfig()
    _check_generation(model, generation)
    if setup.proactivity is not None and setup.proactivity.proactive_audio is False:
        raise Closed(INVALID, "Proactive audio cannot be turned off for this model.")
    if setup.explicit_vad_signal is not None:
        raise Closed(INVALID, "explicit_vad_signal is not supported.")
    resumption = setup.session_resumption
    if resumption is not None and resumption.transparent:
        raise Closed(INVALID, "Transparent resumption is not supported.")
    handle = resumption.handle if resumption is not None else None
    awaits_history = bool(setup.history_config and setup.history_config.initial_history_in_client_content)
    if handle and awaits_history:
        raise Closed(INVALID, "Request contains an invalid argument.")
    detection = input_config.automatic_activity_detection or types.AutomaticActivityDetection()
    return Configuration(
        voice=_voice(generation),
        instructions=_text(setup.system_instruction),
        silence_ms=detection.silence_duration_ms or DEFAULT_SILENCE_MS,
        interrupts=input_config.activity_handling != types.ActivityHandling.NO_INTERRUPTION,
        blocking=frozenset(_blocking(setup)),
        resumable=resumption is not None,
        handle=handle,
        awaits_history=awaits_history,
        reports_input=setup.input_audio_transcription is not None,
        reports_output=setup.output_audio_transcription is not None,
        dies_on_input=bool(generation.enable_affective_dialog),
    )


def _check_generation(model: str, generation: types.GenerationConfig) -> None:
    thinks = generation.thinking_config is not None
    if thinks != model.endswith("extended-thinking"):
        reason = "Thinking level is not supported" if thinks else "Thinking level is required"
        raise Closed(INVALID, f"{reason} for this model.")
    if generation.response_modalities != [types.Modality.AUDIO]:
        raise Closed(INVALID, "Cannot extract voices from a non-audio request.")


def _voice(generation: types.GenerationConfig) -> str:
    speech = generation.speech_config
    config = speech.voice_config if speech is not None else None
    prebuilt = config.prebuilt_voice_config if config is not None else None
    name = (prebuilt.voice_name if prebuilt is not None else None) or GEMINI_VOICES[0].id
    if name not in {voice.id for voice in GEMINI_VOICES}:
        raise Closed(INVALID, f"Requested voice api_name '{name}' is not available for this model.")
    return name


def _blocking(setup: types.LiveClientSetup) -> list[str]:
    names: list[str] = []
    for tool in setup.tools or ():
        declared = tool.function_declarations if isinstance(tool, types.Tool) else None
        for function in declared or ():
            parameters = function.parameters
            if parameters is not None and parameters.type == types.Type.OBJECT and not parameters.properties:
                raise Closed(INVALID, f"{function.name}.parameters.properties: should be non-empty for OBJECT type")
            if function.behavior == types.Behavior.BLOCKING:
                names.append(str(function.name))
    return names


def _text(instruction: object) -> str:
    if isinstance(instruction, str):
        return instruction
    return text_of(instruction) if isinstance(instruction, types.Content) else ""


def text_of(content: types.Content) -> str:
    """The words of a turn."""
    return " ".join(part.text for part in content.parts or () if part.text)


def counted_usage(prompt_letters: int, heard_ms: float, spoken_ms: float) -> dict[str, Any]:
    """`usageMetadata` of a turn, whose prompt details leave a gap as the real ones do."""
    text, heard = prompt_letters // LETTERS_PER_TOKEN, int(heard_ms / 1000 * TOKENS_PER_SECOND)
    prompt, spoken = text + heard + UNEXPLAINED_TOKENS, int(spoken_ms / 1000 * TOKENS_PER_SECOND)
    return {
        "promptTokenCount": prompt,
        "responseTokenCount": spoken,
        "totalTokenCount": prompt + spoken,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": text},
            {"modality": "AUDIO", "tokenCount": heard},
        ],
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": spoken}],
    }
