"""Hearing and answering in one connection of the OpenAI stand-in: server VAD, transcription, one response at a time."""

import asyncio
import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from infra.local.standins import openai_memory
from infra.local.standins.conversation import (
    BYTES_PER_MS,
    Began,
    Brain,
    BrainMaker,
    Ended,
    Reply,
    reported_result,
    verbatim,
)
from infra.local.standins.openai_response import Response
from infra.local.standins.openai_rules import Refused, transcription_usage

if TYPE_CHECKING:
    from infra.local.standins.openai_session import Session

SHORTEST_COMMIT_MS = 100
RATE_LIMITED = {"type": "rate_limit_error", "code": "inference_rate_limit_exceeded", "message": "Rate limit reached."}
NO_QUOTA = {"type": "insufficient_quota", "code": "insufficient_quota", "message": "You exceeded your current quota."}


class Turns:
    """Whose turn it is. `caller_ms` is all speech the model has heard."""

    def __init__(self, session: "Session", make_brain: BrainMaker) -> None:
        self._session, self._make_brain = session, make_brain
        self._brain: Brain | None = None
        self._active: Response | None = None
        self._answering: asyncio.Task[None] | None = None
        self._received = 0
        self._buffer = bytearray()
        self._user_item = ""
        self.caller_ms = 0.0
        self.cached_tokens = 0

    @property
    def brain(self) -> Brain:
        """Made when first needed, since its ear follows the configuration."""
        if self._brain is None:
            self._brain = self._make_brain(self._session.script, self._detection.get("silence_duration_ms", 500))
        return self._brain

    @property
    def _detection(self) -> dict[str, Any]:
        return self._session.config["audio"]["input"]["turn_detection"] or {}

    def ended(self, response: Response) -> None:
        """The response is over."""
        if self._active is response:
            self._active = None

    async def append(self, event: dict[str, Any]) -> None:
        """input_audio_buffer.append"""
        try:
            pcm = base64.b64decode(event["audio"], validate=True)
        except (KeyError, TypeError, binascii.Error) as bad:
            raise Refused("invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.", "audio") from bad
        pcm = self._session.sound.heard(self._session.config, pcm)
        self._received += len(pcm)
        if not self._detection:
            self._buffer += pcm
            return
        for heard in self.brain.hear(pcm):
            if isinstance(heard, Began):
                await self._speech_began(heard)
            else:
                await self._speech_ended(heard)

    async def commit(self, event: dict[str, Any]) -> None:
        """input_audio_buffer.commit, for turns the client finds itself."""
        if len(self._buffer) < SHORTEST_COMMIT_MS * BYTES_PER_MS:
            held = len(self._buffer) / BYTES_PER_MS
            message = f"Error committing input audio buffer: buffer too small. It holds {held:.2f}ms of audio."
            raise Refused("input_audio_buffer_commit_empty", message)
        pcm = bytes(self._buffer)
        self._buffer.clear()
        self._user_item = self._session.new_id("item")
        await self._committed(pcm, answer=False)

    async def clear(self, event: dict[str, Any]) -> None:
        """input_audio_buffer.clear"""
        self._buffer.clear()
        await self._session.out("input_audio_buffer.cleared")

    async def create(self, event: dict[str, Any]) -> None:
        """response.create"""
        params = event.get("response") or {}
        stored = params.get("conversation", "auto") != "none"
        if stored and self._active is not None:
            message = (
                f"Conversation already has an active response in progress: {self._active.id}. "
                "Wait until the response is finished before creating a new one."
            )
            raise Refused("conversation_already_has_active_response", message)
        response = Response(self._session, params)
        if stored:
            self._active = response
        self._answering = self._session.start(self._answer(response, params))

    async def cancel(self, event: dict[str, Any]) -> None:
        """response.cancel"""
        wanted = event.get("response_id")
        if self._active is None or wanted not in (None, self._active.id):
            raise Refused("response_cancel_not_active", "Cancellation failed: no active response found")
        self._active.cancel("client_cancelled")

    async def _speech_began(self, heard: Began) -> None:
        self._user_item = self._session.new_id("item")
        start = self._received // BYTES_PER_MS - heard.ago_ms - int(self._detection.get("prefix_padding_ms", 0))
        await self._session.out(
            "input_audio_buffer.speech_started", audio_start_ms=max(0, start), item_id=self._user_item
        )
        if self._active is not None and self._detection.get("interrupt_response", True):
            self._active.cancel("turn_detected")

    async def _speech_ended(self, heard: Ended) -> None:
        end = self._received // BYTES_PER_MS - heard.ago_ms + int(self._detection.get("silence_duration_ms", 0))
        end = min(end, self._received // BYTES_PER_MS)
        await self._session.out("input_audio_buffer.speech_stopped", audio_end_ms=end, item_id=self._user_item)
        await self._committed(heard.pcm, answer=bool(self._detection.get("create_response", True)))

    async def _committed(self, pcm: bytes, *, answer: bool) -> None:
        session, item_id = self._session, self._user_item
        self.caller_ms += len(pcm) / BYTES_PER_MS
        await session.out("input_audio_buffer.committed", item_id=item_id, previous_item_id=None)
        item: dict[str, Any] = {"id": item_id, "object": "realtime.item", "type": "message", "status": "completed"}
        item["role"] = "user"
        item["content"] = [{"type": "input_audio", "transcript": None}]
        session.items[item_id] = item
        await session.out("conversation.item.added", previous_item_id=None, item=item)
        await session.out("conversation.item.done", previous_item_id=None, item=item)
        if self._active is not None and self._active.cancelled and self._answering is not None:
            # It was told to stop when speech began and has not yet said that it did.
            await self._answering
        response = None
        if answer and self._active is None:
            response = self._active = Response(session, {})
        self._answering = session.start(self._heard(item, pcm, response))

    async def _heard(self, item: dict[str, Any], pcm: bytes, response: Response | None) -> None:
        text = item["content"][0]["transcript"] = await self.brain.understand(pcm)
        late = self._session.script.transcription == "late"
        if not late:
            await self._transcribe(item["id"], text, pcm)
        if response is not None:
            await self._answer(response, {})
        if late:
            await self._transcribe(item["id"], text, pcm)

    async def _transcribe(self, item_id: str, text: str, pcm: bytes) -> None:
        session = self._session
        wanted = session.config["audio"]["input"]["transcription"]
        if wanted is None:
            return
        kind = "conversation.item.input_audio_transcription"
        where = {"item_id": item_id, "content_index": 0}
        if session.script.transcription == "failed":
            error = {"type": "server_error", "code": "transcription_failed", "message": "Failed.", "param": None}
            await session.out(f"{kind}.failed", error=error, **where)
            return
        half = len(text) // 2
        certain: dict[str, Any] = {}
        if "item.input_audio_transcription.logprobs" in (session.config["include"] or ()):
            certain = {"logprobs": [{"token": text, "logprob": -0.105, "bytes": list(text.encode())}]}
        for delta in filter(None, (text[:half], text[half:])):
            await session.out(f"{kind}.delta", delta=delta, **where)
        usage = transcription_usage(wanted["model"], len(pcm) / BYTES_PER_MS, len(text))
        await session.out(f"{kind}.completed", transcript=text, usage=usage, **where, **certain)

    async def _answer(self, response: Response, params: dict[str, Any]) -> None:
        if response.cancelled and not response.announced:
            self.ended(response)
            return
        said = verbatim(params.get("instructions"))
        reply = Reply(said) if said is not None else self._reply()
        turn, script, error = self.brain.turn, self._session.script, None
        if said is None and turn in script.rate_limited_turns:
            error = RATE_LIMITED
        elif said is None and turn == script.no_quota_turn:
            error = NO_QUOTA
        await response.run(reply, error)

    def _reply(self) -> Reply:
        session = self._session
        items = list(session.items.values())
        if items and items[-1].get("role") == "user":
            history = openai_memory.lines(items[:-1], session.produced)
            return self.brain.answer(openai_memory.words(items[-1]), tuple(history))
        for item in reversed(items):
            if item["type"] == "function_call_output":
                call = next(made for made in items if made.get("call_id") == item["call_id"])
                return self.brain.about(str(call["name"]), _object(item["output"]))
            if (told := reported_result(openai_memory.words(item))) is not None:
                return self.brain.about(*told)
            if item.get("role") == "user":
                break
        return self.brain.go_on(tuple(openai_memory.lines(items, session.produced)))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return {"output": text}
    return value if isinstance(value, dict) else {"output": value}
