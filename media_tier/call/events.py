"""What can happen to a call. Past tense; every id is carried, so that a stale event is recognised and ignored.

`connection` numbers the provider connections of one call (1, 2, …). A `turn_id` names one utterance of the caller, a
`response_id` one answer of the AI, an `item_id` one run of its speech (a response may hold several). A
`playback_id` is what a leg plays: an AI's item id, or `prompt-<n>` for a sentence rendered ahead.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Party(StrEnum):
    """Who is on the call. AGENT is always a human."""

    CALLER = "caller"
    AI = "ai"
    AGENT = "agent"


class Outcome(StrEnum):
    """How a response ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class LegConnected:
    """A party's media path is up; `resumed` when the caller came back to a call that was parked."""

    party: Party
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class LegDropped:
    """The party's connection broke without a goodbye; it may come back, unless it is gone `for_good`."""

    party: Party
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class EndRequested:
    """The caller pressed End or hung up."""

    party: Party


@dataclass(frozen=True, slots=True)
class Dtmf:
    """The caller pressed a key: 0-9, * or #."""

    digit: str


@dataclass(frozen=True, slots=True)
class MuteChanged:
    """The caller's microphone was switched."""

    on: bool


@dataclass(frozen=True, slots=True)
class QualityMeasured:
    """Connection quality as the caller's side measured it."""

    rtt_ms: float
    underruns: int = 0
    backlog_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ProviderReady:
    """A connection is configured and may be used. `expires_in` is in seconds, None if unknown."""

    connection: int
    expires_in: float | None = None
    restored: bool = False
    """The provider kept the conversation itself (resumption handle accepted)."""


@dataclass(frozen=True, slots=True)
class ProviderFailed:
    """A connection could not be made, or broke. `fatal`: trying again is useless (bad key, no quota)."""

    connection: int
    code: str
    message: str = ""
    fatal: bool = False
    resume_refused: bool = False


@dataclass(frozen=True, slots=True)
class ProviderExpiring:
    """The provider will close this connection in `seconds`."""

    connection: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ProviderResumable:
    """A handle with which another connection can continue this conversation."""

    connection: int
    handle: str


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak `ago_ms` before now (detection takes time)."""

    turn_id: str
    ago_ms: int = 0
    connection: int = 0


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller fell silent `ago_ms` before now."""

    turn_id: str
    ago_ms: int = 0
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Transcribed:
    """What the caller said; not final while it may still grow. text None: it could not be transcribed."""

    turn_id: str
    text: str | None
    final: bool = True
    confidence: float | None = None
    connection: int = 0


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The AI began to answer; `tag` echoes the one of RequestResponse."""

    response_id: str
    tag: str | None = None
    connection: int = 0


@dataclass(frozen=True, slots=True)
class ResponseTranscribed:
    """More words of an item (`text` is the addition); `audio_ms` of its sound had arrived by then."""

    response_id: str
    item_id: str
    text: str
    audio_ms: int = 0
    final: bool = False
    """The item's words are complete; `text` may be empty."""
    connection: int = 0


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """Generation is over (playback usually goes on); `audio_ms` per item id is what was generated."""

    response_id: str
    outcome: Outcome
    audio_ms: dict[str, int] = field(default_factory=dict)
    code: str = ""
    connection: int = 0


@dataclass(frozen=True, slots=True)
class ResponseInterrupted:
    """The provider itself stopped answering because the caller spoke: flush what is queued."""

    response_id: str
    connection: int = 0


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The AI wants a tool run."""

    call_id: str
    name: str
    arguments: dict[str, Any]
    response_id: str = ""
    connection: int = 0


@dataclass(frozen=True, slots=True)
class ToolsCancelled:
    """The provider no longer wants these results."""

    call_ids: tuple[str, ...]
    connection: int = 0


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool answered, failed or timed out."""

    call_id: str
    output: dict[str, Any]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class PlaybackStarted:
    """The caller hears the first sound of this."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """The caller heard all of it."""

    playback_id: str
    played_ms: int


@dataclass(frozen=True, slots=True)
class PlaybackStopped:
    """It was cut off after `played_ms` were heard (0: nothing was)."""

    playback_id: str
    played_ms: int


@dataclass(frozen=True, slots=True)
class PromptMissing:
    """A sentence has no rendering: the provider must say it."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class DrainRequested:
    """The process is leaving; a call may look so many seconds for a pause before it moves to another one."""

    patience_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed: the deadline asked for was reached."""


Event = (
    LegConnected
    | LegDropped
    | EndRequested
    | Dtmf
    | MuteChanged
    | QualityMeasured
    | ProviderReady
    | ProviderFailed
    | ProviderExpiring
    | ProviderResumable
    | SpeechStarted
    | SpeechStopped
    | Transcribed
    | ResponseStarted
    | ResponseTranscribed
    | ResponseEnded
    | ResponseInterrupted
    | ToolRequested
    | ToolsCancelled
    | ToolFinished
    | PlaybackStarted
    | PlaybackFinished
    | PlaybackStopped
    | PromptMissing
    | DrainRequested
    | Tick
)
