"""The widget's WebSocket protocol, both directions (subprotocol `call.v1`).

Handshake: `Sec-WebSocket-Protocol: call.v1, token.<token>`; the server answers `call.v1`. `<token>` is the session
token for the first connection and the latest `resumeToken` afterwards. Messages are JSON text, at most 64 KiB.
Audio is base64 of PCM16 little-endian mono 24 kHz. The audio path reads and writes these messages by hand; these
models document, validate and generate the client's types.

Playback positions: `samples` counts every sample the client has really played since this socket connected, flushed
samples excluded. The client sends `played` about five times a second while it plays and once when its queue runs
empty; on `stop_audio` it drops its queue and answers `stopped` with that count.
"""

from enum import IntEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_MESSAGE_BYTES = 64 * 1024


class CloseCode(IntEnum):
    """Why the server closed the socket (RFC 6455 codes, and ours from 4400 on)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    """The process drains: reconnect with the resume token."""
    POLICY_VIOLATION = 1008
    """Five malformed messages."""
    TOO_BIG = 1009
    UNAUTHORIZED = 4401
    """Unknown, tampered, used, or lapsed token."""
    ORIGIN_NOT_ALLOWED = 4403
    TIMED_OUT = 4408
    """Nothing was heard from the client for too long."""
    REPLACED = 4409
    """Another connection took the call over."""
    CALL_OVER = 4410
    CALL_UNAVAILABLE = 4422
    """Calls are off, or the model is missing."""
    FLOOD = 4429
    SLOW_READER = 4430
    FULL = 4503


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# Client to server


class Audio(_Message):
    """A chunk of sound (either direction); 20 ms is recommended, any size within the message cap is taken."""

    type: Literal["audio"] = "audio"
    data: Annotated[str, Field(max_length=MAX_MESSAGE_BYTES)]


class End(_Message):
    """The caller hangs up."""

    type: Literal["end"] = "end"


class Mute(_Message):
    """The caller (un)muted the microphone; silence is still sent."""

    type: Literal["mute"] = "mute"
    on: bool


class Played(_Message):
    """Playback position."""

    type: Literal["played"] = "played"
    samples: Annotated[int, Field(ge=0)]


class Stopped(_Message):
    """Answer to `stop_audio`."""

    type: Literal["stopped"] = "stopped"
    samples: Annotated[int, Field(ge=0)]


class Ping(_Message):
    """Echoed at once as `pong`; `t` is the client's own clock."""

    type: Literal["ping"] = "ping"
    t: Annotated[float, Field(ge=0)]


class QualityReport(_Message):
    """What the client measured since its last report."""

    type: Literal["quality"] = "quality"
    rttMs: Annotated[float, Field(ge=0, le=60_000)]
    underruns: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    backlogMs: Annotated[float, Field(ge=0, le=600_000)] = 0


ClientMessage = Annotated[Audio | End | Mute | Played | Stopped | Ping | QualityReport, Field(discriminator="type")]


# Server to client


class Connected(_Message):
    """First message. `resumed` is true when the call went on from an earlier connection."""

    type: Literal["connected"] = "connected"
    sessionId: str
    callId: str
    resumeToken: str
    resumed: bool = False
    elapsedMs: int = 0


class TranscriptData(_Message):
    """A caption; a later one with the same id replaces it. `role` is user, assistant or human."""

    id: str
    role: Literal["user", "assistant", "human"]
    text: str
    final: bool
    startMs: int
    endMs: int
    interrupted: bool = False


class Transcript(_Message):
    """A caption came or changed."""

    type: Literal["transcript"] = "transcript"
    data: TranscriptData


class UserSpeaking(_Message):
    """The caller began or stopped speaking."""

    type: Literal["user_speaking"] = "user_speaking"
    on: bool


class AgentSpeaking(_Message):
    """The other side began or stopped speaking."""

    type: Literal["agent_speaking"] = "agent_speaking"
    on: bool


class StopAudio(_Message):
    """Drop everything queued, now, and answer `stopped`."""

    type: Literal["stop_audio"] = "stop_audio"


class Quality(_Message):
    """How good the connection is, for the indicator."""

    type: Literal["quality"] = "quality"
    level: Literal["good", "fair", "poor"]


class Status(_Message):
    """What the call is doing, beyond who speaks."""

    type: Literal["status"] = "status"
    state: Literal[
        "listening", "tool_running", "silence_warning", "duration_warning", "provider_reconnecting", "ending"
    ]


class Reconnect(_Message):
    """This process is leaving: open a new socket now with the resume token."""

    type: Literal["reconnect"] = "reconnect"


class CallEndedData(_Message):
    """`duration` is in whole seconds; `reason` is an EndReason."""

    duration: int
    reason: str
    message: str | None = None


class CallEnded(_Message):
    """The call is over; close code 1000 follows."""

    type: Literal["call_ended"] = "call_ended"
    data: CallEndedData


class Pong(_Message):
    """Echo of a ping."""

    type: Literal["pong"] = "pong"
    t: float


class Error(_Message):
    """Something was wrong with the last message, or with the call; `message` is for people."""

    type: Literal["error"] = "error"
    code: str
    message: str


ServerMessage = Annotated[
    Connected
    | Audio
    | Transcript
    | UserSpeaking
    | AgentSpeaking
    | StopAudio
    | Quality
    | Status
    | Reconnect
    | CallEnded
    | Pong
    | Error,
    Field(discriminator="type"),
]
