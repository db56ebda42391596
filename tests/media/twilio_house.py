"""A media process without AWS for phone calls: the real door, roster and call core; storage in memory."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from media_tier.app import Server, serve
from media_tier.audio.formats import MULAW_8K
from media_tier.bridge.gathering_recorder import GatheringRecorder
from media_tier.bridge.wheel import Wheel
from media_tier.engine.dispatch import execute
from media_tier.engine.live_call import CallPorts
from media_tier.engine.roster import DrainPlan, Room, Roster
from media_tier.legs.twilio_gate import STREAM_PATH
from media_tier.legs.web_limits import DoorLimits
from media_tier.ports import RealtimeModel, SessionSeed, ToolSpec
from media_tier.wiring.calls import by_phone
from media_tier.wiring.carriers import stream_gate
from shared.contracts.environment import MediaEnvironment
from shared.contracts.records.call import (
    CallRecord,
    Channel,
    Checkpoint,
    EndedBy,
    EndReason,
    FrozenConfiguration,
    MediaTask,
    Session,
    TranscriptSegment,
    UsageEntry,
)
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings
from shared.domain.catalogue import SIMULATED
from shared.domain.sentences import fixed_sentences
from shared.ports.media_store import Claimed, ClaimRefused
from shared.services.sessions import hash_token
from tests.media.speech_samples import renderer
from tests.media.twilio_fakes import ACCOUNT_ID, Accounts

SESSION_ID = "5e55"
VOICE = VoiceSettings(voice_id="simulated-anna", speed=1.5)


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@dataclass
class Journal:
    """Keeps what is written; implements ports.Journal."""

    segments: dict[str, TranscriptSegment] = field(default_factory=dict)
    ends: list[tuple[EndReason, EndedBy]] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)

    def transcript(self, segment: TranscriptSegment) -> None:
        self.segments[segment.segment_id] = segment

    def usage(self, entry: UsageEntry) -> None: ...

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        self.checkpoints.append(checkpoint)

    def finish(self, reason: EndReason, by: EndedBy, duration_ms: int, interruption_count: int) -> None:
        self.ends.append((reason, by))

    async def release(self) -> None: ...
    async def close(self) -> None: ...

    def said(self, role: str) -> list[str]:
        """The texts of one side, in order."""
        rows = sorted(self.segments.values(), key=lambda segment: segment.start_ms)
        return [row.text for row in rows if row.role == role]


@dataclass
class Tape:
    """Keeps what is recorded, µ-law 8 kHz; implements ports.Recorder."""

    sides: dict[str, list[tuple[int, bytes]]] = field(default_factory=lambda: {"caller": [], "far": []})

    def __post_init__(self) -> None:
        self.before_cut: Callable[[], None] = lambda: None

    def start(self, at_ms: int) -> None: ...

    def caller(self, pcm: bytes, at_ms: int) -> None:
        self.sides["caller"].append((at_ms, pcm))

    def far(self, pcm: bytes, at_ms: int) -> None:
        self.sides["far"].append((at_ms, pcm))

    def stop(self) -> None: ...
    async def close(self) -> None: ...


class NoTools:
    """Implements ports.Toolbox."""

    def specs(self) -> Sequence[ToolSpec]:
        return ()

    async def run(self, call: CallRecord, call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        raise LookupError(name)


class Prompts:
    """Renders with espeak; implements ports.Prompter."""

    def __init__(self) -> None:
        self._rendered: dict[str, bytes] = {}

    async def load(self, settings: CallSettings, texts: Sequence[str]) -> None:
        for text in texts[:4]:
            self._rendered[text] = await renderer().render(model_id="simulated", voice=VOICE, text=text)

    def pcm(self, settings: CallSettings, text: str) -> bytes | None:
        return self._rendered.get(text)


@dataclass
class House:
    """One media process, the call it may be asked for, and what it wrote down."""

    settings: CallSettings
    model: RealtimeModel
    ai_model: AiModel = SIMULATED
    accounts: Accounts = field(default_factory=Accounts)
    journal: Journal = field(default_factory=Journal)
    tape: Tape = field(default_factory=Tape)
    prompts: Prompts = field(default_factory=Prompts)
    seeds: list[SessionSeed] = field(default_factory=list)
    carrier_call_id: str | None = None
    _wheel: Wheel = field(default_factory=lambda: Wheel(time.monotonic))
    _call: CallRecord | None = None
    _tokens: dict[str, bool] = field(default_factory=dict)
    server: Server | None = None
    roster: Roster | None = None

    def ticket(self) -> str:
        """A new token for the session, as the webhook mints one for each TwiML; the path of the stream."""
        token = f"t{len(self._tokens)}"
        self._tokens[hash_token(token)] = False
        return f"{STREAM_PATH}{ACCOUNT_ID}/{SESSION_ID}.{token}"

    async def claim(
        self,
        session_id: str,
        token_hash: str,
        origin: str,
        task_id: str,
        now: datetime,
        carrier_call_id: str | None = None,
    ) -> Claimed:
        """As CallStore's."""
        if session_id != SESSION_ID or origin != f"twilio:{ACCOUNT_ID}" or self._tokens.get(token_hash) is not False:
            raise ClaimRefused("unauthorized")
        if carrier_call_id is not None and self.carrier_call_id not in (None, carrier_call_id):
            raise ClaimRefused("unauthorized")
        if self.journal.ends:
            raise ClaimRefused("over")
        self._tokens[token_hash] = True
        call = self._call or self._pending(now)
        self._call = call.model_copy(update={"epoch": call.epoch + 1, "owner": task_id})
        resumed = call.epoch > 0
        checkpoint = self.journal.checkpoints[-1] if resumed and self.journal.checkpoints else None
        transcript = tuple(self.journal.segments.values()) if resumed else ()
        return Claimed(self._session(now), self._call, resumed, "r", checkpoint, transcript)

    async def expects(self, session_id: str, token_hash: str, origin: str, now: datetime) -> bool:
        """As CallStore's."""
        return session_id == SESSION_ID and self._tokens.get(token_hash) is False

    async def heartbeat(self, task: MediaTask) -> None: ...

    def _pending(self, now: datetime) -> CallRecord:
        configuration = FrozenConfiguration(settings=self.settings, settings_version=1, model=self.ai_model)
        ids = {"company_id": "c", "call_id": "call", "chatbot_id": "b", "session_id": SESSION_ID}
        return CallRecord(
            **ids,
            channel=Channel.TWILIO,
            configuration=configuration,
            created_at=now,
            started_at=now,
            carrier_call_id=self.carrier_call_id,
        )

    def _session(self, now: datetime) -> Session:
        ids = {"company_id": "c", "call_id": "call", "chatbot_id": "b", "session_id": SESSION_ID}
        hashes = {"token_hash": "", "read_hash": ""}
        return Session(**ids, **hashes, origin=f"twilio:{ACCOUNT_ID}", created_at=now, connect_by=now, expires_at=now)

    async def ports(self, record: CallRecord, epoch: Callable[[], int], fenced: Callable[[], None]) -> CallPorts:
        """As CallBuilder's, with the composition of the real one for phones."""
        ports = by_phone(
            CallPorts(
                model=self.model,
                fallback_model=None,
                recorder=GatheringRecorder(self.tape, MULAW_8K),
                journal=self.journal,
                toolbox=NoTools(),
                prompter=self.prompts,
                wheel=self._wheel,
                clock=time.monotonic,
            )
        )
        await ports.prompter.load(self.settings, fixed_sentences(record.configuration))
        return ports

    def seed(self, record: CallRecord, ports: CallPorts) -> SessionSeed:
        """As CallBuilder's."""
        configuration = record.configuration
        seed = SessionSeed("call", 0, configuration.settings, configuration.model, "Be kind.", audio=MULAW_8K)
        self.seeds.append(seed)
        return seed

    @asynccontextmanager
    async def open(self) -> AsyncIterator["House"]:
        """Run a media process; `server` and `roster` are those of the one started last."""
        roster = self.roster = Roster(Room(f"media-{uuid.uuid4()}", 10), self, self, execute, utc_now)
        port = await _free_port()
        where = {"stage": "test", "recordings_bucket": "", "call_ended_queue_url": ""}
        env = MediaEnvironment.model_validate({**where, "public_base_url": f"http://127.0.0.1:{port}"})
        gate = stream_gate(env, self.accounts, self)
        server = self.server = await serve(
            roster,
            "127.0.0.1",
            port,
            clock=time.monotonic,
            ready=lambda: True,
            limits=DoorLimits(),
            gate=gate,
        )
        try:
            yield self
        finally:
            await roster.drain(DrainPlan(0.1))
            await server.close()


async def _free_port() -> int:
    listening = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port: int = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    return port
