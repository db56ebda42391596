"""What we send to OpenAI Realtime, in its GA form. Pure: settings and commands in, JSON bytes out.

Facts: the field docs of openai-python 3.54 (`openai.types.realtime`) and developers.openai.com, guide "Realtime".
The way back lies in openai_decoder.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import pybase64

from media_tier.audio.formats import MULAW_8K, PCM_24K
from media_tier.ports import SessionSeed
from shared.contracts.records.call import Role
from shared.contracts.settings.call_settings import CallSettings

NOISE_STRENGTH = {"low": 0.3, "medium": 0.6, "high": 1.0}
RETENTION_RATIO = 0.8
"""Share of the context kept when it overflows: dropping more at once keeps the prefix cache useful."""
SPEED_RANGE = (0.25, 1.5)
LONGEST_TAG = 512

_APPEND_HEAD = b'{"type":"input_audio_buffer.append","audio":"'
_APPEND_TAIL = b'"}'
_FORMATS = {PCM_24K: {"type": "audio/pcm", "rate": 24000}, MULAW_8K: {"type": "audio/pcmu"}}


def append(pcm: bytes) -> bytes:
    """Caller's sound. Built by hand: this is sent 50 times a second for each call."""
    return _APPEND_HEAD + pybase64.b64encode(pcm) + _APPEND_TAIL


def session_update(seed: SessionSeed, *, confidence: bool = True) -> bytes:
    """The whole configuration; it must be acknowledged before any sound, because answering is on by default.

    `confidence` False leaves the log probabilities out although the settings ask for them, for transcription models
    that have none.
    """
    settings, model = seed.settings, seed.model
    session: dict[str, Any] = {
        "type": "realtime",
        "instructions": seed.instructions,
        "output_modalities": ["audio"],
        "audio": {"input": _hearing(seed), "output": _speaking(seed)},
        "tools": [
            {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in seed.tools
        ],
        "tool_choice": "auto",
        "truncation": {"type": "retention_ratio", "retention_ratio": RETENTION_RATIO},
    }
    if confidence and settings.transcription.include_confidence and model.transcription_model:
        session["include"] = ["item.input_audio_transcription.logprobs"]
    return orjson.dumps({"type": "session.update", "session": session})


def _hearing(seed: SessionSeed) -> dict[str, Any]:
    settings, model = seed.settings, seed.model
    hearing: dict[str, Any] = {
        "format": _FORMATS[seed.audio],
        "turn_detection": turn_detection(settings, semantic=model.capabilities.semantic_vad),
        "noise_reduction": None,
        "transcription": None,
    }
    if settings.audio.noise_suppression and model.capabilities.noise_reduction:
        strength = NOISE_STRENGTH[settings.audio.noise_suppression_level]
        hearing["noise_reduction"] = {"type": "near_field", "strength": strength}
    if model.transcription_model:
        hearing["transcription"] = {"model": model.transcription_model}
        if settings.transcription.language:
            # ISO 639-1 only: a region is refused.
            hearing["transcription"]["language"] = settings.transcription.language.split("-")[0].lower()
    return hearing


def _speaking(seed: SessionSeed) -> dict[str, Any]:
    speaking: dict[str, Any] = {"format": _FORMATS[seed.audio], "voice": seed.settings.voice.voice_id}
    if seed.model.capabilities.speed_control:
        low, high = SPEED_RANGE
        speaking["speed"] = min(max(seed.settings.voice.speed, low), high)
    return speaking


def turn_detection(settings: CallSettings, *, semantic: bool) -> dict[str, Any]:
    """How the server finds turns. Its threshold is the opposite of our sensitivity."""
    vad = settings.vad
    answering = {"create_response": True, "interrupt_response": settings.interruption.allowed}
    if vad.semantic and semantic:
        return {"type": "semantic_vad", "eagerness": vad.eagerness, **answering}
    return {
        "type": "server_vad",
        "threshold": round(min(max(1.0 - vad.sensitivity, 0.1), 0.9), 2),
        "prefix_padding_ms": vad.prefix_padding_ms,
        "silence_duration_ms": vad.silence_duration_ms,
        **answering,
    }


def history(seed: SessionSeed) -> Iterator[bytes]:
    """What was said and done on earlier connections, oldest first; asks for no answer."""
    for line in seed.history:
        if line.text.strip():
            yield said(line.role, line.text)
    for done in seed.tools_done:
        yield _item(
            {
                "type": "function_call",
                "call_id": done.call_id,
                "name": done.name,
                "arguments": orjson.dumps(done.arguments).decode(),
            }
        )
        if done.output is not None:
            yield tool_output(done.call_id, done.output)


def said(role: Role, text: str) -> bytes:
    """A message of the conversation. The model takes assistant text only as `output_text`, and no third speaker."""
    match role:
        case Role.USER:
            message = ("user", "input_text", text)
        case Role.ASSISTANT:
            message = ("assistant", "output_text", text)
        case Role.HUMAN:
            message = ("system", "input_text", f"A human colleague said to the caller: {text}")
    speaker, kind, words = message
    return _item({"type": "message", "role": speaker, "content": [{"type": kind, "text": words}]})


def tool_output(call_id: str, output: dict[str, Any]) -> bytes:
    """A tool's result; a `respond` follows once all calls of the response are answered."""
    result = orjson.dumps(output, default=str).decode()
    return _item({"type": "function_call_output", "call_id": call_id, "output": result})


def respond(event_id: str, tag: str | None = None, instructions: str | None = None) -> bytes:
    """Ask for a response. `instructions` replace the session's for this response; `tag` comes back with its events."""
    response: dict[str, Any] = {"metadata": {"request": event_id}}
    if tag is not None:
        response["metadata"]["tag"] = tag[:LONGEST_TAG]
    if instructions is not None:
        response["instructions"] = instructions
    return orjson.dumps({"type": "response.create", "event_id": event_id, "response": response})


def cancel(event_id: str, response_id: str) -> bytes:
    """Stop this response, and no other that may have begun since."""
    return orjson.dumps({"type": "response.cancel", "event_id": event_id, "response_id": response_id})


def truncate(item_id: str, heard_ms: int) -> bytes:
    """Keep only what was heard of an item; more than was received is refused by the server."""
    return orjson.dumps(
        {"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": heard_ms}
    )


def delete(item_id: str) -> bytes:
    """Forget an item of which nothing was heard: truncating at 0 is refused."""
    return orjson.dumps({"type": "conversation.item.delete", "item_id": item_id})


def _item(item: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": "conversation.item.create", "item": item})
