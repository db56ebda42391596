"""A roster of real calls whose surroundings do nothing: no provider answers, nothing is stored."""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from media_tier.bridge.wheel import Wheel
from media_tier.engine.dispatch import execute
from media_tier.engine.live_call import CallPorts
from media_tier.engine.replay import EventLogKeeping
from media_tier.engine.roster import Room, Roster
from media_tier.ports import (
    ProviderListener,
    ProviderUnavailable,
    RealtimeConnection,
    RealtimeModel,
    SessionSeed,
    ToolSpec,
)
from shared.contracts.records.call import (
    CallRecord,
    Checkpoint,
    EndedBy,
    EndReason,
    FrozenConfiguration,
    MediaTask,
    Session,
    TranscriptSegment,
    UsageEntry,
)
from shared.contracts.settings.call_settings import CallSettings
from shared.ports.media_store import Claimed
from tests.call.script import configuration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SilentRecorder:
    """Implements ports.Recorder."""

    def start(self, at_ms: int) -> None: ...
    def caller(self, pcm: bytes, at_ms: int) -> None: ...
    def far(self, pcm: bytes, at_ms: int) -> None: ...
    def stop(self) -> None: ...
    async def close(self) -> None: ...


@dataclass
class Notebook:
    """Implements ports.Journal."""

    ended: list[tuple[EndReason, EndedBy]] = field(default_factory=list)

    def transcript(self, segment: TranscriptSegment) -> None: ...
    def usage(self, entry: UsageEntry) -> None: ...
    def checkpoint(self, checkpoint: Checkpoint) -> None: ...
    def finish(self, reason: EndReason, by: EndedBy, duration_ms: int, interruption_count: int) -> None:
        self.ended.append((reason, by))

    async def release(self) -> None: ...

    async def close(self) -> None: ...


class NoTools:
    """Implements ports.Toolbox."""

    def specs(self) -> Sequence[ToolSpec]:
        return ()

    async def run(self, call: CallRecord, call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        raise KeyError(name)


class NoRenderings:
    """Implements ports.Prompter."""

    async def load(self, settings: CallSettings, texts: Sequence[str]) -> None: ...
    def pcm(self, settings: CallSettings, text: str) -> bytes | None:
        return None


class SlowModel:
    """Implements ports.RealtimeModel; never connects."""

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> RealtimeConnection:
        await asyncio.Event().wait()
        raise AssertionError


class NoModel:
    """Implements ports.RealtimeModel; refuses for good."""

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> RealtimeConnection:
        raise ProviderUnavailable("no_key", "There is no key.", fatal=True)


@dataclass
class SilentLeg:
    """Implements ports.Leg."""

    told: list[dict[str, Any]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    def play(self, pcm: bytes) -> None: ...
    def stop(self) -> None: ...
    def tell(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    def close(self, code: int, reason: str) -> None:
        self.closed.append(code)


@dataclass
class Surroundings:
    """Implements CallBuilder and CallStore: everybody may join, a second time as somebody who comes back."""

    configuration: FrozenConfiguration = field(default_factory=configuration)
    model: RealtimeModel = field(default_factory=SlowModel)
    event_log: EventLogKeeping | None = None
    notebooks: dict[str, Notebook] = field(default_factory=dict)
    joined: dict[str, CallRecord] = field(default_factory=dict)

    async def claim(
        self,
        session_id: str,
        token_hash: str,
        origin: str,
        task_id: str,
        now: datetime,
        carrier_call_id: str | None = None,
    ) -> Claimed:
        earlier = self.joined.get(session_id)
        call = CallRecord(
            company_id="acme",
            call_id=str(uuid.uuid4()) if earlier is None else earlier.call_id,
            chatbot_id="bot",
            session_id=session_id,
            configuration=self.configuration,
            created_at=NOW,
            epoch=1 if earlier is None else earlier.epoch + 1,
        )
        self.joined[session_id] = call
        session = Session(
            session_id=session_id,
            company_id="acme",
            chatbot_id="bot",
            call_id=call.call_id,
            origin=origin,
            token_hash=token_hash,
            read_hash="read",
            created_at=NOW,
            connect_by=NOW,
            expires_at=NOW,
        )
        return Claimed(session, call, earlier is not None, "resume")

    async def heartbeat(self, task: MediaTask) -> None: ...

    async def ports(self, record: CallRecord, epoch: Callable[[], int], fenced: Callable[[], None]) -> CallPorts:
        notebook = self.notebooks[record.call_id] = Notebook()
        return CallPorts(
            model=self.model,
            fallback_model=None,
            recorder=SilentRecorder(),
            journal=notebook,
            toolbox=NoTools(),
            prompter=NoRenderings(),
            wheel=Wheel(time.monotonic),
            clock=time.monotonic,
            event_log=self.event_log,
        )

    def seed(self, record: CallRecord, ports: CallPorts) -> SessionSeed:
        configuration = record.configuration
        return SessionSeed(record.call_id, 0, configuration.settings, configuration.model, "")


def roster_of(surroundings: Surroundings, *, capacity: int = 10, overloaded: Callable[[], bool] = bool) -> Roster:
    """A roster in these surroundings."""
    room = Room("task", capacity, overloaded)
    return Roster(room, surroundings, surroundings, execute, lambda: NOW)
