"""One connection of the OpenAI stand-in: the wire, the session's configuration, the items of its conversation.

Hearing and answering lie in openai_turns. Faults follow the script.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from infra.local.standins.conversation import BrainMaker
from infra.local.standins.openai_rules import Refused, checked_item, updated
from infra.local.standins.openai_sound import WireSound
from infra.local.standins.openai_turns import Turns
from infra.local.standins.scripted_line import ScriptedLine


class Session:
    """The state of a connection."""

    def __init__(self, line: ScriptedLine, config: dict[str, Any], make_brain: BrainMaker) -> None:
        self._line, self.config, self.script = line, config, line.script
        self.items: dict[str, dict[str, Any]] = {}
        self.produced: dict[str, float] = {}
        """Milliseconds of sound made, by item."""
        self.has_spoken = False
        self.sound = WireSound()
        self.conversation_id = self.new_id("conv")
        self.turns = Turns(self, make_brain)
        self._handlers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "session.update": self._update,
            "input_audio_buffer.append": self.turns.append,
            "input_audio_buffer.commit": self.turns.commit,
            "input_audio_buffer.clear": self.turns.clear,
            "conversation.item.create": self._create,
            "conversation.item.retrieve": self._retrieve,
            "conversation.item.delete": self._delete,
            "conversation.item.truncate": self._truncate,
            "response.create": self.turns.create,
            "response.cancel": self.turns.cancel,
        }

    def new_id(self, kind: str) -> str:
        """An id as the server makes them."""
        return self._line.next_id(kind, "_")

    def text_letters(self) -> int:
        """Letters of text the model reads for a response."""
        return len(self.config["instructions"]) + sum(len(json.dumps(item)) for item in self.items.values())

    async def run(self) -> None:
        """Serve until the connection ends."""
        await self._line.serve(self._converse())

    async def out(self, kind: str, **fields: Any) -> None:
        """Send a server event."""
        await self._line.send({"type": kind, "event_id": self.new_id("event"), **fields}, binary=False)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the reading of events; ends with the connection."""
        return self._line.start(work)

    async def _converse(self) -> None:
        await self.out("session.created", session=self.config)
        async for message in self._line.socket:
            event = self._line.received(message)
            if event is None:
                await self.refuse(Refused("invalid_json", "The event could not be parsed."), None)
            else:
                await self._take(event)

    async def _take(self, event: dict[str, Any]) -> None:
        handler = self._handlers.get(str(event.get("type")))
        try:
            if handler is None:
                choices = ", ".join(f"'{name}'" for name in self._handlers)
                message = f"Invalid value: '{event.get('type')}'. Supported values are: {choices}."
                raise Refused("invalid_value", message, "type")
            await handler(event)
        except Refused as refused:
            await self.refuse(refused, event.get("event_id"))

    async def refuse(self, refused: Refused, event_id: str | None) -> None:
        """Answer with an error event; the connection goes on."""
        await self.out("error", error={**refused.error, "event_id": event_id})

    async def _update(self, event: dict[str, Any]) -> None:
        self.config = updated(self.config, event.get("session"), has_spoken=self.has_spoken)
        await self.out("session.updated", session=self.config)

    async def _create(self, event: dict[str, Any]) -> None:
        made = {"id": self.new_id("item"), "object": "realtime.item", "status": "completed"}
        item = {**made, **checked_item(event.get("item"), self.items)}
        self.items[item["id"]] = item
        await self.out("conversation.item.added", previous_item_id=None, item=item)
        await self.out("conversation.item.done", previous_item_id=None, item=item)

    def _known(self, event: dict[str, Any], doing: str) -> dict[str, Any]:
        item_id = event.get("item_id")
        if item_id not in self.items:
            message = f"Error {doing} item: the item with id '{item_id}' does not exist."
            raise Refused(f"item_{doing}_invalid_item_id", message, "item_id")
        return self.items[item_id]

    async def _retrieve(self, event: dict[str, Any]) -> None:
        await self.out("conversation.item.retrieved", item=self._known(event, "retrieve"))

    async def _delete(self, event: dict[str, Any]) -> None:
        item = self._known(event, "delete")
        del self.items[item["id"]]
        await self.out("conversation.item.deleted", item_id=item["id"])

    async def _truncate(self, event: dict[str, Any]) -> None:
        item, end_ms = self._known(event, "truncate"), event.get("audio_end_ms")
        produced = int(self.produced.get(item["id"], 0))
        if item.get("role") != "assistant" or not produced or not end_ms:
            raise Refused("invalid_value", "Only model output audio messages can be truncated", "item_id")
        if not isinstance(end_ms, int) or event.get("content_index") != 0:
            raise Refused("invalid_value", "Invalid truncation.", "audio_end_ms")
        if end_ms > produced:
            message = f"Audio content of {produced}ms is already shorter than {end_ms}ms"
            raise Refused("invalid_value", message, "audio_end_ms")
        item["truncated_ms"] = end_ms
        await self.out("conversation.item.truncated", item_id=item["id"], content_index=0, audio_end_ms=end_ms)
