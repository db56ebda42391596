"""The models and voices a new platform is seeded with. Afterwards the master admin's edits count.

Prices are US dollars per million tokens; sources are the vendors' model and pricing pages of November 2026.
"""

from decimal import Decimal

from shared.contracts.settings.ai_model import AiModel, Capabilities, Prices, Voice

_OPENAI = Capabilities(
    server_interrupts_on_speech=True,
    can_truncate=True,
    can_cancel=True,
    speed_control=True,
    noise_reduction=True,
    semantic_vad=True,
    accepts_mulaw=True,
    max_connection_seconds=3600,
)
_GEMINI = Capabilities(server_interrupts_on_speech=True, resumable=True, input_rate=16000, max_connection_seconds=600)
_OPENAI_VOICES = tuple(
    Voice(id=name, name=name.capitalize(), description=description, accent="American")
    for name, description in (
        ("marin", "Warm and natural"),
        ("cedar", "Calm and natural"),
        ("alloy", "Neutral and balanced"),
        ("ash", "Clear and precise"),
        ("ballad", "Melodic and smooth"),
        ("coral", "Warm and friendly"),
        ("echo", "Resonant and deep"),
        ("sage", "Calm and thoughtful"),
        ("shimmer", "Bright and energetic"),
        ("verse", "Versatile and expressive"),
    )
)
_GEMINI_NAMES = (
    "Achernar Achird Algenib Algieba Alnilam Aoede Autonoe Callirrhoe Charon Despina Enceladus Erinome Fenrir Gacrux "
    "Iapetus Kore Laomedeia Leda Orus Pulcherrima Puck Rasalgethi Sadachbia Sadaltager Schedar Sulafat Umbriel "
    "Vindemiatrix Zephyr Zubenelgenubi"
)
_GEMINI_VOICES = tuple(Voice(id=name, name=name) for name in _GEMINI_NAMES.split())
SIMULATED_VOICES = (
    Voice(id="simulated-anna", name="Anna", description="Clear and friendly", gender="female", accent="American"),
    Voice(id="simulated-ben", name="Ben", description="Calm and deep", gender="male", accent="American"),
    Voice(id="simulated-clara", name="Clara", description="Bright and quick", gender="female", accent="American"),
    Voice(id="simulated-dan", name="Dan", description="Even and neutral", gender="male", accent="American"),
)


def _realtime(model_id: str, name: str, prices: tuple[str, ...], *, per_minute: str, context: int) -> AiModel:
    text_in, text_cached, text_out, audio_in, audio_cached, audio_out = (Decimal(price) for price in prices)
    return AiModel(
        id=model_id,
        name=name,
        provider="openai",
        voices=_OPENAI_VOICES,
        capabilities=_OPENAI,
        prices=Prices(
            version="2026-11",
            text_in=text_in,
            text_in_cached=text_cached,
            text_out=text_out,
            audio_in=audio_in,
            audio_in_cached=audio_cached,
            audio_out=audio_out,
            transcription_per_minute=Decimal("0.0045"),
            estimated_per_minute=Decimal(per_minute),
        ),
        max_conversation_tokens=context,
        transcription_model="gpt-transcribe",
    )


def _gemini(model_id: str, name: str) -> AiModel:
    prices = Prices(
        version="2026-11",
        text_in=Decimal("0.75"),
        text_in_cached=Decimal("0.75"),
        text_out=Decimal("4.5"),
        audio_in=Decimal(3),
        audio_in_cached=Decimal(3),
        audio_out=Decimal(12),
        estimated_per_minute=Decimal("0.023"),
    )
    return AiModel(
        id=model_id,
        name=name,
        provider="google",
        voices=_GEMINI_VOICES,
        capabilities=_GEMINI,
        prices=prices,
        max_conversation_tokens=131_072,
    )


SIMULATED = AiModel(
    id="simulated",
    name="Simulated (offline)",
    provider="simulated",
    voices=SIMULATED_VOICES,
    capabilities=Capabilities(can_truncate=True, can_cancel=True, speed_control=True, pitch_control=True),
    prices=Prices(version="free"),
)
MODELS = (
    _realtime(
        "gpt-realtime-2.1",
        "GPT Realtime 2.1",
        ("4", "0.40", "24", "32", "0.40", "64"),
        per_minute="0.048",
        context=128_000,
    ),
    _realtime(
        "gpt-realtime-2.1-mini",
        "GPT Realtime 2.1 mini",
        ("0.60", "0.06", "2.40", "10", "0.30", "20"),
        per_minute="0.015",
        context=128_000,
    ),
    _realtime(
        "gpt-realtime-2", "GPT Realtime 2", ("4", "0.40", "24", "32", "0.40", "64"), per_minute="0.048", context=128_000
    ),
    _realtime(
        "gpt-realtime-1.5",
        "GPT Realtime 1.5",
        ("4", "0.40", "16", "32", "0.40", "64"),
        per_minute="0.048",
        context=32_000,
    ),
    _gemini("gemini-3.8-live", "Gemini 3.8 Live"),
    _gemini("gemini-3.8-live-extended-thinking", "Gemini 3.8 Live, extended thinking"),
    SIMULATED,
)
