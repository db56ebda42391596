"""How the Gemini stand-in answers: its turns, what cuts them off, its tools.

The order of a turn is the real server's: sound and words interleaved, `generationComplete`, then, once it thinks it was
heard in real time, usage and `turnComplete`. An interrupted one ends with `interrupted`, perhaps some late sound, and
`turnComplete`. Invariant: one turn at a time.
"""

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from infra.local.standins.conversation import BYTES_PER_MS, Brain, Chunk, Reply
from infra.local.standins.gemini_rules import counted_usage

if TYPE_CHECKING:
    from infra.local.standins.gemini_session import Session


class Turns:
    """The turns of one connection."""

    def __init__(self, session: "Session", brain: Brain) -> None:
        self._session, self.brain = session, brain
        self._turn: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._waiting: dict[str, str] = {}
        """Tools being run, by id."""
        self._results: list[tuple[str, dict[str, Any]]] = []

    async def cut_off(self) -> None:
        """New input: what is being said ends, and tools that are waited for are cancelled."""
        if self._turn is not None and not self._turn.done():
            self._stop.set()
            await asyncio.wait([self._turn])
        blocking = [call_id for call_id, name in self._waiting.items() if name in self._session.config.blocking]
        if blocking:
            for call_id in blocking:
                del self._waiting[call_id]
            self._results.clear()
            await self._session.out({"toolCallCancellation": {"ids": blocking}})
            await self._session.content(turnComplete=True, interactionStatus="IDLE")
            await self._session.give_handle()

    async def speech_began(self) -> None:
        """The caller speaks."""
        if self._session.config.interrupts:
            await self.cut_off()

    async def answer_speech(self, pcm: bytes) -> None:
        """The caller has said something."""
        self._begin(self._answer_speech(pcm, self._turn))

    async def answer_text(self, text: str) -> None:
        """The caller has typed something."""
        await self.cut_off()
        self._begin(self._answer(self._reply(text)))

    async def go_on(self) -> None:
        """An answer is wanted although the caller said nothing new."""
        await self.cut_off()
        memory = self._session.memory
        told = memory.untold_result()
        self._begin(self._answer(self.brain.go_on(memory.lines()) if told is None else self.brain.about(*told)))

    async def say(self, text: str) -> None:
        """Say this, word for word."""
        await self.cut_off()
        self._begin(self._answer(Reply(text)))

    async def tool_result(self, call_id: str, output: dict[str, Any]) -> None:
        """A tool returned; unknown and cancelled ones are ignored. The answer waits for the last one."""
        name = self._waiting.pop(call_id, None)
        if name is None:
            return
        result = output.get("output", output)
        self._results.append((name, result if isinstance(result, dict) else {"output": result}))
        if self._waiting:
            return
        results, self._results = self._results, []
        for tool, _ in results:
            self._session.memory.turns.append(("tool", tool))
        self._begin(self._answer(self.brain.about(*results[-1])))

    def _reply(self, text: str) -> Reply:
        return self.brain.answer(text, self._session.memory.before(text))

    def _begin(self, work: Any) -> None:
        self._stop = asyncio.Event()
        self._turn = self._session.start(work)

    async def _pause(self, seconds: float) -> bool:
        """Wait; True as soon as the turn is to stop."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    async def _answer_speech(self, pcm: bytes, before: "asyncio.Task[None] | None") -> None:
        session, stop = self._session, self._stop
        if before is not None and not before.done():
            # Interruption is switched off: the question waits for the end of the answer.
            await asyncio.wait([before])
        text = await self.brain.understand(pcm)
        when = session.script.transcription
        session.memory.turns.append(("user", text))
        if when == "early":
            await self._report(text)
        if text and not stop.is_set():
            await self._answer(self._reply(text), late=text if when == "late" else None)
        elif when == "late":
            await self._report(text)

    async def _report(self, text: str) -> None:
        """The caller's words, in pieces that carry no id and no mark of the last."""
        if not self._session.config.reports_input:
            return
        half = len(text) // 2
        for piece in filter(None, (text[:half], text[half:])):
            await self._session.content(inputTranscription={"text": piece, "languageCode": "en-US"})

    async def _answer(self, reply: Reply, late: str | None = None) -> None:
        if reply.tool is not None:
            await self._call(*reply.tool)
        elif reply.say:
            await self._speak(reply.say, late)
        else:
            await self._end(0.0)

    async def _call(self, name: str, arguments: dict[str, Any]) -> None:
        session = self._session
        call_id = session.new_id("function-call")
        self._waiting[call_id] = name
        await session.withhold_handle()
        await session.out({"toolCall": {"functionCalls": [{"id": call_id, "name": name, "args": arguments}]}})

    async def _speak(self, text: str, late: str | None) -> None:
        session, script = self._session, self._session.script
        await session.withhold_handle()
        chunks = await self.brain.speak(text, session.config.voice)
        loop = asyncio.get_running_loop()
        began, spoken_ms, said = loop.time(), 0.0, ""
        for at, chunk in enumerate(chunks):
            if self._stop.is_set():
                await self._interrupted(chunks[at : at + script.late_deltas], said, spoken_ms)
                return
            await self._sound(chunk)
            spoken_ms += len(chunk.pcm) / BYTES_PER_MS
            said += "".join(chunk.words)
            if chunk.words and session.config.reports_output:
                await session.content(outputTranscription={"text": "".join(chunk.words)})
            if late is not None and at == 0:
                await self._report(late)
            await self._pause(len(chunk.pcm) / BYTES_PER_MS / 1000 / script.speed_factor)
        if self._stop.is_set():
            await self._interrupted([], said, spoken_ms)
            return
        await session.content(generationComplete=True)
        if await self._pause(spoken_ms / 1000 - (loop.time() - began)):
            await self._interrupted([], said, spoken_ms)
            return
        session.memory.turns.append(("model", said))
        await self._end(spoken_ms)

    async def _sound(self, chunk: Chunk) -> None:
        inline = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(chunk.pcm).decode()}
        await self._session.content(modelTurn={"role": "model", "parts": [{"inlineData": inline}]})

    async def _interrupted(self, late: list[Chunk], said: str, spoken_ms: float) -> None:
        self._session.memory.turns.append(("model", said))
        await self._session.content(interrupted=True)
        for chunk in late:
            await self._sound(chunk)
        await self._end(spoken_ms)

    async def _end(self, spoken_ms: float) -> None:
        session = self._session
        letters = len(session.config.instructions) + sum(len(text) for _, text in session.memory.turns)
        usage = session.script.usage or counted_usage(letters, session.memory.heard_ms, spoken_ms)
        ended = {"turnComplete": True, "interactionStatus": "IDLE"}
        await session.out({"serverContent": ended, "usageMetadata": dict(usage)})
        await session.give_handle()
