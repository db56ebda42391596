"""What the call core asks for. Imperative; an effect never returns a value, its result is another event."""

from dataclasses import dataclass
from typing import Any

from media_tier.call.events import Party
from shared.contracts.records.call import EndedBy, EndReason, Role


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One line of our own record of the conversation, with which a new provider connection is seeded."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """A tool call that was requested on an earlier connection and its result, None if it is still running."""

    call_id: str
    name: str
    arguments: dict[str, Any]
    output: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class OpenProvider:
    """Connect to a model (`ProviderReady` or `ProviderFailed` answers); it is not heard before UseProvider."""

    connection: int
    history: tuple[HistoryItem, ...] = ()
    tools_done: tuple[ToolOutcome, ...] = ()
    resume_handle: str | None = None
    fallback_model: bool = False


@dataclass(frozen=True, slots=True)
class UseProvider:
    """Route the caller to this connection and this connection to the caller."""

    connection: int


@dataclass(frozen=True, slots=True)
class CloseProvider:
    """Let a connection go."""

    connection: int


@dataclass(frozen=True, slots=True)
class RequestResponse:
    """Ask the AI to speak; `instructions` are for this response only."""

    tag: str
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class AddContext:
    """Tell the AI what was said without asking for an answer."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class CancelResponse:
    """Stop generating."""

    response_id: str


@dataclass(frozen=True, slots=True)
class TruncateResponse:
    """Tell the AI how much of its item was heard."""

    response_id: str
    item_id: str
    played_ms: int


@dataclass(frozen=True, slots=True)
class SubmitToolResult:
    """Answer a tool request; `request_response`: this was the last open one, the AI may go on."""

    call_id: str
    name: str
    output: dict[str, Any]
    request_response: bool = True


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run a tool for the AI; `ToolFinished` answers."""

    call_id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Play a sentence rendered ahead, after whatever is queued; `PlaybackFinished` or `PromptMissing` answers."""

    playback_id: str
    text: str


@dataclass(frozen=True, slots=True)
class StopPlayback:
    """Silence everything that is queued; `PlaybackStopped` answers for each playback cut off."""


@dataclass(frozen=True, slots=True)
class DropAudio:
    """Ignore sound that still arrives for this response: it was interrupted."""

    response_id: str


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record both sides from now on."""


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Stop recording."""


@dataclass(frozen=True, slots=True)
class TellSpeaking:
    """Let the caller's side show who speaks."""

    party: Party
    on: bool


@dataclass(frozen=True, slots=True)
class TellStatus:
    """Let the caller's side show what the call is doing (a state of messages.widget_socket.Status)."""

    state: str


@dataclass(frozen=True, slots=True)
class TellQuality:
    """Let the caller's side show how good the connection is."""

    level: str


@dataclass(frozen=True, slots=True)
class AppendTranscript:
    """Show and, once final, store a segment; the same id replaces an earlier version."""

    segment_id: str
    role: Role
    text: str
    start_ms: int
    end_ms: int
    final: bool
    confidence: float | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class AskToReconnect:
    """Ask the caller's side to come back through another process."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The call is over: close every leg and connection, write the record."""

    reason: EndReason
    by: EndedBy
    interruption_count: int = 0


Command = (
    OpenProvider
    | UseProvider
    | CloseProvider
    | RequestResponse
    | AddContext
    | CancelResponse
    | TruncateResponse
    | SubmitToolResult
    | RunTool
    | PlayPrompt
    | StopPlayback
    | DropAudio
    | StartRecording
    | StopRecording
    | TellSpeaking
    | TellStatus
    | TellQuality
    | AppendTranscript
    | AskToReconnect
    | Finish
)
