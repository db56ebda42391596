"""Defaults and ranges of what people configure, and what a process refuses to start with."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.environment import FunctionEnvironment, MediaEnvironment
from shared.contracts.settings.company import Company
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.catalogue import MODELS, voice_of

DEFAULTS: dict[str, dict[str, Any]] = {
    "appearance": {
        "theme": "auto",
        "position": "bottom-right",
        "horizontal_offset": 20,
        "vertical_offset": 20,
        "primary_color": "#4F46E5",
        "border_radius": 16,
        "button_size": "medium",
        "launcher_border_radius_percent": 50,
        "chat_launcher_text": "Chat with us!",
        "chat_launcher_text_background": "#FFFFFF",
        "show_call_launcher_text": True,
        "call_launcher_text": "Call us!",
        "call_button_color": "#10B981",
    },
    "branding": {
        "title": "Customer Support",
        "subtitle": "We're here to help!",
        "welcome_message": "Hi there! 👋 How can we help you today?",
        "input_placeholder": "Type your message...",
        "call_welcome_message": None,
        "end_call_message": "Thank you for calling!",
    },
    "behavior": {
        "auto_open": False,
        "sound_effects": True,
        "persistence": True,
        "typing_indicator": True,
        "message_timestamps": "hover",
    },
    "call_options": {
        "visualizer_style": "wave",
        "show_duration": True,
        "show_live_transcript": True,
        "transcript_style": "bottom",
        "show_mute_button": True,
        "end_button_style": "red",
        "interface_size": "modal",
        "show_agent_avatar": True,
        "button_position": "above",
    },
    "features": {
        "feedback": True,
        "require_email": False,
        "require_name": False,
        "file_uploads": False,
        "push_to_talk": False,
        "show_agent_list": True,
        "agent_list_type": "standard",
        "quality_indicator": True,
        "recording_download": False,
        "transcript_download": True,
        "switch_to_chat": True,
    },
    "advanced": {
        "chat_messages_per_hour": 100,
        "calls_per_hour": 10,
        "session_timeout_minutes": 30,
        "language": "en",
    },
}
OUT_OF_RANGE = [
    ("appearance", "theme", "blue"),
    ("appearance", "position", "center"),
    ("appearance", "horizontal_offset", 101),
    ("appearance", "vertical_offset", -1),
    ("appearance", "primary_color", "red"),
    ("appearance", "primary_color", "#12345"),
    ("appearance", "border_radius", 51),
    ("appearance", "launcher_border_radius_percent", 51),
    ("appearance", "button_size", "huge"),
    ("appearance", "call_launcher_text", "x" * 51),
    ("appearance", "chat_launcher_text", "x" * 51),
    ("branding", "title", "x" * 61),
    ("branding", "subtitle", "x" * 101),
    ("branding", "welcome_message", "x" * 501),
    ("branding", "input_placeholder", "x" * 51),
    ("branding", "call_welcome_message", "x" * 501),
    ("branding", "end_call_message", "x" * 101),
    ("behavior", "message_timestamps", "sometimes"),
    ("call_options", "visualizer_style", "bars"),
    ("call_options", "transcript_style", "top"),
    ("call_options", "end_button_style", "blue"),
    ("call_options", "interface_size", "window"),
    ("call_options", "button_position", "left"),
    ("features", "agent_list_type", "long"),
    ("advanced", "calls_per_hour", 0),
    ("advanced", "language", "xx"),
    ("advanced", "unknown", 1),
]


def test_every_default_of_the_widget() -> None:
    config = WidgetConfig().model_dump()
    assert {part: {name: config[part][name] for name in values} for part, values in DEFAULTS.items()} == DEFAULTS


@pytest.mark.parametrize(("part", "name", "value"), OUT_OF_RANGE)
def test_nothing_out_of_range_is_saved(part: str, name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        WidgetConfig.model_validate({part: {name: value}})
    assert [error["loc"] for error in caught.value.errors()] == [(part, name)]


@pytest.mark.parametrize(
    ("part", "name", "values"),
    [
        ("appearance", "horizontal_offset", (0, 100)),
        ("appearance", "border_radius", (0, 50)),
        ("appearance", "launcher_border_radius_percent", (0, 50)),
        ("appearance", "call_launcher_text", ("", "x" * 50)),
        ("branding", "call_welcome_message", (None, "x" * 500)),
        ("branding", "end_call_message", ("x" * 100,)),
    ],
)
def test_the_ends_of_every_range_are_taken(part: str, name: str, values: tuple[object, ...]) -> None:
    for value in values:
        assert WidgetConfig.model_validate({part: {name: value}}).model_dump()[part][name] == value


def test_calls_are_off_until_the_master_admin_switches_them_on() -> None:
    company = Company(company_id="c", name="C")
    assert company.settings.features.callEnabled is False


def test_the_catalogue_offers_what_models_accept() -> None:
    by_id = {model.id: model for model in MODELS}
    assert len(by_id) == len(MODELS) == 7
    assert {model.provider for model in MODELS} == {"openai", "google", "simulated"}
    for model in MODELS:
        identifiers = [voice.id for voice in model.voices]
        assert len(set(identifiers)) == len(identifiers) == {"openai": 10, "google": 30, "simulated": 4}[model.provider]
        assert not {"fable", "onyx", "nova"} & set(identifiers)
        assert not model.capabilities.resumable or model.provider == "google"
        assert model.prices.text_in_cached <= model.prices.text_in
        assert model.prices.audio_in_cached <= model.prices.audio_in
    full = by_id["gpt-realtime-2.1"]
    assert (full.prices.audio_in, full.prices.audio_out) == (Decimal(32), Decimal(64))
    assert full.capabilities.max_connection_seconds == 3600 and full.transcription_model == "gpt-transcribe"
    assert by_id["gemini-3.8-live"].capabilities.input_rate == 16000
    assert voice_of(full, "marin") is not None and voice_of(full, "Kore") is None


FUNCTION = {
    "STAGE": "prod",
    "RECORDINGS_BUCKET": "calls",
    "CALL_ENDED_QUEUE_URL": "https://queue.example",
    "PUBLIC_BASE_URL": "https://calls.example",
}
MEDIA = {"STAGE": "prod", "RECORDINGS_BUCKET": "calls", "CALL_ENDED_QUEUE_URL": "https://queue.example"}


def test_an_environment_is_read_by_its_variables_names() -> None:
    read = FunctionEnvironment.read(FUNCTION | {"AWS_ENDPOINT_URL": "", "PATH": "/bin", "CORE_TABLE": "core-2"})
    assert (read.stage, read.core_table, read.aws_endpoint_url) == ("prod", "core-2", None)


@pytest.mark.parametrize("missing", sorted(FUNCTION))
def test_a_process_without_what_it_needs_does_not_start(missing: str) -> None:
    incomplete = {name: value for name, value in FUNCTION.items() if name != missing}
    with pytest.raises(ValidationError) as caught:
        FunctionEnvironment.read(incomplete)
    assert [error["loc"] for error in caught.value.errors()] == [(missing.lower(),)]


def test_simulation_is_refused_in_production() -> None:
    with pytest.raises(ValidationError, match="CALL_SIMULATION_MODE must not be set in production"):
        MediaEnvironment.read(MEDIA | {"CALL_SIMULATION_MODE": "true"})
    with pytest.raises(ValidationError, match="SIMULATED_TOOL_SECONDS must not be set in production"):
        MediaEnvironment.read(MEDIA | {"SIMULATED_TOOL_SECONDS": "1.5"})
    assert MediaEnvironment.read(MEDIA | {"CALL_SIMULATION_MODE": "false"}).call_simulation_mode is False
    assert MediaEnvironment.read(MEDIA | {"CALL_SIMULATION_MODE": "true", "STAGE": "dev"}).call_simulation_mode is True
