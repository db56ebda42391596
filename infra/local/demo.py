"""The demo company: three chatbots (simulated, OpenAI, Gemini) and an order callers may ask about."""

from shared.contracts.records.effect import Order
from shared.contracts.settings.call_settings import (
    CallSettings,
    RecordingSettings,
    TranscriptionSettings,
    VoiceSettings,
)
from shared.contracts.settings.company import CallLimits, Chatbot, Company, CompanySettings, Features
from shared.contracts.settings.widget_config import CallOptions, WidgetConfig, WidgetFeatures

COMPANY = Company(
    company_id="3f1d0c52-7a55-4c1e-9a52-5f6f6f2b7c01",
    name="Marlow & Finch",
    settings=CompanySettings(features=Features(callEnabled=True)),
    limits=CallLimits(concurrent_calls=500),
)
INSTRUCTIONS = (
    "Marlow & Finch repairs and sells outdoor gear. Business hours: Monday through Friday, 9 AM to 5 PM "
    "Eastern Time, closed on weekends and major holidays. Orders can be looked up by number."
)
ORDER = Order(order_number="123", status="has been shipped and will arrive tomorrow")


def _chatbot(number: int, name: str, description: str) -> Chatbot:
    return Chatbot(
        company_id=COMPANY.company_id,
        chatbot_id=f"8d9e2b10-0000-4000-8000-00000000000{number}",
        name=name,
        description=description,
        agent_name="Finch",
        enabled_call=True,
    )


def _settings(model: str, voice: str) -> CallSettings:
    return CallSettings(
        ai_model_id=model,
        voice=VoiceSettings(voice_id=voice),
        instructions=INSTRUCTIONS,
        recording=RecordingSettings(enabled=True, announce=True),
        transcription=TranscriptionSettings(post_call_summary=True),
    )


def _widget(style: str) -> WidgetConfig:
    return WidgetConfig(
        call_options=CallOptions.model_validate({"visualizer_style": style}),
        features=WidgetFeatures(recording_download=True),
    )


CHATBOTS = (
    (
        _chatbot(1, "Simulated", "Speaks and hears on this machine, without any network."),
        _settings("simulated", "simulated-anna"),
        _widget("wave"),
    ),
    (
        _chatbot(2, "OpenAI Realtime", "The OpenAI adapter, with your key or with the built-in stand-in."),
        _settings("gpt-realtime-2.1", "marin"),
        _widget("orb"),
    ),
    (
        _chatbot(3, "Gemini Live", "The Gemini adapter, with your key or with the built-in stand-in."),
        _settings("gemini-3.8-live", "Kore"),
        _widget("wave"),
    ),
)
