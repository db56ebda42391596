"""What the OpenAI tests share: a model, a seed, and a listener that remembers."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from openai.types.realtime import RealtimeClientEvent
from pydantic import BaseModel, TypeAdapter

from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.call.events import Event
from media_tier.ports import FRAME_BYTES, RealtimeConnection, SessionSeed, ToolSpec
from shared.contracts.records.call import UsageEntry
from shared.contracts.settings.ai_model import AiModel, Capabilities, Prices
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings

PRICES = Prices(
    version="2026-11",
    text_in=Decimal(4),
    text_in_cached=Decimal("0.4"),
    text_out=Decimal(24),
    audio_in=Decimal(32),
    audio_in_cached=Decimal("0.4"),
    audio_out=Decimal(64),
    transcription_per_minute=Decimal("0.0045"),
)
MODEL = AiModel(
    id="gpt-realtime-2.1",
    name="GPT Realtime 2.1",
    provider="openai",
    capabilities=Capabilities(
        server_interrupts_on_speech=True,
        can_truncate=True,
        can_cancel=True,
        speed_control=True,
        noise_reduction=True,
        semantic_vad=True,
    ),
    prices=PRICES,
    transcription_model="gpt-transcribe",
)
LOOKUP = ToolSpec("lookup", "Finds an order.", {"type": "object", "properties": {"number": {"type": "string"}}})

CLIENT_EVENTS: TypeAdapter[RealtimeClientEvent] = TypeAdapter(RealtimeClientEvent)


def assert_valid(event: dict[str, Any]) -> None:
    """Our message is one of OpenAI's client events, by its own package: right types, and no field it does not know."""
    parsed = CLIENT_EVENTS.validate_python(event)
    assert parsed.type == event["type"]
    assert list(unknown_fields(parsed, event["type"])) == []


def unknown_fields(value: object, path: str) -> Iterator[str]:
    """The package keeps what it does not know, so it has to be looked for."""
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in value.model_fields_set & set(type(value).model_fields):
            yield from unknown_fields(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from unknown_fields(entry, f"{path}[{index}]")


def settings(**changes: Any) -> CallSettings:
    """Call settings; turns end after 100 ms of silence, so that tests are quick."""
    given = {
        "ai_model_id": MODEL.id,
        "voice": VoiceSettings(voice_id="marin"),
        "vad": {"silence_duration_ms": 100, "prefix_padding_ms": 0},
    }
    return CallSettings.model_validate({**given, **changes})


def seed(
    *,
    connection: int = 1,
    given: CallSettings | None = None,
    model: AiModel = MODEL,
    tools: Sequence[ToolSpec] = (LOOKUP,),
    history: Sequence[HistoryItem] = (),
    tools_done: Sequence[ToolOutcome] = (),
) -> SessionSeed:
    """What a connection starts with."""
    return SessionSeed("call-1", connection, given or settings(), model, "Be kind.", tools, history, tools_done)


class Heard:
    """A ProviderListener that keeps everything and can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.audio: list[tuple[str, str, bytes]] = []
        self.usage: list[UsageEntry] = []
        self._changed = asyncio.Event()

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def on_audio(self, response_id: str, item_id: str, pcm: bytes) -> None:
        self.audio.append((response_id, item_id, pcm))
        self._changed.set()

    def on_usage(self, usage: UsageEntry) -> None:
        self.usage.append(usage)

    def of[T](self, kind: type[T]) -> list[T]:
        """The events of this kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, done: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for a condition on what was heard."""
        async with asyncio.timeout(seconds):
            while not done():
                self._changed.clear()
                await self._changed.wait()

    async def next[T](self, kind: type[T], count: int = 1) -> T:
        """Wait for the `count`th event of this kind."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]


def speak(connection: RealtimeConnection, pcm: bytes) -> None:
    """Send sound frame by frame, faster than real time."""
    for start in range(0, len(pcm), FRAME_BYTES):
        connection.send_audio(pcm[start : start + FRAME_BYTES])
