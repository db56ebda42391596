"""What surrounds a call in virtual time besides caller and provider: storage in memory, sentences, one tool."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from media_tier.call.heard import estimated_ms
from media_tier.ports import ToolSpec
from shared.contracts.records.call import (
    CallRecord,
    Checkpoint,
    EndedBy,
    EndReason,
    TranscriptSegment,
    UsageEntry,
)
from shared.contracts.settings.call_settings import CallSettings

ORDER = ToolSpec(
    "check_order_status",
    "Looks an order up.",
    {"type": "object", "properties": {"order_number": {"type": "string"}}, "required": ["order_number"]},
)


class Journal:
    """Keeps what the call stores."""

    def __init__(self) -> None:
        self.segments: dict[str, TranscriptSegment] = {}
        self.usages: list[UsageEntry] = []
        self.ends: list[tuple[EndReason, EndedBy, int, int]] = []

    def transcript(self, segment: TranscriptSegment) -> None:
        self.segments[segment.segment_id] = segment

    def usage(self, entry: UsageEntry) -> None:
        self.usages.append(entry)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        pass

    def finish(self, reason: EndReason, by: EndedBy, duration_ms: int, interruption_count: int) -> None:
        self.ends.append((reason, by, duration_ms, interruption_count))

    async def release(self) -> None:
        pass

    async def close(self) -> None:
        pass


class NoRecorder:
    """Records nothing."""

    def start(self, at_ms: int) -> None:
        pass

    def caller(self, pcm: bytes, at_ms: int) -> None:
        pass

    def far(self, pcm: bytes, at_ms: int) -> None:
        pass

    def stop(self) -> None:
        pass

    async def close(self) -> None:
        pass


class Prompts:
    """Every fixed sentence is rendered."""

    async def load(self, settings: CallSettings, texts: Sequence[str]) -> None:
        pass

    def pcm(self, settings: CallSettings, text: str) -> bytes | None:
        return bytes(estimated_ms(text) * 48)


class Orders:
    """A toolbox whose effects are counted."""

    def __init__(self, takes: Callable[[], float]) -> None:
        self.effects: list[str] = []
        self._takes = takes

    def specs(self) -> Sequence[ToolSpec]:
        return (ORDER,)

    async def run(self, call: CallRecord, call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(self._takes())
        self.effects.append(str(arguments["order_number"]))
        return {"order_number": arguments["order_number"], "status": "is on its way"}
