"""One connection of the Gemini stand-in: the wire, what the session remembers, and what input does to it.

Answering lies in gemini_turns. Faults follow the script. Invariant: input of the caller is taken in order, and what it
cuts off has been told to be cut off before anything else is said.
"""

import asyncio
import base64
import binascii
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from google.genai import types

from infra.local.standins.conversation import BYTES_PER_MS, Began, BrainMaker, reported_result, verbatim
from infra.local.standins.gemini_rules import INVALID, POLICY, Closed, Configuration, configuration, parsed, text_of
from infra.local.standins.gemini_turns import Turns
from infra.local.standins.scripted_line import ScriptedLine
from media_tier.audio.resampling import Resampler
from media_tier.call.commands import HistoryItem
from shared.contracts.records.call import Role

RATE = 24_000
NOT_THE_CALLER = "Instruction, not said by the caller:"
TOOL_REPORT = "[The tool "
"""What was done on an earlier connection is told in a turn of this beginning."""
GO_ON = "…"
"""A turn that only asks for an answer."""


@dataclass(slots=True)
class Memory:
    """What a session knows: its turns (role, text; a tool's name), and how much it heard. A handle brings it back."""

    turns: list[tuple[str, str]] = field(default_factory=list)
    heard_ms: float = 0.0

    def lines(self, end: int | None = None) -> tuple[HistoryItem, ...]:
        """What was said, up to the turn of this number."""
        speakers = {"user": Role.USER, "model": Role.ASSISTANT}
        said = [(role, text) for role, text in self.turns[:end] if text and not text.startswith(TOOL_REPORT)]
        return tuple(HistoryItem(speakers[role], text) for role, text in said if role in speakers)

    def untold_result(self) -> tuple[str, dict[str, Any]] | None:
        """A tool's result that was reported after the caller's last words."""
        for role, text in reversed(self.turns):
            if (told := reported_result(text)) is not None:
                return told
            if role == "user" and not text.startswith(TOOL_REPORT):
                break
        return None

    def before(self, text: str) -> tuple[HistoryItem, ...]:
        """What was said before the caller's latest `text`."""
        return self.lines(max((at for at, turn in enumerate(self.turns) if turn == ("user", text)), default=None))

    def copy(self) -> "Memory":
        """As it is now."""
        return Memory(list(self.turns), self.heard_ms)


class Session:
    """The state of a connection. `handles` is what the stand-in's sessions left behind."""

    def __init__(self, line: ScriptedLine, make_brain: BrainMaker, handles: dict[str, Memory]) -> None:
        self._line, self._make_brain, self._handles = line, make_brain, handles
        self.script = line.script
        self.memory = Memory()
        self.config: Configuration
        self._turns: Turns
        self._resampler: tuple[int, Resampler] | None = None
        self._received_ms = 0.0
        self._awaits_history = False

    async def run(self, *, authorised: bool) -> None:
        """Serve until the connection ends."""
        await self._line.serve(self._converse(authorised))

    async def out(self, message: dict[str, Any]) -> None:
        """Send a server message, in a binary frame."""
        await self._line.send(message, binary=True)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the reading of messages; ends with the connection."""
        return self._line.start(work)

    def new_id(self, kind: str) -> str:
        """An id as the server makes them."""
        return self._line.next_id(kind, "-")

    async def content(self, **fields: Any) -> None:
        """Send a serverContent."""
        await self.out({"serverContent": fields})

    async def give_handle(self) -> None:
        """The session can be resumed as it is now."""
        if self.config.resumable:
            handle = self.new_id("handle")
            self._handles[handle] = self.memory.copy()
            await self.out({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})

    async def withhold_handle(self) -> None:
        """The session cannot be resumed from where it is."""
        if self.config.resumable:
            await self.out({"sessionResumptionUpdate": {"resumable": False}})

    async def _converse(self, authorised: bool) -> None:
        try:
            first = self._decoded(await self._line.socket.recv())
            if not authorised:
                raise Closed(INVALID, "API key not valid. Please pass a valid API key.")
            await self._set_up(first)
            async for message in self._line.socket:
                await self._take(self._decoded(message))
        except Closed as closed:
            await self._line.socket.close(closed.code, closed.reason)

    def _decoded(self, message: str | bytes) -> dict[str, Any]:
        decoded = self._line.received(message)
        if decoded is None:
            raise Closed(INVALID, "Invalid JSON payload received.")
        return decoded

    async def _set_up(self, message: dict[str, Any]) -> None:
        if "setup" not in message:
            raise Closed(INVALID, "The first message must be a setup.")
        self.config = config = configuration(message)
        if config.handle is not None:
            if self.script.refuse_handle:
                raise Closed(INVALID, "Request contains an invalid argument.")
            if config.handle not in self._handles:
                raise Closed(POLICY, "BidiGenerateContent session not found.")
            self.memory = self._handles[config.handle].copy()
        self._awaits_history = config.awaits_history
        self._turns = Turns(self, self._make_brain(self.script, config.silence_ms))
        await self.out({"setupComplete": {"sessionId": self.new_id("session")}})
        if not self._awaits_history:
            await self.give_handle()

    async def _take(self, message: dict[str, Any]) -> None:
        if self.config.dies_on_input:
            raise Closed(INVALID, "Request contains an invalid argument.")
        sound = (message.get("realtime_input") or message.get("realtimeInput") or {}).get("audio")
        if sound is not None:
            await self._hear(sound)
            return
        known = parsed(message)
        if known.client_content is not None:
            await self._read(known.client_content)
        elif known.realtime_input is not None and known.realtime_input.text:
            await self._turns.answer_text(known.realtime_input.text)
        elif known.tool_response is not None:
            await self._tool_results(known.tool_response)
        elif known.setup is not None:
            raise Closed(INVALID, "A session is set up once.")

    async def _hear(self, sound: dict[str, Any]) -> None:
        try:
            # The JSON form of protobuf takes both alphabets; the SDK uses the one for URLs.
            pcm = base64.b64decode(sound["data"].replace("-", "+").replace("_", "/"), validate=True)
            mime = str(sound.get("mime_type") or sound.get("mimeType"))
            rate = int(mime.partition("rate=")[2] or 16_000)
        except (KeyError, TypeError, AttributeError, ValueError, binascii.Error) as bad:
            raise Closed(INVALID, "Invalid audio.") from bad
        self._received_ms += len(pcm) / 2 / rate * 1000
        if rate != RATE:
            if self._resampler is None or self._resampler[0] != rate:
                self._resampler = rate, Resampler(rate, RATE)
            pcm = self._resampler[1].push(pcm)
        for heard in self._turns.brain.hear(pcm):
            offset = max(0.0, self._received_ms - heard.ago_ms) / 1000
            kind = "ACTIVITY_START" if isinstance(heard, Began) else "ACTIVITY_END"
            await self.out({"voiceActivity": {"type": kind, "audioOffset": f"{offset:.3f}s"}})
            if isinstance(heard, Began):
                await self._turns.speech_began()
            else:
                self.memory.heard_ms += len(heard.pcm) / BYTES_PER_MS
                await self._turns.answer_speech(heard.pcm)

    async def _read(self, content: types.LiveClientContent) -> None:
        turns = [(turn.role or "user", text_of(turn)) for turn in content.turns or ()]
        if self._awaits_history:
            self.memory.turns += turns
            if content.turn_complete:
                self._awaits_history = False
                await self.give_handle()
            return
        if self.config.handle is not None and len(turns) > 1:
            raise Closed(INVALID, "Request contains an invalid argument.")
        await self._turns.cut_off()
        if not content.turn_complete:
            self.memory.turns += turns
            await self.give_handle()
            return
        text = turns[-1][1] if turns else ""
        if not text.startswith(NOT_THE_CALLER) and text != GO_ON:
            self.memory.turns += turns
            await self._turns.answer_text(text)
            return
        said = verbatim(text)
        if said is not None:
            await self._turns.say(said)
        else:
            await self._turns.go_on()

    async def _tool_results(self, response: types.LiveClientToolResponse) -> None:
        for result in response.function_responses or ():
            if not result.id:
                raise Closed(INVALID, "Function response must have an id.")
            await self._turns.tool_result(result.id, dict(result.response or {}))
