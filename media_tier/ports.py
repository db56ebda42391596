"""The seams of the media tier: what the engine needs from the outside, each with at most five verbs.

Sound inside the house is PCM16 little-endian mono at 24 kHz (`bytes`), but for what leg, playout and provider of a call
by phone pass on: that is µ-law, so that nothing is converted on its way (`SessionSeed.audio`). Verbs that touch a live
call never block and never wait: they queue, and what comes of them is an event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from media_tier.audio.formats import PCM_24K, AudioFormat
from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.call.events import Event
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.records.call import (
    CallRecord,
    Checkpoint,
    EndedBy,
    EndReason,
    Role,
    TranscriptSegment,
    UsageEntry,
)
from shared.contracts.settings.ai_model import AiModel, Capabilities
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.integration import IntegrationAccount

SAMPLE_RATE = 24_000
FRAME_MS = 20
FRAME_BYTES = SAMPLE_RATE * FRAME_MS // 1000 * 2

Clock = Callable[[], float]
"""Monotonic seconds."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function the AI may call; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SessionSeed:
    """Everything a provider connection starts with."""

    call_id: str
    connection: int
    settings: CallSettings
    model: AiModel
    instructions: str
    tools: Sequence[ToolSpec] = ()
    history: Sequence[HistoryItem] = ()
    tools_done: Sequence[ToolOutcome] = ()
    resume_handle: str | None = None
    audio: AudioFormat = PCM_24K
    """Of the call's sound, both ways."""
    caller_audio: AudioFormat | None = None
    """Of the caller's sound, where it comes as the model wants it and not as `audio` says."""


class ProviderListener(Protocol):
    """Who hears a provider connection. Called on the event loop, must not block."""

    def on_event(self, event: Event) -> None: ...
    def on_audio(self, response_id: str, item_id: str, pcm: bytes) -> None: ...
    def on_usage(self, usage: UsageEntry) -> None: ...


class RealtimeConnection(Protocol):
    """One live conversation with a model. Every verb returns at once; after a drop they do nothing."""

    @property
    def capabilities(self) -> Capabilities: ...
    def send_audio(self, pcm: bytes) -> None: ...
    def add_context(self, role: Role, text: str) -> None: ...
    def request_response(self, tag: str, instructions: str | None) -> None: ...
    def cancel(self, response_id: str) -> None: ...
    def truncate(self, response_id: str, item_id: str, played_ms: int) -> None: ...
    def submit_tool_result(self, call_id: str, name: str, output: dict[str, Any], request_response: bool) -> None: ...
    async def close(self) -> None: ...


class RealtimeModel(Protocol):
    """A provider. `connect` returns once the session is configured and raises `ProviderUnavailable` otherwise.

    Every event it sends carries `seed.connection`. It sends `ProviderFailed` when a live connection breaks for
    whatever reason we did not ask for, `ProviderExpiring` ahead of a known cap, `ProviderResumable` for each handle;
    `ProviderReady` is sent by the engine when `connect` returns.
    """

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> RealtimeConnection: ...


class ProviderUnavailable(Exception):
    """A connection could not be made. `fatal`: do not try again. `resume_refused`: try again without the handle."""

    def __init__(self, code: str, message: str, *, fatal: bool = False, resume_refused: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.fatal, self.resume_refused = code, message, fatal, resume_refused


class Refused(Exception):
    """A socket may not join: the close code it ends with, and a sentence for the person."""

    def __init__(self, code: CloseCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Leg(Protocol):
    """One party's connection. `play` takes what the playout has paced; `stop` silences what the far end queued."""

    def play(self, pcm: bytes) -> None: ...
    def stop(self) -> None: ...
    def tell(self, message: dict[str, Any]) -> None: ...
    def close(self, code: int, reason: str) -> None: ...


class WhatsAppAccounts(Protocol):
    """The numbers companies connected."""

    async def account(self, account_id: str) -> IntegrationAccount | None: ...


class Recorder(Protocol):
    """Keeps what was spoken and heard, in true time. `at_ms` is when the first sample sounded, from call start."""

    def start(self, at_ms: int) -> None: ...
    def caller(self, pcm: bytes, at_ms: int) -> None: ...
    def far(self, pcm: bytes, at_ms: int) -> None: ...
    def stop(self) -> None: ...
    async def close(self) -> None:
        """Wait until everything is stored."""


class Journal(Protocol):
    """Write-behind record of the call: returns at once, retries on its own, never stalls a voice."""

    def transcript(self, segment: TranscriptSegment) -> None: ...
    def usage(self, entry: UsageEntry) -> None: ...
    def checkpoint(self, checkpoint: Checkpoint) -> None: ...
    def finish(self, reason: EndReason, by: EndedBy, duration_ms: int, interruption_count: int) -> None: ...
    async def release(self) -> None:
        """Wait until everything is stored, and that the call may be taken over from here at once."""

    async def close(self) -> None:
        """Wait until everything is stored."""


class Toolbox(Protocol):
    """The tools of one chatbot. `run` returns a result or raises; the engine bounds its time."""

    def specs(self) -> Sequence[ToolSpec]: ...
    async def run(self, call: CallRecord, call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]: ...


class Prompter(Protocol):
    """Sentences rendered ahead in the chatbot's own voice. `pcm` is None when there is no rendering (yet)."""

    async def load(self, settings: CallSettings, texts: Sequence[str]) -> None: ...
    def pcm(self, settings: CallSettings, text: str) -> bytes | None: ...


class CarrierAccounts(Protocol):
    """The accounts carriers reach us by, and their secrets, decrypted. Raises if it cannot tell."""

    async def account(self, account_id: str) -> IntegrationAccount | None: ...
    async def secret(self, company_id: str, account_id: str, field: str) -> str | None: ...


class Tickets(Protocol):
    """Whether a token would let somebody join a call now, without using it up."""

    async def expects(self, session_id: str, token_hash: str, origin: str, now: datetime) -> bool: ...
