"""One response of the OpenAI stand-in: its events in the order of the real server, paced, and cut off when asked.

For every kind of end (completed, cancelled, failed) the `*.done` events come, as the real ones do.
"""

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

from infra.local.standins.conversation import BYTES_PER_MS, Chunk, Reply
from infra.local.standins.openai_rules import counted_usage

if TYPE_CHECKING:
    from infra.local.standins.openai_session import Session


class Response:
    """Being generated; `cancel` may be called at any time. `stored`: it belongs to the conversation."""

    def __init__(self, session: "Session", params: dict[str, Any]) -> None:
        self._session, self._params = session, params
        self.id = session.new_id("resp")
        self.stored = params.get("conversation", "auto") != "none"
        self._reason: str | None = None
        self.announced = False
        self._stop = asyncio.Event()
        self._output: list[dict[str, Any]] = []
        self._spoken_letters = 0
        self._spoken_ms = 0.0

    def cancel(self, reason: str) -> None:
        """Stop: `turn_detected` or `client_cancelled`."""
        if self._reason is None:
            self._reason = reason
            self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._reason is not None

    @property
    def _index(self) -> int:
        return len(self._output)

    async def run(self, reply: Reply, error: dict[str, Any] | None) -> None:
        """Generate it, or fail with `error`."""
        session = self._session
        self.announced = True
        await session.out("response.created", response=self._object("in_progress"))
        limit = {"name": "tokens", "limit": 800_000, "remaining": 799_000, "reset_seconds": 0.1}
        await session.out("rate_limits.updated", rate_limits=[limit])
        late: tuple[Chunk, ...] = ()
        where: dict[str, Any] = {}
        if error is None and reply.say:
            where, late = await self._speak(reply.say)
        if error is None and reply.tool is not None and self._reason is None:
            await self._call(*reply.tool)
        status, details = "completed", None
        if error is not None:
            status, details = "failed", {"type": "failed", "error": error}
        elif self._reason is not None:
            status, details = "cancelled", {"type": "cancelled", "reason": self._reason}
        usage = session.script.usage or counted_usage(
            session.text_letters(),
            session.turns.caller_ms,
            session.turns.cached_tokens,
            self._spoken_letters,
            self._spoken_ms,
        )
        session.turns.cached_tokens = int(usage["input_tokens"])
        session.turns.ended(self)
        await session.out("response.done", response={**self._object(status, details), "usage": dict(usage)})
        for chunk in late:
            await session.out("response.output_audio.delta", delta=self._encoded(chunk), **where)

    def _object(self, status: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": list(self._output),
            "conversation_id": self._session.conversation_id if self.stored else None,
            "output_modalities": ["audio"],
            "metadata": self._params.get("metadata"),
            "usage": None,
        }

    async def _begin(self, item: dict[str, Any]) -> None:
        await self._session.out("response.output_item.added", response_id=self.id, output_index=self._index, item=item)
        if self.stored:
            self._session.items[item["id"]] = item
            await self._session.out("conversation.item.added", previous_item_id=None, item=item)

    async def _finish(self, item: dict[str, Any]) -> None:
        await self._session.out("response.output_item.done", response_id=self.id, output_index=self._index, item=item)
        self._output.append(item)
        if self.stored:
            await self._session.out("conversation.item.done", previous_item_id=None, item=item)

    async def _call(self, name: str, arguments: dict[str, Any]) -> None:
        session = self._session
        text, call_id = json.dumps(arguments), session.new_id("call")
        item = {"id": session.new_id("item"), "object": "realtime.item", "type": "function_call"}
        item |= {"status": "in_progress", "name": name, "call_id": call_id, "arguments": ""}
        await self._begin(item)
        where = {"response_id": self.id, "item_id": item["id"], "output_index": self._index, "call_id": call_id}
        for start in range(0, len(text), 12):
            if await self._pause(0.02):
                break
            await session.out("response.function_call_arguments.delta", delta=text[start : start + 12], **where)
        await session.out("response.function_call_arguments.done", arguments=text, name=name, **where)
        item["status"], item["arguments"] = "incomplete" if self._reason else "completed", text
        self._spoken_letters += len(text)
        await self._finish(item)

    async def _speak(self, text: str) -> tuple[dict[str, Any], tuple[Chunk, ...]]:
        session = self._session
        chunks = await session.turns.brain.speak(text, self._voice())
        item: dict[str, Any] = {"id": session.new_id("item"), "object": "realtime.item", "type": "message"}
        item |= {"status": "in_progress", "role": "assistant", "content": []}
        await self._begin(item)
        where = {"response_id": self.id, "item_id": item["id"], "output_index": self._index, "content_index": 0}
        await session.out("response.content_part.added", part={"type": "audio", "transcript": ""}, **where)
        words, sent = await self._stream(chunks, where)
        session.has_spoken = True
        await session.out("response.output_audio.done", **where)
        await session.out("response.output_audio_transcript.done", transcript=words, **where)
        part = {"type": "audio", "transcript": words}
        await session.out("response.content_part.done", part=part, **where)
        item["status"] = "incomplete" if self._reason else "completed"
        item["content"] = [{"type": "output_audio", "transcript": words}]
        await self._finish(item)
        late = session.script.late_deltas if self._reason else 0
        return where, tuple(chunks[sent : sent + late])

    def _encoded(self, chunk: Chunk) -> str:
        return base64.b64encode(self._session.sound.spoken(self._session.config, chunk.pcm)).decode()

    async def _stream(self, chunks: list[Chunk], where: dict[str, Any]) -> tuple[str, int]:
        session, said, sent = self._session, "", 0
        for chunk in chunks:
            if self._reason is not None:
                break
            for word in chunk.words:
                said += word
                await session.out("response.output_audio_transcript.delta", delta=word, **where)
            length = len(chunk.pcm) / BYTES_PER_MS
            session.produced[where["item_id"]] = session.produced.get(where["item_id"], 0.0) + length
            self._spoken_ms += length
            await session.out("response.output_audio.delta", delta=self._encoded(chunk), **where)
            sent += 1
            await self._pause(length / 1000 / session.script.speed_factor)
        self._spoken_letters += len(said)
        return said, sent

    def _voice(self) -> str:
        output = (self._params.get("audio") or {}).get("output") or {}
        return str(output.get("voice") or self._session.config["audio"]["output"]["voice"])

    async def _pause(self, seconds: float) -> bool:
        """Wait; True when the response was cancelled."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True
