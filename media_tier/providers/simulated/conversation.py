"""One connection of the simulated model: what it hears becomes turns, what it answers becomes sound and words."""

import ast
import asyncio
import logging
import re
from collections.abc import Coroutine
from typing import Any, Protocol

from media_tier.call.events import (
    Event,
    Outcome,
    ProviderExpiring,
    ProviderFailed,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    Transcribed,
)
from media_tier.ports import SAMPLE_RATE, ProviderListener, SessionSeed
from media_tier.providers.simulated.hearing import Began, Ear, Recognition
from media_tier.providers.simulated.memory import Memory
from media_tier.providers.simulated.metering import Meter
from media_tier.providers.simulated.scenarios import TROUBLE, WITHOUT_TOOL, Reply, Scenario
from shared.contracts.records.call import Role
from shared.contracts.settings.ai_model import Capabilities
from shared.ports.speech import SpeechFailed, SpeechRenderer

log = logging.getLogger(__name__)

CAPABILITIES = Capabilities(can_truncate=True, can_cancel=True, speed_control=True, pitch_control=True)
"""Of this model, also where it stands in for another one (simulation mode)."""
BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
CHUNK_MS = 100
BURST = 4.0
"""Sound comes this much faster than real time."""
NOTICE_SECONDS = 60
EXACTLY = re.compile(r'exactly\b.*?"(.*)"', re.IGNORECASE | re.DOTALL)
RESULT = re.compile(r"\{.*\}", re.DOTALL)


class Listening(Protocol):
    """What understands an utterance (`hearing.Recogniser`)."""

    async def recognise(self, pcm: bytes) -> Recognition: ...


class SimulatedConnection:
    """Implements ports.RealtimeConnection."""

    def __init__(
        self,
        seed: SessionSeed,
        listener: ProviderListener,
        speech: SpeechRenderer,
        recogniser: Listening,
        scenario: Scenario,
    ) -> None:
        self._seed, self._listener, self._speech = seed, listener, speech
        self._recogniser, self._scenario = recogniser, scenario
        own = seed.model.provider == "simulated"
        self._capabilities = seed.model.capabilities if own else CAPABILITIES
        self._meter = Meter(seed, listener.on_usage)
        vad = seed.settings.vad
        self._ear = Ear(
            silence_ms=vad.silence_duration_ms, prefix_ms=vad.prefix_padding_ms, sensitivity=vad.sensitivity
        )
        self._memory = Memory(seed.history)
        self._offered = {tool.name for tool in seed.tools}
        self._results = {done.name: done.output for done in seed.tools_done if done.output is not None}
        self._running = {done.call_id: done.name for done in seed.tools_done if done.output is None}
        self._turns = self._responses = self._tools = 0
        self._voice = asyncio.Lock()
        self._active: tuple[str, asyncio.Task[None] | None] = ("", None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._limits = self._schedule_limits()

    @property
    def capabilities(self) -> Capabilities:
        """What this model can do."""
        return self._capabilities

    def send_audio(self, pcm: bytes) -> None:
        """Listen."""
        if self._closed:
            return
        number = self._seed.connection
        for event in self._ear.push(pcm):
            if isinstance(event, Began):
                self._turns += 1
                self._post(SpeechStarted(f"t{self._turns}", event.ago_ms, number))
            else:
                self._post(SpeechStopped(f"t{self._turns}", event.ago_ms, number))
                self._start(self._understand(self._turns, event.pcm))

    def add_context(self, role: Role, text: str) -> None:
        """Remember what was said."""
        if not self._closed:
            self._memory.add(role, text)

    def request_response(self, tag: str, instructions: str | None) -> None:
        """Speak: a sentence it is told to say exactly, a late result, or what the conversation asks for next."""
        if self._closed:
            return
        exactly = EXACTLY.search(instructions or "")
        result = RESULT.search(instructions or "")
        if exactly is not None:
            reply = Reply(exactly[1])
        elif tag == "tool" and result is not None:
            reply = self._late_result(result[0])
        else:
            reply = self._next_reply()
        self._answer(reply, tag)

    def cancel(self, response_id: str) -> None:
        """Stop generating this response."""
        active, task = self._active
        if response_id == active and task is not None:
            task.cancel()

    def truncate(self, response_id: str, item_id: str, played_ms: int) -> None:
        """Forget the words that were not heard."""
        self._memory.truncate(item_id, played_ms)

    def submit_tool_result(self, call_id: str, name: str, output: dict[str, Any], request_response: bool) -> None:
        """Take a result; speak about it if asked to."""
        if self._closed or self._running.pop(call_id, None) is None:
            return
        self._results[name] = output
        if request_response:
            self._answer(self._scenario.reply_to_tool(name, output))

    async def close(self) -> None:
        """Stop everything; nothing is heard of this connection any more."""
        self._leave()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Hearing

    async def _understand(self, turn: int, pcm: bytes) -> None:
        heard = await self._recogniser.recognise(pcm)
        number, text = self._seed.connection, heard.text.capitalize()
        self._meter.heard(turn, len(pcm) // BYTES_PER_MS)
        if turn == self._scenario.failing_turn and number == 1:
            self._post(Transcribed(f"t{turn}", text or None, True, heard.confidence if text else None, number))
            self._fail("simulated_failure", "the scenario breaks the connection here")
            return
        reply = self._scenario.reply(heard.text, self._memory.lines())
        if text:
            self._memory.add(Role.USER, text)
        self._post(Transcribed(f"t{turn}", text or None, True, heard.confidence if text else None, number))
        self._answer(reply)

    # Deciding

    def _next_reply(self) -> Reply:
        """Answer the caller's last words if nobody has; a tool that has run is not run again."""
        reply = self._scenario.go_on(self._memory.lines())
        if reply.tool is not None and (output := self._results.get(reply.tool[0])) is not None:
            return self._scenario.reply_to_tool(reply.tool[0], output)
        return reply

    def _late_result(self, text: str) -> Reply:
        try:
            output = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return Reply(TROUBLE)
        name = next(iter(self._running.values()), "check_order_status" if "order_number" in output else "")
        self._running.clear()
        self._results[name] = output
        return self._scenario.reply_to_tool(name, output)

    # Speaking

    def _answer(self, reply: Reply, tag: str | None = None) -> None:
        if reply.tool is not None and reply.tool[0] not in self._offered:
            reply = Reply(WITHOUT_TOOL.get(reply.tool[0], TROUBLE))
        self._start(self._respond(reply, tag))

    async def _respond(self, reply: Reply, tag: str | None) -> None:
        async with self._voice:
            if reply.delay_ms:
                await asyncio.sleep(reply.delay_ms / 1000)
            self._responses += 1
            number = self._seed.connection
            response_id = f"s{number}-{self._responses}"
            self._active = (response_id, asyncio.current_task())
            audio_ms: dict[str, int] = {}
            outcome, code = Outcome.COMPLETED, ""
            self._post(ResponseStarted(response_id, tag, number))
            try:
                if reply.say:
                    await self._speak(response_id, f"{response_id}-i1", reply.say, audio_ms)
                self._request_tool(response_id, reply)
            except asyncio.CancelledError:
                outcome = Outcome.CANCELLED
            except SpeechFailed:
                log.warning("simulated speech failed")
                outcome, code = Outcome.FAILED, "speech_failed"
            self._active = ("", None)
            self._post(ResponseEnded(response_id, outcome, audio_ms, code, number))
            if not self._closed:
                self._meter.said(response_id, reply.say, sum(audio_ms.values()), self._memory.lines())

    async def _speak(self, response_id: str, item_id: str, text: str, audio_ms: dict[str, int]) -> None:
        seed, number = self._seed, self._seed.connection
        pcm = await self._speech.render(model_id=seed.model.id, voice=seed.settings.voice, text=text)
        words, said, size = text.split(), 0, CHUNK_MS * BYTES_PER_MS
        for at in range(0, len(pcm), size):
            chunk = pcm[at : at + size]
            audio_ms[item_id] = (at + len(chunk)) // BYTES_PER_MS
            self._listener.on_audio(response_id, item_id, chunk)
            due = len(words) * (at + len(chunk)) // len(pcm)
            for index in range(said, due):
                self._memory.speak(item_id, " ".join(words[: index + 1]), audio_ms[item_id])
                last = index + 1 == len(words)
                addition = words[index] if index == 0 else f" {words[index]}"
                self._post(ResponseTranscribed(response_id, item_id, addition, audio_ms[item_id], last, number))
            said = due
            await asyncio.sleep(len(chunk) / BYTES_PER_MS / 1000 / BURST)

    def _request_tool(self, response_id: str, reply: Reply) -> None:
        tool = ("end_call", {"reason": "the caller said goodbye"}) if reply.end else reply.tool
        if tool is None or tool[0] not in self._offered:
            return
        self._tools += 1
        call_id = f"tool-{self._seed.connection}-{self._tools}"
        self._running[call_id] = tool[0]
        self._post(ToolRequested(call_id, tool[0], dict(tool[1]), response_id, self._seed.connection))

    # Living

    def _schedule_limits(self) -> list[asyncio.TimerHandle]:
        loop, limit = asyncio.get_running_loop(), self._capabilities.max_connection_seconds
        notice = min(NOTICE_SECONDS, limit / 2)
        expiring = ProviderExpiring(self._seed.connection, notice)
        return [
            loop.call_later(limit - notice, self._post, expiring),
            loop.call_later(limit, self._fail, "session_expired", "the connection reached its longest duration"),
        ]

    def _fail(self, code: str, message: str) -> None:
        if self._closed:
            return
        self._post(ProviderFailed(self._seed.connection, code, message))
        self._leave()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    def _leave(self) -> None:
        self._closed = True
        for timer in self._limits:
            timer.cancel()

    def _post(self, event: Event) -> None:
        if not self._closed:
            self._listener.on_event(event)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
