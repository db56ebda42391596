"""What we send to Gemini is what its SDK's own types accept, and nothing a 3.8 model closes the session over."""

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from google.genai import types

from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.ports import ToolSpec
from media_tier.providers import gemini_wire as wire
from media_tier.providers.gemini_tools import declaration
from shared.contracts.records.call import Role
from shared.domain.pricing import Tokens
from tests.wire.gemini_fixtures import LOOKUP, MODEL, seed, settings

SAMPLE_USAGE = {
    "promptTokenCount": 522,
    "responseTokenCount": 42,
    "thoughtsTokenCount": 136,
    "totalTokenCount": 700,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 332},
        {"modality": "AUDIO", "tokenCount": 165},
    ],
    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 42}],
}


def setup(**given: Any) -> dict[str, Any]:
    """The setup we send, checked against the SDK's types, which forbid what they do not know."""
    sent: dict[str, Any] = json.loads(wire.setup(seed(**given)))["setup"]
    # The one part of a setup that the SDK sends and its type leaves out.
    listening = types.RealtimeInputConfig.model_validate(sent["realtimeInputConfig"])
    assert listening.activity_handling is not None
    rest = {key: value for key, value in sent.items() if key != "realtimeInputConfig"}
    types.LiveClientMessage.model_validate({"setup": rest})
    return sent


def checked(message: bytes | None) -> types.LiveClientMessage:
    assert message is not None
    return types.LiveClientMessage.model_validate(json.loads(message))


def test_a_session_is_set_up() -> None:
    sent = setup()
    assert sent == {
        "model": "models/gemini-3.8-live",
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
        },
        "systemInstruction": {"role": "user", "parts": [{"text": "Be kind."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "lookup",
                        "description": "Finds an order.",
                        "behavior": "BLOCKING",
                        "parameters": {"type": "OBJECT", "properties": {"number": {"type": "STRING"}}},
                    }
                ]
            }
        ],
        "sessionResumption": {},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
        "realtimeInputConfig": {
            "automaticActivityDetection": {"silenceDurationMs": 100},
            "activityHandling": "START_OF_ACTIVITY_INTERRUPTS",
        },
        "contextWindowCompression": {"triggerTokens": 104857, "slidingWindow": {"targetTokens": 52428}},
    }


@pytest.mark.parametrize(
    ("sensitivity", "level"),
    [(0.0, "LOW"), (0.3, "LOW"), (0.4, None), (0.5, None), (0.6, None), (0.7, "HIGH"), (1.0, "HIGH")],
)
def test_sensitivity_becomes_one_of_two_or_the_default(sensitivity: float, level: str | None) -> None:
    sent = setup(given=settings(vad={"sensitivity": sensitivity}))
    detection = sent["realtimeInputConfig"]["automaticActivityDetection"]
    expected = None if level is None else f"START_SENSITIVITY_{level}"
    assert detection.get("startOfSpeechSensitivity") == expected
    assert detection.get("endOfSpeechSensitivity") == (None if level is None else f"END_SENSITIVITY_{level}")
    assert detection["silenceDurationMs"] == 700


def test_prefix_padding_is_passed_on_only_when_it_was_chosen() -> None:
    def padding(ms: int) -> object:
        sent = setup(given=settings(vad={"prefix_padding_ms": ms}))
        return sent["realtimeInputConfig"]["automaticActivityDetection"].get("prefixPaddingMs")

    assert (padding(300), padding(0), padding(40)) == (None, 0, 40)


def test_interruption_language_and_no_tools() -> None:
    calm = settings(interruption={"allowed": False}, transcription={"language": "de"})
    sent = setup(given=calm, tools=())
    assert sent["realtimeInputConfig"]["activityHandling"] == "NO_INTERRUPTION"
    assert sent["inputAudioTranscription"] == {"languageCodes": ["de"]}
    assert "tools" not in sent


def test_history_is_announced_unless_a_handle_keeps_it() -> None:
    said = (HistoryItem(Role.USER, "hello"),)
    fresh, resumed = setup(history=said), setup(history=said, handle="h-1")
    assert fresh["historyConfig"] == {"initialHistoryInClientContent": True}
    assert fresh["sessionResumption"] == {}
    assert "historyConfig" not in resumed
    assert resumed["sessionResumption"] == {"handle": "h-1"}
    assert "historyConfig" not in setup(history=(HistoryItem(Role.USER, " "),))


def test_only_the_thinking_model_gets_a_thinking_level() -> None:
    thinking = MODEL.model_copy(update={"id": "gemini-3.8-live-extended-thinking"})
    assert "thinkingConfig" in setup(model=thinking)["generationConfig"]
    assert "thinkingConfig" not in setup()["generationConfig"]


def test_history_tells_who_said_what_and_what_tools_did() -> None:
    told = seed(
        history=(
            HistoryItem(Role.ASSISTANT, "Welcome."),
            HistoryItem(Role.USER, "My order?"),
            HistoryItem(Role.HUMAN, "I am looking."),
        ),
        tools_done=(
            ToolOutcome("c-1", "lookup", {"number": "7"}, {"state": "sent"}),
            ToolOutcome("c-2", "lookup", {"number": "8"}, None),
        ),
    )
    content = checked(wire.history(told)).client_content
    assert content is not None and content.turns is not None
    assert content.turn_complete is True
    lines = [(turn.role, (turn.parts or [types.Part()])[0].text) for turn in content.turns]
    assert lines[:3] == [
        ("model", "Welcome."),
        ("user", "My order?"),
        ("user", "[A human colleague said to the caller: I am looking.]"),
    ]
    assert '{"number":"7"}' in str(lines[3]) and '{"state":"sent"}' in str(lines[3])
    assert "still running" in str(lines[4])
    assert wire.history(seed()) is None


def test_context_asks_for_nothing_and_a_request_does() -> None:
    context = checked(wire.context(Role.ASSISTANT, "Welcome.")).client_content
    asked = checked(wire.request("Say exactly: Goodbye")).client_content
    bare = checked(wire.request(None)).client_content
    assert context is not None and asked is not None and bare is not None
    assert (context.turn_complete, asked.turn_complete, bare.turn_complete) == (False, True, True)
    assert asked.turns is not None and (asked.turns[0].parts or [types.Part()])[0].text == (
        "Instruction, not said by the caller:\nSay exactly: Goodbye"
    )
    assert bare.turns is not None and (bare.turns[0].parts or [types.Part()])[0].text == "…"


def test_sound_is_the_message_the_sdk_would_send() -> None:
    pcm = bytes(range(256)) * 2 + b"\x01\x02"
    message = wire.audio(pcm, 16_000)
    decoded = json.loads(message)
    assert decoded == {
        "realtime_input": {"audio": {"data": base64.b64encode(pcm).decode(), "mime_type": "audio/pcm;rate=16000"}}
    }
    sound = checked(message).realtime_input
    assert sound is not None and sound.audio is not None
    assert sound.audio.mime_type == "audio/pcm;rate=16000"


def test_results_tell_output_from_error() -> None:
    results = [("c-1", "lookup", {"state": "sent"}), ("c-2", "cancel", {"error": "broken", "say": "Sorry."})]
    message = checked(wire.tool_response(results)).tool_response
    assert message is not None
    responses = [(part.id, part.name, part.response) for part in message.function_responses or ()]
    assert responses == [
        ("c-1", "lookup", {"output": {"state": "sent"}}),
        ("c-2", "cancel", {"error": "broken", "say": "Sorry."}),
    ]


def test_a_sample_of_usage_costs_what_it_should() -> None:
    entry = wire.usage_entry(MODEL, "g1-u1", SAMPLE_USAGE)
    assert entry.cost_usd == Decimal("0.00187875")
    # 522 prompt tokens, of which the details explain 497: the rest is text.
    assert (entry.text_in, entry.audio_in, entry.text_out, entry.audio_out) == (357, 165, 136, 42)
    assert (entry.usage_id, entry.model_id, entry.price_version) == ("g1-u1", "gemini-3.8-live", "2026-11")


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({}, Tokens()),
        ({"promptTokenCount": 10, "responseTokenCount": 4}, Tokens(text_in=10, text_out=4)),
        (
            {"toolUsePromptTokenCount": 9, "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}]},
            Tokens(text_in=5, audio_in=4),
        ),
        # A total that is missing, or smaller than its details, must not make the text negative.
        ({"responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 8}]}, Tokens(audio_out=8)),
        ({"promptTokenCount": None, "promptTokensDetails": None}, Tokens()),
    ],
)
def test_usage_in_odd_shapes(usage: dict[str, Any], tokens: Tokens) -> None:
    assert wire.tokens_of(usage) == tokens


def test_durations() -> None:
    assert [wire.seconds_of(text) for text in ("50s", "0.020s", "1.5s", "x", "s", None, 5)] == [
        *(50.0, 0.02, 1.5),
        *(None, None, None, None),
    ]


def parameters(schema: dict[str, Any]) -> dict[str, Any]:
    """A tool's parameters as we send them; the SDK must know every word of them."""
    declared = declaration(ToolSpec("tool", "Does it.", schema))
    types.FunctionDeclaration.model_validate(declared)
    assert declared["behavior"] == "BLOCKING"
    found: dict[str, Any] = declared.get("parameters", {})
    return found


def test_a_schema_is_said_in_the_subset() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "Order",
        "additionalProperties": False,
        "$defs": {"Size": {"type": "string", "enum": ["S", "M"], "description": "How large"}},
        "properties": {
            "size": {"$ref": "#/$defs/Size"},
            "count": {"type": "integer", "minimum": 1, "maximum": 9, "exclusiveMinimum": 0, "enum": [1, 2]},
            "note": {"anyOf": [{"type": "string", "maxLength": 80}, {"type": "null"}], "default": None},
            "when": {"type": ["string", "null"], "format": "date-time"},
            "mail": {"type": "string", "format": "email"},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "either": {"oneOf": [{"type": "string"}, {"type": "number"}]},
            "kind": {"const": "order"},
        },
        "required": ["size"],
    }
    assert parameters(schema) == {
        "type": "OBJECT",
        "required": ["size"],
        "properties": {
            "size": {"type": "STRING", "enum": ["S", "M"], "description": "How large"},
            "count": {"type": "INTEGER", "minimum": 1, "maximum": 9},
            "note": {"type": "STRING", "maxLength": 80, "nullable": True},
            "when": {"type": "STRING", "format": "date-time", "nullable": True},
            "mail": {"type": "STRING"},
            "tags": {"type": "ARRAY", "items": {"type": "STRING"}},
            "either": {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]},
            "kind": {"type": "STRING", "enum": ["order"]},
        },
    }


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    made = parameters({"type": "object", "properties": {"first": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}})
    assert str(made).count("next") <= 12


def test_a_tool_without_parameters_has_none() -> None:
    assert parameters({"type": "object", "properties": {}}) == {}
    assert "parameters" in declaration(LOOKUP)
