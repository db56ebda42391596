"""What we send to OpenAI: every message is checked with the types of OpenAI's own package."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given as for_all
from hypothesis import settings as effort
from hypothesis import strategies as st

from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.providers import openai_wire as wire
from shared.contracts.records.call import Role
from shared.contracts.settings.call_settings import CallSettings
from tests.wire.openai_fixtures import MODEL, assert_valid, seed, settings


def decoded(message: bytes) -> dict[str, Any]:
    event: dict[str, Any] = orjson.loads(message)
    assert_valid(event)
    return event


def session(given: CallSettings | None = None, **changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = decoded(wire.session_update(seed(given=given, **changes)))["session"]
    return event


def without(**flags: Any) -> Any:
    return MODEL.model_copy(update={"capabilities": MODEL.capabilities.model_copy(update=flags)})


def test_the_whole_session_in_its_ga_form() -> None:
    assert session(settings(voice={"voice_id": "cedar", "speed": 1.2}, vad={})) == {
        "type": "realtime",
        "instructions": "Be kind.",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 700,
                    "create_response": True,
                    "interrupt_response": True,
                },
                "noise_reduction": {"type": "near_field", "strength": 0.6},
                "transcription": {"model": "gpt-transcribe"},
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "cedar", "speed": 1.2},
        },
        "tools": [
            {
                "type": "function",
                "name": "lookup",
                "description": "Finds an order.",
                "parameters": {"type": "object", "properties": {"number": {"type": "string"}}},
            }
        ],
        "tool_choice": "auto",
        "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
    }


@pytest.mark.parametrize(("sensitivity", "threshold"), [(0.0, 0.9), (0.1, 0.9), (0.3, 0.7), (0.9, 0.1), (1.0, 0.1)])
def test_more_sensitive_is_a_lower_threshold_within_bounds(sensitivity: float, threshold: float) -> None:
    detection = session(settings(vad={"sensitivity": sensitivity}))["audio"]["input"]["turn_detection"]
    assert detection["threshold"] == threshold


def test_semantic_turn_detection_only_where_the_model_has_it() -> None:
    given = settings(vad={"semantic": True, "eagerness": "high"}, interruption={"allowed": False})
    answering = {"create_response": True, "interrupt_response": False}
    assert session(given)["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "high",
        **answering,
    }
    fallback = session(given, model=without(semantic_vad=False))["audio"]["input"]["turn_detection"]
    assert fallback["type"] == "server_vad" and fallback["interrupt_response"] is False


@pytest.mark.parametrize(("level", "strength"), [("low", 0.3), ("medium", 0.6), ("high", 1.0)])
def test_noise_reduction_follows_the_level(level: str, strength: float) -> None:
    hearing = session(settings(audio={"noise_suppression_level": level}))["audio"]["input"]
    assert hearing["noise_reduction"] == {"type": "near_field", "strength": strength}


def test_noise_reduction_is_switched_off_explicitly() -> None:
    assert session(settings(audio={"noise_suppression": False}))["audio"]["input"]["noise_reduction"] is None
    assert session(model=without(noise_reduction=False))["audio"]["input"]["noise_reduction"] is None


@pytest.mark.parametrize(("language", "sent"), [("de", "de"), ("en-US", "en"), ("PT-br", "pt")])
def test_transcription_is_told_the_language(language: str, sent: str) -> None:
    hearing = session(settings(transcription={"language": language}))["audio"]["input"]
    assert hearing["transcription"] == {"model": "gpt-transcribe", "language": sent}


def test_a_model_without_transcription_or_speed_is_not_asked_for_them() -> None:
    plain = without(speed_control=False).model_copy(update={"transcription_model": None})
    sent = session(settings(transcription={"include_confidence": True}), model=plain)
    assert sent["audio"]["input"]["transcription"] is None
    assert "speed" not in sent["audio"]["output"] and "include" not in sent


def test_log_probabilities_are_asked_for_only_with_confidence() -> None:
    given = settings(transcription={"include_confidence": True})
    assert session(given)["include"] == ["item.input_audio_transcription.logprobs"]
    assert "include" not in decoded(wire.session_update(seed(given=given), confidence=False))["session"]


def test_history_is_told_as_items_oldest_first() -> None:
    told = seed(
        history=(
            HistoryItem(Role.ASSISTANT, "Welcome!"),
            HistoryItem(Role.USER, "  "),
            HistoryItem(Role.USER, "Hello"),
            HistoryItem(Role.HUMAN, "I take over."),
        ),
        tools_done=(ToolOutcome("c1", "lookup", {"n": 1}, {"ok": True}), ToolOutcome("c2", "lookup", {}, None)),
    )
    assert [decoded(message)["item"] for message in wire.history(told)] == [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Welcome!"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
        {
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "A human colleague said to the caller: I take over."}],
        },
        {"type": "function_call", "call_id": "c1", "name": "lookup", "arguments": '{"n":1}'},
        {"type": "function_call_output", "call_id": "c1", "output": '{"ok":true}'},
        {"type": "function_call", "call_id": "c2", "name": "lookup", "arguments": "{}"},
    ]


def test_commands() -> None:
    assert decoded(wire.respond("e1")) == {
        "type": "response.create",
        "event_id": "e1",
        "response": {"metadata": {"request": "e1"}},
    }
    asked = decoded(wire.respond("e2", "t" * 600, "Say it."))["response"]
    assert asked == {"metadata": {"request": "e2", "tag": "t" * 512}, "instructions": "Say it."}
    assert decoded(wire.cancel("e3", "r")) == {"type": "response.cancel", "event_id": "e3", "response_id": "r"}
    assert decoded(wire.truncate("i", 130)) == {
        "type": "conversation.item.truncate",
        "item_id": "i",
        "content_index": 0,
        "audio_end_ms": 130,
    }
    assert decoded(wire.delete("i")) == {"type": "conversation.item.delete", "item_id": "i"}


@for_all(st.binary(max_size=2000))
@effort(max_examples=50)
def test_sound_is_sent_unchanged(pcm: bytes) -> None:
    event = decoded(wire.append(pcm))
    assert event["type"] == "input_audio_buffer.append" and base64.b64decode(event["audio"]) == pcm


@for_all(st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.text(max_size=20), st.integers(0, 9))))
@effort(max_examples=50)
def test_a_tools_output_survives(output: dict[str, Any]) -> None:
    item = decoded(wire.tool_output("c", output))["item"]
    assert item["type"] == "function_call_output" and orjson.loads(item["output"]) == output
