"""The models and voices a new installation starts with; afterwards the master admin owns them.

Prices are US dollars per million tokens as published for `PRICE_VERSION`. Sources: the model pages under
developers.openai.com/api/docs/models and ai.google.dev/gemini-api/docs/models. Voices that only a speech endpoint knows
(fable, onyx, nova) are no call voices and are not listed.
"""

from decimal import Decimal
from typing import Literal

from shared.contracts.settings.ai_model import AiModel, Capabilities, Prices, Voice

PRICE_VERSION = "2026-11"

Gender = Literal["female", "male", "neutral"]


def _voice(identifier: str, gender: Gender, description: str, *tones: str, accent: str = "American") -> Voice:
    return Voice(
        id=identifier,
        name=identifier.removeprefix("simulated-").capitalize(),
        description=description,
        gender=gender,
        accent=accent,
        tones=tones,
    )


OPENAI_VOICES = (
    _voice("marin", "female", "Natural and expressive; recommended", "friendly", "professional"),
    _voice("cedar", "male", "Natural and grounded; recommended", "friendly", "professional"),
    _voice("alloy", "neutral", "Neutral and balanced", "professional"),
    _voice("ash", "male", "Clear and precise", "professional"),
    _voice("ballad", "male", "Melodic and smooth", "calm", accent="British"),
    _voice("coral", "female", "Warm and friendly", "friendly"),
    _voice("echo", "male", "Warm and friendly", "friendly"),
    _voice("sage", "female", "Calm and thoughtful", "calm"),
    _voice("shimmer", "female", "Soft and calming", "calm"),
    _voice("verse", "male", "Versatile and expressive", "energetic"),
)

_GEMINI_STYLES: tuple[tuple[str, Gender, str], ...] = (
    ("Achernar", "female", "Soft"),
    ("Achird", "male", "Friendly"),
    ("Algenib", "male", "Gravelly"),
    ("Algieba", "male", "Smooth"),
    ("Alnilam", "male", "Firm"),
    ("Aoede", "female", "Breezy"),
    ("Autonoe", "female", "Bright"),
    ("Callirrhoe", "female", "Easy-going"),
    ("Charon", "male", "Informative"),
    ("Despina", "female", "Smooth"),
    ("Enceladus", "male", "Breathy"),
    ("Erinome", "female", "Clear"),
    ("Fenrir", "male", "Excitable"),
    ("Gacrux", "female", "Mature"),
    ("Iapetus", "male", "Clear"),
    ("Kore", "female", "Firm"),
    ("Laomedeia", "female", "Upbeat"),
    ("Leda", "female", "Youthful"),
    ("Orus", "male", "Firm"),
    ("Puck", "male", "Upbeat"),
    ("Pulcherrima", "female", "Forward"),
    ("Rasalgethi", "male", "Informative"),
    ("Sadachbia", "male", "Lively"),
    ("Sadaltager", "male", "Knowledgeable"),
    ("Schedar", "male", "Even"),
    ("Sulafat", "female", "Warm"),
    ("Umbriel", "male", "Easy-going"),
    ("Vindemiatrix", "female", "Gentle"),
    ("Zephyr", "female", "Bright"),
    ("Zubenelgenubi", "male", "Casual"),
)
GEMINI_VOICES = tuple(_voice(name, gender, style, accent="") for name, gender, style in _GEMINI_STYLES)

SIMULATED_VOICES = (
    _voice("simulated-anna", "female", "Clear and friendly", "friendly"),
    _voice("simulated-ben", "male", "Calm and deep", "calm"),
    _voice("simulated-clara", "female", "Bright and quick", "energetic"),
    _voice("simulated-dan", "male", "Even and neutral", "professional"),
)

OPENAI_CAPABILITIES = Capabilities(
    server_interrupts_on_speech=True,
    can_truncate=True,
    can_cancel=True,
    semantic_vad=True,
    noise_reduction=True,
    speed_control=True,
    accepts_mulaw=True,
    input_rate=24000,
    max_connection_seconds=3600,
)

GEMINI_CAPABILITIES = Capabilities(
    server_interrupts_on_speech=True, resumable=True, input_rate=16000, max_connection_seconds=600
)


def _openai(identifier: str, name: str, prices: Prices, context: int = 128_000) -> AiModel:
    return AiModel(
        id=identifier,
        name=name,
        provider="openai",
        voices=OPENAI_VOICES,
        capabilities=OPENAI_CAPABILITIES,
        prices=prices,
        max_conversation_tokens=context,
        transcription_model="gpt-transcribe",
    )


def _openai_prices(text: tuple[str, str, str], audio: tuple[str, str, str], estimated_per_minute: str) -> Prices:
    """`text` and `audio` are (input, cached input, output)."""
    return Prices(
        version=PRICE_VERSION,
        text_in=Decimal(text[0]),
        text_in_cached=Decimal(text[1]),
        text_out=Decimal(text[2]),
        audio_in=Decimal(audio[0]),
        audio_in_cached=Decimal(audio[1]),
        audio_out=Decimal(audio[2]),
        transcription_per_minute=Decimal("0.0045"),
        estimated_per_minute=Decimal(estimated_per_minute),
    )


def _gemini(identifier: str, name: str) -> AiModel:
    # Without a discount for repeated input a cached token costs what any other does.
    prices = Prices(
        version=PRICE_VERSION,
        text_in=Decimal("0.75"),
        text_in_cached=Decimal("0.75"),
        text_out=Decimal("4.50"),
        audio_in=Decimal(3),
        audio_in_cached=Decimal(3),
        audio_out=Decimal(12),
        estimated_per_minute=Decimal("0.012"),
    )
    return AiModel(
        id=identifier,
        name=name,
        provider="google",
        voices=GEMINI_VOICES,
        capabilities=GEMINI_CAPABILITIES,
        prices=prices,
        max_conversation_tokens=131_072,
    )


FULL_PRICES = _openai_prices(("4", "0.40", "24"), ("32", "0.40", "64"), "0.048")
MINI_PRICES = _openai_prices(("0.60", "0.06", "2.40"), ("10", "0.30", "20"), "0.015")
OLDER_PRICES = _openai_prices(("4", "0.40", "16"), ("32", "0.40", "64"), "0.048")

SIMULATED = AiModel(
    id="simulated",
    name="Simulated (offline)",
    provider="simulated",
    voices=SIMULATED_VOICES,
    capabilities=Capabilities(can_truncate=True, can_cancel=True, speed_control=True, pitch_control=True),
    prices=Prices(version="free"),
)

MODELS: tuple[AiModel, ...] = (
    _openai("gpt-realtime-2.1", "GPT Realtime 2.1", FULL_PRICES),
    _openai("gpt-realtime-2.1-mini", "GPT Realtime 2.1 mini", MINI_PRICES),
    _openai("gpt-realtime-2", "GPT Realtime 2", FULL_PRICES),
    _openai("gpt-realtime-1.5", "GPT Realtime 1.5", OLDER_PRICES, context=32_000),
    _gemini("gemini-3.8-live", "Gemini 3.8 Live"),
    _gemini("gemini-3.8-live-extended-thinking", "Gemini 3.8 Live, extended thinking"),
    SIMULATED,
)


def voice_of(model: AiModel, voice_id: str) -> Voice | None:
    """The voice of a model, None if the model does not speak with it."""
    return next((voice for voice in model.voices if voice.id == voice_id), None)
