"""What we say to Gemini Live, and the numbers it reports: messages and units of the wire. Pure.

Source: ai.google.dev/api/live and the types of google-genai. Keys are spelled as that SDK sends them, which mixes both
spellings; the server takes either. Thinking and affective dialog are left out: `gemini-3.8-live` closes with 1007 over
them. Sound to the model is PCM16 mono at the rate its capabilities name, never above 16 kHz.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import pybase64

from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.ports import SessionSeed
from media_tier.providers.gemini_tools import declaration
from shared.contracts.records.call import Role, UsageEntry
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.domain.pricing import Tokens, reply_usage

CONTEXT_TOKENS = 131_072
COMPRESS_AT, COMPRESS_TO = 0.8, 0.4
"""Shares of the context at which the oldest turns are let go, and down to which: sessions last without limit."""
HIGH_FROM, LOW_TO = 0.7, 0.3
OUR_PREFIX_MS = 300
"""The default of the setting. Here it would mean speech required before a barge-in counts, so it is not passed on."""
THINKING_FAMILY = "extended-thinking"
"""Models with this in their name refuse a session without a thinking level; all others refuse one with it."""
GO_ON = "…"
"""A user turn that only asks to speak; a single dot is answered with silence."""
INSTRUCTION = "Instruction, not said by the caller:\n"
"""The model knows no third speaker, so what the platform wants is told apart in words."""
LOST = "The connection was lost while this tool ran; its result will follow if it comes."

_AUDIO_HEAD = b'{"realtime_input":{"audio":{"data":"'


def path(api_version: str) -> str:
    """Where the WebSocket is."""
    return f"/ws/google.ai.generativelanguage.{api_version}.GenerativeService.BidiGenerateContent"


def setup(seed: SessionSeed) -> bytes:
    """The first message: everything that cannot be changed afterwards."""
    settings, model = seed.settings, seed.model
    speech = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": settings.voice.voice_id}}}
    generation: dict[str, Any] = {"responseModalities": ["AUDIO"], "speechConfig": speech}
    if THINKING_FAMILY in model.id:
        generation["thinkingConfig"] = {"thinkingLevel": "LOW"}
    context = min(model.max_conversation_tokens, CONTEXT_TOKENS)
    hearing = {"languageCodes": [settings.transcription.language]} if settings.transcription.language else {}
    message: dict[str, Any] = {
        "model": f"models/{model.id.removeprefix('models/')}",
        "generationConfig": generation,
        "sessionResumption": {} if seed.resume_handle is None else {"handle": seed.resume_handle},
        "inputAudioTranscription": hearing,
        "outputAudioTranscription": {},
        "realtimeInputConfig": realtime_input(settings),
        "contextWindowCompression": {
            "triggerTokens": int(context * COMPRESS_AT),
            "slidingWindow": {"targetTokens": int(context * COMPRESS_TO)},
        },
    }
    if seed.instructions:
        message["systemInstruction"] = {"role": "user", "parts": [{"text": seed.instructions}]}
    if seed.tools:
        message["tools"] = [{"functionDeclarations": [declaration(tool) for tool in seed.tools]}]
    if seed.resume_handle is None and _lines(seed):
        message["historyConfig"] = {"initialHistoryInClientContent": True}
    return orjson.dumps({"setup": message})


def realtime_input(settings: CallSettings) -> dict[str, Any]:
    """How the server finds turns. It knows two sensitivities; in between it is left to its default."""
    vad = settings.vad
    detection: dict[str, Any] = {"silenceDurationMs": vad.silence_duration_ms}
    level = "HIGH" if vad.sensitivity >= HIGH_FROM else "LOW" if vad.sensitivity <= LOW_TO else None
    if level is not None:
        detection["startOfSpeechSensitivity"] = f"START_SENSITIVITY_{level}"
        detection["endOfSpeechSensitivity"] = f"END_SENSITIVITY_{level}"
    if vad.prefix_padding_ms != OUR_PREFIX_MS:
        detection["prefixPaddingMs"] = vad.prefix_padding_ms
    handling = "START_OF_ACTIVITY_INTERRUPTS" if settings.interruption.allowed else "NO_INTERRUPTION"
    return {"automaticActivityDetection": detection, "activityHandling": handling}


def history(seed: SessionSeed) -> bytes | None:
    """What was said and done on earlier connections, as initial history; it gets no answer. None: nothing was."""
    turns = _lines(seed)
    return None if not turns else _content(turns, complete=True)


def lost_tools(seed: SessionSeed) -> bytes | None:
    """Errors for tools that still run, for a resumed session: it would swallow the caller's next turn otherwise."""
    lost = [(done.call_id, done.name, {"error": LOST}) for done in seed.tools_done if done.output is None]
    return tool_response(lost) if lost else None


def audio(pcm: bytes, rate: int) -> bytes:
    """The caller's sound, written by hand: fifty of these go out each second of each call."""
    return b'%b%b","mime_type":"audio/pcm;rate=%d"}}}' % (_AUDIO_HEAD, pybase64.b64encode(pcm), rate)


def context(role: Role, text: str) -> bytes:
    """What was said, for the record; the model goes on waiting."""
    return _content([_turn(role, text)], complete=False)


def request(instructions: str | None) -> bytes:
    """Ask the model to speak. Whatever it is generating is cut off by this."""
    text = GO_ON if instructions is None else INSTRUCTION + instructions
    return _content([_turn(Role.USER, text)], complete=True)


def tool_response(results: Iterable[tuple[str, str, Mapping[str, Any]]]) -> bytes:
    """Results (call id, name, output) of a set of tools."""
    responses = [
        {"id": call_id, "name": name, "response": output if "error" in output else {"output": output}}
        for call_id, name, output in results
    ]
    return orjson.dumps({"tool_response": {"functionResponses": responses}}, default=str)


def tokens_of(usage: Mapping[str, Any]) -> Tokens:
    """Tokens of a `usageMetadata`. Its details do not add up to its totals: what they leave open is text."""
    prompt, audio_in = _counted(usage, "promptTokenCount", "promptTokensDetails")
    for_tools, tools_audio = _counted(usage, "toolUsePromptTokenCount", "toolUsePromptTokensDetails")
    response, audio_out = _counted(usage, "responseTokenCount", "responseTokensDetails")
    audio_in += tools_audio
    thoughts = int(usage.get("thoughtsTokenCount") or 0)
    return Tokens(
        text_in=prompt + for_tools - audio_in,
        audio_in=audio_in,
        text_out=response - audio_out + thoughts,
        audio_out=audio_out,
    )


def usage_entry(model: AiModel, usage_id: str, usage: Mapping[str, Any]) -> UsageEntry:
    """A `usageMetadata` and its price. Cached tokens are not told apart: the model bills none at a discount."""
    return reply_usage(model, usage_id, tokens_of(usage))


def seconds_of(duration: object) -> float | None:
    """A protobuf Duration as JSON ("1.500s") in seconds; None if it is none."""
    if not isinstance(duration, str) or not duration.endswith("s"):
        return None
    try:
        return float(duration[:-1])
    except ValueError:
        return None


def _counted(usage: Mapping[str, Any], total: str, details: str) -> tuple[int, int]:
    by_modality: Sequence[Mapping[str, Any]] = usage.get(details) or ()
    counts = [(part.get("modality"), int(part.get("tokenCount") or 0)) for part in by_modality]
    known = sum(count for _, count in counts)
    return max(int(usage.get(total) or 0), known), sum(count for kind, count in counts if kind == "AUDIO")


def _lines(seed: SessionSeed) -> list[dict[str, Any]]:
    said = [_said(line) for line in seed.history if line.text.strip()]
    return said + [_turn(Role.USER, _report(done)) for done in seed.tools_done]


def _said(line: HistoryItem) -> dict[str, Any]:
    return _turn(line.role, line.text)


def _report(done: ToolOutcome) -> str:
    arguments = orjson.dumps(done.arguments, default=str).decode()
    if done.output is None:
        return f"[The tool {done.name} was called with {arguments} and is still running.]"
    output = orjson.dumps(done.output, default=str).decode()
    return f"[The tool {done.name} was called with {arguments} and returned {output}.]"


def _turn(role: Role, text: str) -> dict[str, Any]:
    """The model knows two speakers; a human colleague is reported to it."""
    if role is Role.ASSISTANT:
        return {"role": "model", "parts": [{"text": text}]}
    words = f"[A human colleague said to the caller: {text}]" if role is Role.HUMAN else text
    return {"role": "user", "parts": [{"text": words}]}


def _content(turns: list[dict[str, Any]], *, complete: bool) -> bytes:
    return orjson.dumps({"client_content": {"turns": turns, "turnComplete": complete}})
