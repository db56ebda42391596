"""What the OpenAI stand-in allows, refuses and counts, as the real server documents it (openai-python 3.54)."""

import copy
from collections.abc import Mapping
from typing import Any

from infra.local.standins.openai_sound import FORMATS

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
CALLER_TOKENS_PER_SECOND = 10
AI_TOKENS_PER_SECOND = 20
LETTERS_PER_TOKEN = 4
SAMPLE_RATE = 24_000
ITEM_TYPES = ("message", "function_call", "function_call_output")
CONTENT_OF_ROLE = {
    "user": ("input_text", "input_audio", "input_image"),
    "system": ("input_text",),
    "assistant": ("output_text",),
}
MODELS = (
    {"id": "gpt-realtime-2.1", "object": "model", "created": 1790000000, "owned_by": "openai", "shutdown_date": None},
    {
        "id": "gpt-realtime",
        "object": "model",
        "created": 1756300000,
        "owned_by": "openai",
        "shutdown_date": "2027-01-20",
    },
)


class Refused(Exception):
    """A client event that is answered with an `error` event."""

    def __init__(
        self, code: str | None, message: str, param: str | None = None, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.error = {"type": kind, "code": code, "message": message, "param": param}


def default_session(session_id: str, model: str, expires_at: int) -> dict[str, Any]:
    """The session as it is announced before any update: it answers by itself."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "You are a helpful assistant.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "prompt": None,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": SAMPLE_RATE},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 200,
                    "idle_timeout_ms": None,
                    "create_response": True,
                    "interrupt_response": True,
                },
            },
            "output": {"format": {"type": "audio/pcm", "rate": SAMPLE_RATE}, "voice": "marin", "speed": 1},
        },
        "include": None,
    }


def updated(current: Mapping[str, Any], change: Any, *, has_spoken: bool) -> dict[str, Any]:
    """The session after an update. Raises Refused and leaves everything as it was."""
    if not isinstance(change, dict) or change.get("type") not in ("realtime", "transcription"):
        raise Refused("missing_required_parameter", "Missing required parameter: 'session.type'.", "session.type")
    merged = _merge(copy.deepcopy(dict(current)), change)
    hearing, speaking = merged["audio"]["input"], merged["audio"]["output"]
    _check_voice(current["audio"]["output"]["voice"], speaking["voice"], has_spoken)
    for where, side in (("input", hearing), ("output", speaking)):
        if side["format"] not in FORMATS:
            raise Refused("invalid_value", f"Invalid value: '{side['format']}'.", f"session.audio.{where}.format")
    if not 0.25 <= float(speaking["speed"]) <= 1.5:
        raise Refused("invalid_value", "Invalid 'session.audio.output.speed'.", "session.audio.output.speed")
    if merged["output_modalities"] not in (["audio"], ["text"]):
        raise Refused("invalid_value", "Invalid modalities.", "session.output_modalities")
    if "model" in change and change["model"] != current["model"]:
        raise Refused("invalid_value", "The model cannot be changed.", "session.model")
    detection = hearing["turn_detection"]
    if detection is not None and not 0.0 <= float(detection.get("threshold", 0.5)) <= 1.0:
        where = "session.audio.input.turn_detection.threshold"
        raise Refused("invalid_value", f"Invalid '{where}'.", where)
    return merged


def _check_voice(current: Any, wanted: Any, has_spoken: bool) -> None:
    where = "session.audio.output.voice"
    if not (wanted in VOICES if isinstance(wanted, str) else isinstance(wanted, dict) and "id" in wanted):
        choices = ", ".join(f"'{voice}'" for voice in VOICES)
        raise Refused("invalid_value", f"Invalid value: '{wanted}'. Supported values are: {choices}.", where)
    if has_spoken and wanted != current:
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise Refused("cannot_update_voice", message, where)


def _merge(into: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in change.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, dict) and key not in ("turn_detection", "format"):
            _merge(known, value)
        else:
            into[key] = copy.deepcopy(value)
    return into


def checked_item(item: Any, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A client's item, if the server would take it. Raises Refused."""
    if not isinstance(item, dict) or item.get("type") not in ITEM_TYPES:
        raise Refused("invalid_value", f"Invalid value: '{_name(item)}'.", "item.type")
    if item.get("id") in known:
        raise Refused("item_create_duplicate_item_id", f"Error adding item: '{item['id']}' exists.", "item.id")
    if item["type"] == "message":
        allowed = CONTENT_OF_ROLE.get(str(item.get("role")))
        if allowed is None:
            raise Refused("invalid_value", f"Invalid value: '{item.get('role')}'.", "item.role")
        for index, part in enumerate(item.get("content") or ()):
            if part.get("type") not in allowed:
                choices = ", ".join(f"'{kind}'" for kind in allowed)
                raise Refused(
                    "invalid_value",
                    f"Invalid value: '{part.get('type')}'. Supported values are: {choices}.",
                    f"item.content[{index}].type",
                )
    elif item["type"] == "function_call_output":
        calls = {other.get("call_id") for other in known.values() if other["type"] == "function_call"}
        if item.get("call_id") not in calls:
            message = f"Tool call ID '{item.get('call_id')}' not found in conversation."
            raise Refused("invalid_tool_call_id", message, "item.call_id")
        if not isinstance(item.get("output"), str):
            raise Refused("invalid_type", "Invalid type for 'item.output': expected a string.", "item.output")
    return item


def _name(item: Any) -> Any:
    return item.get("type") if isinstance(item, dict) else item


def counted_usage(text_in: int, caller_ms: float, cached: int, text_out: int, ai_ms: float) -> dict[str, Any]:
    """The usage of a response: `text_in` and `text_out` in letters, sound in milliseconds, `cached` in tokens."""
    text, audio = text_in // LETTERS_PER_TOKEN, int(caller_ms * CALLER_TOKENS_PER_SECOND / 1000)
    said, sounded = text_out // LETTERS_PER_TOKEN, int(ai_ms * AI_TOKENS_PER_SECOND / 1000)
    text_cached = min(cached, text)
    audio_cached = min(cached - text_cached, audio)
    return {
        "total_tokens": text + audio + said + sounded,
        "input_tokens": text + audio,
        "output_tokens": said + sounded,
        "input_token_details": {
            "text_tokens": text,
            "audio_tokens": audio,
            "image_tokens": 0,
            "cached_tokens": text_cached + audio_cached,
            "cached_tokens_details": {"text_tokens": text_cached, "audio_tokens": audio_cached, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": said, "audio_tokens": sounded},
    }


def transcription_usage(model: str, caller_ms: float, letters: int) -> dict[str, Any]:
    """Models of the gpt-4o family are billed by tokens, the others by time."""
    if not model.startswith("gpt-4o"):
        return {"type": "duration", "seconds": round(caller_ms / 1000, 3)}
    audio, text = int(caller_ms * CALLER_TOKENS_PER_SECOND / 1000), letters // LETTERS_PER_TOKEN
    details = {"text_tokens": 0, "audio_tokens": audio}
    return {
        "type": "tokens",
        "total_tokens": audio + text,
        "input_tokens": audio,
        "input_token_details": details,
        "output_tokens": text,
    }
