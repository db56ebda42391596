"""The AI's answers on one OpenAI Realtime connection, as its messages tell them. Sans-IO.

Invariant: a tool is asked for only once its response is over and was not cancelled, because the server reports a call
as done, with its arguments, in a response that is being cancelled, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pybase64

from media_tier.audio.formats import AudioFormat
from media_tier.call.events import (
    Event,
    Outcome,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    ToolRequested,
)
from media_tier.providers.openai_reports import Notice, ToolMalformed, error_of

_OUTCOMES = {
    "completed": Outcome.COMPLETED,
    "cancelled": Outcome.CANCELLED,
    "failed": Outcome.FAILED,
    "incomplete": Outcome.INCOMPLETE,
}


@dataclass(slots=True)
class _Item:
    """One run of speech: how much sound arrived, and the words so far."""

    size: int = 0
    text: str = ""
    complete: bool = False
    odd: bytes = b""
    """Half a sample that ended a delta."""


@dataclass(slots=True)
class _Response:
    items: dict[str, None] = field(default_factory=dict)
    calls: list[ToolRequested | ToolMalformed] = field(default_factory=list)


class Answers:
    """Which responses are being generated, and what has been received of which item."""

    def __init__(self, connection: int, audio: AudioFormat) -> None:
        self._connection, self._width, self._bytes_per_ms = connection, audio.width, audio.bytes_per_ms
        self._active: dict[str, _Response] = {}
        self._items: dict[str, _Item] = {}
        self.answered_request = ""
        """Which of our requests the response that began last answers; "" for one the server began by itself."""

    def is_active(self, response_id: str) -> bool:
        """Whether the server is still generating it."""
        return response_id in self._active

    def any_active(self) -> bool:
        """Whether the server is generating anything."""
        return bool(self._active)

    def forget(self, response_id: str) -> None:
        """The server says that it is not generating this."""
        self._active.pop(response_id, None)

    def received_ms(self, item_id: str) -> int | None:
        """Sound received for an item; None for an item that has none and cannot be truncated."""
        item = self._items.get(item_id)
        return item.size // self._bytes_per_ms if item is not None else None

    def is_complete(self, item_id: str) -> bool:
        """Whether all sound of this item has arrived."""
        item = self._items.get(item_id)
        return item is not None and item.complete

    def _item(self, event: dict[str, Any]) -> tuple[str, str, _Item]:
        response_id, item_id = str(event["response_id"]), str(event["item_id"])
        item = self._items.get(item_id)
        if item is None:
            item = self._items[item_id] = _Item()
        response = self._active.get(response_id)
        if response is not None:
            response.items[item_id] = None
        return response_id, item_id, item

    def sound(self, event: dict[str, Any]) -> tuple[str, str, bytes]:
        """response.output_audio.delta: (response id, item id, whole samples)."""
        pcm = pybase64.b64decode(event["delta"], validate=True)
        response_id, item_id, item = self._item(event)
        pcm = item.odd + pcm
        if len(pcm) % self._width:
            pcm, item.odd = pcm[:-1], pcm[-1:]
        else:
            item.odd = b""
        item.size += len(pcm)
        return response_id, item_id, pcm

    def started(self, event: dict[str, Any]) -> Sequence[Event]:
        """response.created."""
        response_id = str(event["response"]["id"])
        self._active[response_id] = _Response()
        metadata = event["response"].get("metadata") or {}
        self.answered_request = str(metadata.get("request", ""))
        tag = metadata.get("tag")
        return (ResponseStarted(response_id, None if tag is None else str(tag), self._connection),)

    def words(self, event: dict[str, Any]) -> Sequence[Event]:
        """response.output_audio_transcript.delta."""
        response_id, item_id, item = self._item(event)
        text = str(event["delta"])
        item.text += text
        return (self._transcribed(response_id, item_id, text),)

    def words_complete(self, event: dict[str, Any]) -> Sequence[Event]:
        """response.output_audio_transcript.done."""
        response_id, item_id, item = self._item(event)
        whole = str(event.get("transcript") or "")
        missed = whole[len(item.text) :] if whole.startswith(item.text) else ""
        item.text += missed
        return (self._transcribed(response_id, item_id, missed, final=True),)

    def _transcribed(self, response_id: str, item_id: str, text: str, final: bool = False) -> Event:
        audio_ms = self.received_ms(item_id) or 0
        return ResponseTranscribed(response_id, item_id, text, audio_ms, final, self._connection)

    def item_done(self, event: dict[str, Any]) -> Sequence[Event]:
        """response.output_item.done; its status, not the done of its audio, tells whether it was all."""
        item, response_id = event["item"], str(event["response_id"])
        if item.get("status") != "completed":
            return ()
        if item["type"] == "message":
            known = self._items.get(str(item["id"]))
            if known is not None:
                known.complete = True
        elif item["type"] == "function_call" and (response := self._active.get(response_id)) is not None:
            response.calls.append(self._call(item, response_id))
        return ()

    def _call(self, item: dict[str, Any], response_id: str) -> ToolRequested | ToolMalformed:
        call_id = str(item["call_id"])
        try:
            arguments = orjson.loads(item.get("arguments") or "{}")
        except orjson.JSONDecodeError:
            arguments = None
        if not isinstance(arguments, dict):
            return ToolMalformed(call_id, response_id)
        return ToolRequested(call_id, str(item["name"]), arguments, response_id, self._connection)

    def done(self, event: dict[str, Any]) -> Sequence[Event | Notice]:
        """response.done, which ends everything of it."""
        body = event["response"]
        response_id = str(body["id"])
        response = self._active.pop(response_id, None)
        if response is None:
            # A response that was interrupted before it was announced.
            return ()
        outcome = _OUTCOMES.get(str(body.get("status")), Outcome.FAILED)
        details = body.get("status_details") or {}
        error = details.get("error") or {}
        told: list[Event | Notice] = []
        if outcome is Outcome.CANCELLED and details.get("reason") == "turn_detected":
            told.append(ResponseInterrupted(response_id, self._connection))
        if outcome in (Outcome.COMPLETED, Outcome.INCOMPLETE):
            told.extend(response.calls)
        code = str(error.get("code") or error.get("type") or details.get("reason") or "")
        audio_ms = {item_id: self._items[item_id].size // self._bytes_per_ms for item_id in response.items}
        told.append(ResponseEnded(response_id, outcome, audio_ms, code, self._connection))
        if error and (reported := error_of(error)).fatal:
            told.append(reported)
        return told
