"""A listener for connections of the simulated model, and the seeds they start with."""

import asyncio
from collections.abc import Sequence
from typing import Any

from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.call.events import Event, ResponseEnded, ResponseTranscribed
from media_tier.ports import SessionSeed, ToolSpec
from shared.contracts.records.call import Role, UsageEntry
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings
from shared.domain.catalogue import SIMULATED

TOOLS = ("check_order_status", "transfer_to_human", "search_knowledge_base", "end_call")
PATIENCE = 10.0


def seed_of(
    scenario: str | None = None,
    *,
    connection: int = 1,
    tools: Sequence[str] = TOOLS,
    history: Sequence[tuple[Role, str]] = (),
    tools_done: Sequence[ToolOutcome] = (),
    max_seconds: int = 3600,
) -> SessionSeed:
    """A seed for the simulated model with 500 ms of silence at the end of a turn."""
    settings = CallSettings(
        ai_model_id="simulated",
        voice=VoiceSettings(voice_id="simulated-anna", speed=1.5),
        scenario=scenario,
    )
    settings = settings.model_copy(update={"vad": settings.vad.model_copy(update={"silence_duration_ms": 500})})
    capabilities = SIMULATED.capabilities.model_copy(update={"max_connection_seconds": max_seconds})
    return SessionSeed(
        call_id="c1",
        connection=connection,
        settings=settings,
        model=SIMULATED.model_copy(update={"capabilities": capabilities}),
        instructions="Be kind.",
        tools=[ToolSpec(name, name, {"type": "object"}) for name in tools],
        history=[HistoryItem(role, text) for role, text in history],
        tools_done=tools_done,
    )


class Notes:
    """Writes down everything a connection tells, with the loop's time."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.times: list[float] = []
        self.audio: dict[str, bytearray] = {}
        self.usage: list[UsageEntry] = []
        self._news = asyncio.Event()

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        self.times.append(asyncio.get_running_loop().time())
        self._news.set()

    def on_audio(self, response_id: str, item_id: str, pcm: bytes) -> None:
        assert item_id.startswith(response_id)
        self.audio.setdefault(item_id, bytearray()).extend(pcm)
        self._news.set()

    def on_usage(self, usage: UsageEntry) -> None:
        self.usage.append(usage)

    def all[E](self, kind: type[E]) -> list[E]:
        """Every event of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def wait[E](self, kind: type[E], count: int = 1) -> E:
        """The `count`-th event of a kind, as soon as it is there."""
        async with asyncio.timeout(PATIENCE):
            while len(self.all(kind)) < count:
                self._news.clear()
                await self._news.wait()
        return self.all(kind)[count - 1]

    async def wait_for_audio(self, milliseconds: int) -> str:
        """The item id of the newest item, once it has this much sound."""
        async with asyncio.timeout(PATIENCE):
            while not self.audio or len(next(reversed(self.audio.values()))) < milliseconds * 48:
                self._news.clear()
                await self._news.wait()
        return next(reversed(self.audio))

    def words(self, response: int = 1) -> str:
        """What was said in the n-th response that ended."""
        response_id = self.all(ResponseEnded)[response - 1].response_id
        return "".join(e.text for e in self.all(ResponseTranscribed) if e.response_id == response_id)

    def at(self, event: Any) -> float:
        """When an event came."""
        return self.times[self.events.index(event)]
