"""A whole call in virtual time: engine and call core, a real vendor adapter, and the vendor's stand-in in memory.

Everything random comes from one seed. `log` is everything that happened, one line each; the same seed gives the same.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal

from infra.local.standins.certificate import Certificate
from infra.local.standins.conversation import StandInScript
from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.scripted_line import Log
from media_tier.bridge.wheel import Wheel
from media_tier.call.commands import Command, UseProvider
from media_tier.call.events import Event, ResponseEnded, ResponseStarted
from media_tier.call.phases import Phase
from media_tier.engine.dispatch import execute
from media_tier.engine.live_call import CallPorts, LiveCall
from media_tier.ports import RealtimeModel, SessionSeed
from media_tier.providers.gemini import GeminiLiveModel
from media_tier.providers.openai import OpenAiRealtimeModel
from shared.contracts.records.call import (
    CallRecord,
    FrozenConfiguration,
    TranscriptSegment,
)
from shared.contracts.settings.call_settings import CallSettings
from shared.domain.catalogue import MODELS
from tests.call.level_speech import LevelBrains
from tests.call.memory_socket import MemorySocket, NearEnd
from tests.call.virtual_caller import Utterance, VirtualCaller
from tests.call.virtual_surroundings import Journal, NoRecorder, Orders, Prompts

Vendor = Literal["openai", "google"]
EPOCH = 1_800_000_000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One call. `drop_at`: the connection in use breaks after so many events of the call."""

    vendor: Vendor
    seed: int
    texts: Sequence[str]
    utterances: Sequence[Utterance]
    script: StandInScript = field(default_factory=StandInScript)
    settings: Mapping[str, Any] = field(default_factory=dict)
    drop_at: int | None = None
    tool_s: tuple[float, float] = (0.2, 0.8)


@dataclass(frozen=True, slots=True)
class Switch:
    """The call went over to another connection. `quiet`: nobody spoke, nothing was being answered."""

    at: float
    connection: int
    quiet: bool
    seeded: tuple[bytes, ...]
    """What that connection was told before it was used."""


class _NoSound(Log):
    """A stand-in's log without the sound."""

    def append(self, entry: tuple[str, dict[str, Any]]) -> None:
        message = entry[1]
        if "audio" not in message and "delta" not in message and "realtime_input" not in message:
            super().append(entry)


class LoggedCall(LiveCall):
    """Tells of every event before it is handled and after."""

    before: Callable[[Event], None] | None = None
    after: Callable[[], None] | None = None

    def post(self, event: Event) -> None:
        if self.before is not None:
            self.before(event)
        super().post(event)
        if self.after is not None:
            self.after()


class VirtualCall:
    """`await VirtualCall(plan).run()`, then ask what happened."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.log: list[str] = []
        self.events: list[tuple[float, Event]] = []
        self.commands: list[tuple[float, Command]] = []
        self.sockets: list[MemorySocket] = []
        self.switches: list[Switch] = []
        self.journal = Journal()
        self.dropped_at: float | None = None
        self.owed_at_drop = False
        """The caller was waiting for an answer, or in the middle of one, when the connection broke."""
        self.caller: VirtualCaller
        self.tools: Orders
        self._random = Random(plan.seed)
        self._answering: set[str] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._used = 0

    async def run(self) -> "VirtualCall":
        """Make the call and stay until it is over."""
        loop, plan = asyncio.get_running_loop(), self.plan
        self.caller = VirtualCaller(plan.utterances, self._latency)
        self.tools = Orders(lambda: self._random.uniform(*plan.tool_s))
        model = next(model for model in MODELS if model.provider == plan.vendor)
        voice = {"voice_id": model.voices[0].id}
        settings = CallSettings.model_validate({"ai_model_id": model.id, "voice": voice, **plan.settings})
        configuration = FrozenConfiguration(settings=settings, settings_version=1, model=model)
        record = CallRecord(
            company_id="company",
            call_id="call",
            chatbot_id="chatbot",
            session_id="session",
            configuration=configuration,
            created_at=datetime(2026, 11, 25, tzinfo=UTC),
            epoch=1,
        )
        wheel, over = Wheel(loop.time), asyncio.Event()
        ports = CallPorts(
            model=self._model(loop),
            fallback_model=None,
            recorder=NoRecorder(),
            journal=self.journal,
            toolbox=self.tools,
            prompter=Prompts(),
            wheel=wheel,
            clock=loop.time,
        )
        seed = SessionSeed("call", 0, settings, model, "Be kind.", self.tools.specs())
        call = LoggedCall(
            record, ports, elapsed_ms=0, resumed=None, seed=seed, execute=self._execute, gone=lambda _: over.set()
        )
        call.before, call.after = self._watch, lambda: self._drop_if_due(call)
        self.caller.attached = call.attach(self.caller, resumed=False)
        talking = loop.create_task(self.caller.talk())
        await over.wait()
        await talking
        await asyncio.sleep(2.0)
        await call.close()
        wheel.close()
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        return self

    # What happened

    def heard[E](self, kind: type[E]) -> list[tuple[float, E]]:
        """Every event of one kind, with its time."""
        return [(at, event) for at, event in self.events if isinstance(event, kind)]

    def all[C](self, kind: type[C]) -> list[tuple[float, C]]:
        """Every command of one kind, with its time."""
        return [(at, command) for at, command in self.commands if isinstance(command, kind)]

    def transcript(self) -> list[TranscriptSegment]:
        """The stored transcript in the order in which it was said."""
        return sorted(self.journal.segments.values(), key=lambda segment: segment.start_ms)

    # The surroundings

    def _latency(self) -> float:
        return self._random.uniform(0.01, 0.04)

    def _model(self, loop: asyncio.AbstractEventLoop) -> RealtimeModel:
        plan = self.plan
        brains = LevelBrains(plan.texts)
        if plan.vendor == "openai":

            def epoch() -> float:
                return EPOCH + loop.time()

            openai = OpenAiStandIn(brains, plan.script, epoch=epoch)
            openai.log = _NoSound()
            self._serve = openai.serve_client
            return OpenAiRealtimeModel("sk-local", "ws://memory/v1", loop.time, epoch=epoch, open_socket=self._open)
        gemini = GeminiStandIn(brains, Certificate(Path(), Path(), Path()), plan.script)
        gemini.log = _NoSound()
        self._serve = gemini.serve_client
        return GeminiLiveModel("local", "https://memory", loop.time, open_socket=self._open)

    async def _open(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        ssl: object,
        on_message: Callable[[bytes], None],
        on_closed: Callable[[int, str], None],
        timeout: float,  # noqa: ASYNC109  # the protocol of an adapter's socket
    ) -> NearEnd:
        await asyncio.sleep(4 * self._latency())
        socket = MemorySocket(url, headers, on_message, on_closed, self._latency)
        self.sockets.append(socket)
        task = asyncio.get_running_loop().create_task(self._serve(socket))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return socket.near

    # Watching

    def _watch(self, event: Event) -> None:
        now = asyncio.get_running_loop().time()
        if isinstance(event, ResponseStarted):
            self._answering.add(event.response_id)
        elif isinstance(event, ResponseEnded):
            self._answering.discard(event.response_id)
        self.events.append((now, event))
        self.log.append(f"{now:.6f} {event!r}")

    def _drop_if_due(self, call: LiveCall) -> None:
        if len(self.events) == self.plan.drop_at and self._used and not call.over:
            self.dropped_at = asyncio.get_running_loop().time()
            self.owed_at_drop = call.session.phase is Phase.WITH_AI and bool(call.session.snapshot()["owed"])
            self.sockets[self._used - 1].abort()

    def _execute(self, call: LiveCall, command: Command) -> None:
        now = asyncio.get_running_loop().time()
        self.commands.append((now, command))
        self.log.append(f"{now:.6f}   {command!r}")
        if isinstance(command, UseProvider):
            speaking = self.caller.speaking
            busy = self.caller.hears_something or (speaking is not None and now - speaking.at > 0.3)
            seeded = tuple(self.sockets[command.connection - 1].near.sent)
            self.switches.append(Switch(now, command.connection, not busy and not self._answering, seeded))
            self._used = command.connection
        execute(call, command)
