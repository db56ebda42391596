"""What OpenAI Realtime tells us, as events of the call. Sans-IO: one message in, what it means out.

Understands the GA names and the beta names that Azure still sends; the order inside a response is not contractual, so
nothing here depends on it. Invariant: no message, however odd, raises; what is not understood is ignored.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import orjson

from media_tier.call.events import Event, SpeechStarted, SpeechStopped, Transcribed
from media_tier.ports import SessionSeed
from media_tier.providers.openai_answers import Answers
from media_tier.providers.openai_reports import (
    Notice,
    SessionConfigured,
    SessionOpened,
    confidence_of,
    error_of,
    tokens_of,
)
from media_tier.providers.openai_wire import turn_detection
from shared.contracts.records.call import UsageEntry
from shared.domain.pricing import reply_usage, transcription_usage

_BETA_NAMES = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
}


class OpenAiDecoder:
    """The state of one connection as its messages tell it. `sent_bytes` is kept by whoever sends the sound."""

    def __init__(
        self,
        seed: SessionSeed,
        on_audio: Callable[[str, str, bytes], None],
        on_usage: Callable[[UsageEntry], None],
    ) -> None:
        self.sent_bytes = 0
        self._connection, self._model = seed.connection, seed.model
        self._on_audio, self._on_usage = on_audio, on_usage
        self.answers = Answers(seed.connection, seed.audio)
        self._bytes_per_ms = seed.audio.bytes_per_ms
        self._usage: list[UsageEntry] = []
        self._heard: dict[str, str] = {}
        vad = turn_detection(seed.settings, semantic=seed.model.capabilities.semantic_vad)
        self._prefix_ms = int(vad.get("prefix_padding_ms", 0))
        self._silence_ms = int(vad.get("silence_duration_ms", 0))
        self._handlers: dict[str, Callable[[dict[str, Any]], Sequence[Event | Notice]]] = {
            "session.created": self._opened,
            "session.updated": lambda _: (SessionConfigured(),),
            "error": lambda event: (error_of(event["error"]),),
            "input_audio_buffer.speech_started": self._speech_started,
            "input_audio_buffer.speech_stopped": self._speech_stopped,
            "conversation.item.input_audio_transcription.delta": self._hearing,
            "conversation.item.input_audio_transcription.completed": self._understood,
            "conversation.item.input_audio_transcription.failed": self._not_understood,
            "response.created": self.answers.started,
            "response.output_audio_transcript.delta": self.answers.words,
            "response.output_audio_transcript.done": self.answers.words_complete,
            "response.output_item.done": self.answers.item_done,
            "response.done": self._response_done,
        }

    def feed(self, message: bytes) -> Sequence[Event | Notice]:
        """Take one message of the server; sound and usage go to their callbacks before this returns."""
        pcm, response_id, item_id = b"", "", ""
        told: Sequence[Event | Notice] = ()
        try:
            event = orjson.loads(message)
            kind = event["type"]
            kind = _BETA_NAMES.get(kind, kind)
            if kind == "response.output_audio.delta":
                response_id, item_id, pcm = self.answers.sound(event)
            elif (handler := self._handlers.get(kind)) is not None:
                told = handler(event)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return ()
        if pcm:
            self._on_audio(response_id, item_id, pcm)
        while self._usage:
            self._on_usage(self._usage.pop(0))
        return told

    def _opened(self, event: dict[str, Any]) -> Sequence[Notice]:
        expires_at = event["session"].get("expires_at")
        return (SessionOpened(float(expires_at) if expires_at else None),)

    def _ago(self, position_ms: float) -> int:
        return max(0, int(self.sent_bytes / self._bytes_per_ms - position_ms))

    def _speech_started(self, event: dict[str, Any]) -> Sequence[Event]:
        # The position is where the model's audio begins, which is the prefix padding before the speech.
        ago_ms = self._ago(event["audio_start_ms"] + self._prefix_ms)
        return (SpeechStarted(str(event["item_id"]), ago_ms, self._connection),)

    def _speech_stopped(self, event: dict[str, Any]) -> Sequence[Event]:
        # The position is where the model's audio ends, which includes the silence that was waited for.
        ago_ms = self._ago(event["audio_end_ms"] - self._silence_ms)
        return (SpeechStopped(str(event["item_id"]), ago_ms, self._connection),)

    def _hearing(self, event: dict[str, Any]) -> Sequence[Event]:
        turn_id, more = str(event["item_id"]), event.get("delta")
        if not more:
            return ()
        text = self._heard[turn_id] = self._heard.get(turn_id, "") + str(more)
        return (Transcribed(turn_id, text, final=False, connection=self._connection),)

    def _understood(self, event: dict[str, Any]) -> Sequence[Event]:
        turn_id = str(event["item_id"])
        self._heard.pop(turn_id, None)
        self._count(event, lambda usage: self._transcription(turn_id, usage))
        confidence = confidence_of(event.get("logprobs"))
        text = str(event["transcript"]).strip()
        return (Transcribed(turn_id, text, True, confidence, self._connection),)

    def _not_understood(self, event: dict[str, Any]) -> Sequence[Event]:
        turn_id = str(event["item_id"])
        self._heard.pop(turn_id, None)
        return (Transcribed(turn_id, None, connection=self._connection),)

    def _transcription(self, turn_id: str, usage: dict[str, Any]) -> UsageEntry:
        if usage.get("type") == "duration":
            return transcription_usage(self._model, turn_id, seconds=float(usage["seconds"]))
        return transcription_usage(self._model, turn_id, tokens=tokens_of(usage))

    def _response_done(self, event: dict[str, Any]) -> Sequence[Event | Notice]:
        body = event["response"]
        told = self.answers.done(event)
        self._count(body, lambda usage: reply_usage(self._model, str(body["id"]), tokens_of(usage)))
        return told

    def _count(self, body: dict[str, Any], entry: Callable[[dict[str, Any]], UsageEntry]) -> None:
        usage = body.get("usage")
        # Numbers that cannot be read must not keep a response or a turn open.
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            if usage:
                self._usage.append(entry(usage))
