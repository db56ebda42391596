"""The simulated model: really hears and really speaks, without network or keys. Never for production.

It behaves as a realtime provider does: its own voice activity detection, sound in bursts faster than real time, words
beside the sound, tools, cancelling and truncating.
"""

import asyncio
import logging
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from media_tier.call.events import (
    Outcome,
    ProviderFailed,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    Transcribed,
)
from media_tier.ports import SAMPLE_RATE, ProviderListener, RealtimeConnection, SessionSeed
from media_tier.providers.simulated.hearing import Began, Ear, Recogniser
from media_tier.providers.simulated.scenarios import VOCABULARY, Reply, scenario_named
from shared.contracts.records.call import Role, UsageEntry, UsageKind
from shared.contracts.settings.ai_model import Capabilities
from shared.ports.speech import SpeechFailed, SpeechRenderer

log = logging.getLogger(__name__)

CHUNK_BYTES = SAMPLE_RATE * 2 // 10
BURST = 4.0
"""Sound comes this much faster than real time."""


class SimulatedModel:
    """Implements ports.RealtimeModel. One recogniser serves every call of the process."""

    def __init__(self, speech: SpeechRenderer) -> None:
        self._speech = speech
        self._recognisers: dict[tuple[str, ...], Recogniser] = {}

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> RealtimeConnection:
        """Ready at once."""
        phrases = (*VOCABULARY, seed.settings.end_phrase)
        recogniser = self._recognisers.setdefault(phrases, Recogniser(phrases))
        return SimulatedConnection(seed, listener, self._speech, recogniser)


class SimulatedConnection:
    """Implements ports.RealtimeConnection."""

    def __init__(
        self, seed: SessionSeed, listener: ProviderListener, speech: SpeechRenderer, recogniser: Recogniser
    ) -> None:
        self._seed, self._listener, self._speech, self._recogniser = seed, listener, speech, recogniser
        vad = seed.settings.vad
        self._ear = Ear(
            silence_ms=vad.silence_duration_ms, prefix_ms=vad.prefix_padding_ms, sensitivity=vad.sensitivity
        )
        self._scenario = scenario_named(seed.settings.scenario)
        self._asked = [item.text for item in seed.history if item.role is Role.USER]
        self._turn = 0
        self._responses = 0
        self._tools = 0
        self._open_tools: dict[str, str] = {}
        self._speaking: asyncio.Task[None] | None = None
        self._active = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        """The catalogue's."""
        return self._seed.model.capabilities

    def send_audio(self, pcm: bytes) -> None:
        """Listen."""
        if self._closed:
            return
        number = self._seed.connection
        for event in self._ear.push(pcm):
            if isinstance(event, Began):
                self._turn += 1
                self._post(SpeechStarted(f"t{self._turn}", event.ago_ms, number))
            else:
                self._post(SpeechStopped(f"t{self._turn}", event.ago_ms, number))
                self._start(self._understand(f"t{self._turn}", self._turn, event.pcm))

    def add_context(self, role: Role, text: str) -> None:
        """Remember what was said."""
        if role is Role.USER:
            self._asked.append(text)

    def request_response(self, tag: str, instructions: str | None) -> None:
        """Speak: a sentence given word for word, or the next reply."""
        if self._closed:
            return
        text = instructions or "How can I help you?"
        if '"' in text:
            text = text.split('"', 1)[1].rsplit('"', 1)[0]
        elif tag == "resume":
            text = "I'm back. Is there anything else I can help you with?"
        self._answer(Reply(text), tag)

    def cancel(self, response_id: str) -> None:
        """Stop speaking."""
        if response_id == self._active and self._speaking is not None:
            self._speaking.cancel()

    def truncate(self, response_id: str, item_id: str, played_ms: int) -> None:
        """It keeps no record of its own words, so there is nothing to cut."""

    def submit_tool_result(self, call_id: str, name: str, output: dict[str, Any], request_response: bool) -> None:
        """Speak about the result."""
        if self._open_tools.pop(call_id, None) is not None and request_response and not self._closed:
            self._answer(self._scenario.about(name, output))

    async def close(self) -> None:
        """Stop everything."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()

    # Private

    def _post(self, event: Any) -> None:
        if not self._closed:
            self._listener.on_event(event)

    async def _understand(self, turn_id: str, turn: int, pcm: bytes) -> None:
        text = await self._recogniser.recognise(pcm)
        number = self._seed.connection
        self._post(Transcribed(turn_id, text.capitalize() if text else "(unclear)", True, None, number))
        reply = self._scenario.reply(text, turn, self._asked)
        self._asked.append(text)
        if reply.fail:
            self._closed = True
            self._listener.on_event(ProviderFailed(number, "simulated_failure", "the scenario breaks here"))
            return
        self._answer(reply)

    def _answer(self, reply: Reply, tag: str | None = None) -> None:
        if self._speaking is not None and not self._speaking.done():
            self._speaking.cancel()
        self._responses += 1
        response_id = f"s{self._seed.connection}-{self._responses}"
        self._active = response_id
        self._speaking = self._start(self._respond(response_id, reply, tag))

    async def _respond(self, response_id: str, reply: Reply, tag: str | None) -> None:
        number, audio_ms = self._seed.connection, {}
        item_id = f"{response_id}-i1"
        outcome = Outcome.COMPLETED
        self._post(ResponseStarted(response_id, tag, number))
        try:
            if reply.tool is not None:
                self._tools += 1
                call_id = f"tool-{number}-{self._tools}"
                self._open_tools[call_id] = reply.tool
                self._post(ToolRequested(call_id, reply.tool, dict(reply.arguments), response_id, number))
            else:
                audio_ms[item_id] = 0
                await self._speak(response_id, item_id, reply.say, audio_ms)
        except asyncio.CancelledError:
            outcome = Outcome.CANCELLED
        except SpeechFailed:
            log.warning("simulated speech failed")
            outcome = Outcome.FAILED
        self._post(ResponseEnded(response_id, outcome, audio_ms, "", number))
        self._report(response_id, reply, sum(audio_ms.values()))

    async def _speak(self, response_id: str, item_id: str, text: str, audio_ms: dict[str, int]) -> None:
        settings = self._seed.settings
        pcm = await self._speech.render(model_id=self._seed.model.id, voice=settings.voice, text=text)
        words, said = text.split(), 0
        for at in range(0, len(pcm), CHUNK_BYTES):
            chunk = pcm[at : at + CHUNK_BYTES]
            self._listener.on_audio(response_id, item_id, chunk)
            audio_ms[item_id] = (at + len(chunk)) * 1000 // (SAMPLE_RATE * 2)
            due = round(len(words) * (at + len(chunk)) / len(pcm))
            if due > said:
                addition = (" " if said else "") + " ".join(words[said:due])
                said = due
                self._post(
                    ResponseTranscribed(
                        response_id, item_id, addition, audio_ms[item_id], due == len(words), self._seed.connection
                    )
                )
            await asyncio.sleep(len(chunk) / (SAMPLE_RATE * 2) / BURST)

    def _report(self, response_id: str, reply: Reply, audio_ms: int) -> None:
        prices = self._seed.model.prices
        self._listener.on_usage(
            UsageEntry(
                usage_id=response_id,
                kind=UsageKind.REPLY,
                model_id=self._seed.model.id,
                price_version=prices.version,
                text_out=len(reply.say.split()),
                audio_out=audio_ms // 50,
                cost_usd=Decimal(0),
            )
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
