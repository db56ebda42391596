"""A call as it is stored: the record, its transcript, its usage, its session and its recording.

Times are UTC; offsets are milliseconds from the start of the call.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Channel(StrEnum):
    """How the caller reached us."""

    WEB = "web"
    TWILIO = "twilio"
    WHATSAPP = "whatsapp"


class CallStatus(StrEnum):
    """pending: session made, nobody connected yet; ending: goodbyes are being spoken."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDING = "ending"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"


class EndReason(StrEnum):
    """The closed list of why a call ended."""

    USER_ENDED = "user_ended"
    SILENCE_TIMEOUT = "silence_timeout"
    MAX_DURATION = "max_duration"
    AI_ENDED = "ai_ended"
    CONNECTION_LOST = "connection_lost"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    NEVER_CONNECTED = "never_connected"
    MEDIA_LOST = "media_lost"
    """The media process died and the caller did not come back."""
    ERROR = "error"


class EndedBy(StrEnum):
    """Whose doing the end was."""

    CALLER = "caller"
    POLICY = "policy"
    AI = "ai"
    AGENT = "agent"
    PROVIDER = "provider"
    CARRIER = "carrier"
    PLATFORM = "platform"


class Customer(_Record):
    """What a caller told us before the call."""

    name: Annotated[str | None, Field(max_length=120)] = None
    email: Annotated[str | None, Field(max_length=254)] = None


class FrozenConfiguration(_Record):
    """The settings and model a call starts with and keeps (published version and price version included)."""

    settings: CallSettings
    settings_version: Annotated[int, Field(ge=1)]
    model: AiModel
    fallback_model: AiModel | None = None
    company_name: str = ""
    agent_name: str = "AI assistant"


class Sentiment(StrEnum):
    """How the caller felt about the call as a whole."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class CallSummary(_Record):
    """What a call was about, written after it. `sentiment_score` is -1 (very unhappy) to 1 (very happy)."""

    purpose: Annotated[str, Field(max_length=500)]
    key_points: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=10)] = ()
    outcome: Annotated[str, Field(max_length=500)]
    action_items: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=10)] = ()
    resolution: Literal["resolved", "partial", "unresolved"]
    sentiment: Sentiment
    sentiment_score: Annotated[float, Field(ge=-1, le=1)]
    model_id: str
    written_at: datetime


class CallRecord(_Record):
    """One call. `owner`/`epoch` name the media process that holds it; a higher epoch fences a lower one."""

    company_id: str
    call_id: str
    chatbot_id: str
    session_id: str
    channel: Channel = Channel.WEB
    status: CallStatus = CallStatus.PENDING
    configuration: FrozenConfiguration
    customer: Customer = Customer()
    test_call: bool = False
    direction: Literal["inbound", "outbound"] = "inbound"
    account_id: str | None = None
    """The integration account a carrier's call came in on or goes out by."""
    carrier_call_id: str | None = None
    """Twilio's CallSid, WhatsApp's `wacid…`."""
    caller_number: str | None = None
    """E.164, or a WhatsApp user's business-scoped id where their number is hidden; personal data, never logged."""
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    end_reason: EndReason | None = None
    ended_by: EndedBy | None = None
    interruption_count: int = 0
    owner: str | None = None
    epoch: int = 0
    moving: bool = False
    """Its owner leaves and has stored everything: whoever comes next may take it over at once."""
    cost_usd: Decimal | None = None
    recording_key: str | None = None
    """Blob key of the assembled recording; signed addresses are minted per request, never stored."""
    recording_state: Literal["none", "recording", "ready", "failed", "deleted"] = "none"
    summary: CallSummary | None = None
    closed_at: datetime | None = None
    """When everything that is done after a call had been done."""
    erased_at: datetime | None = None
    """When its words and sound were deleted because the company keeps them no longer."""


class Role(StrEnum):
    """Who said a transcript segment."""

    USER = "user"
    ASSISTANT = "assistant"
    HUMAN = "human"


class TranscriptSegment(_Record):
    """One thing somebody said, as it was heard. A later write with the same `segment_id` replaces it."""

    segment_id: str
    role: Role
    text: str
    start_ms: Annotated[int, Field(ge=0)]
    end_ms: Annotated[int, Field(ge=0)]
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    interrupted: bool = False
    final: bool = True


class UsageKind(StrEnum):
    """What a usage entry was for."""

    REPLY = "reply"
    TRANSCRIPTION = "transcription"
    SUMMARY = "summary"


class UsageEntry(_Record):
    """Tokens (cached ones are a subset of input) or seconds as the provider reported them, and their price."""

    usage_id: str
    kind: UsageKind
    model_id: str
    price_version: str
    text_in: int = 0
    text_in_cached: int = 0
    audio_in: int = 0
    audio_in_cached: int = 0
    text_out: int = 0
    audio_out: int = 0
    seconds: float = 0.0
    cost_usd: Decimal = Decimal(0)


class Checkpoint(_Record):
    """The state of the call core, enough to go on with the call on another process."""

    epoch: int
    at_ms: int
    core: dict[str, Any]


class Session(_Record):
    """Which call a leg may join, by tokens of which only SHA-256 hashes are stored.

    `origin` is the web site for a widget, `twilio:<account_id>` for a media stream (whose ticket is
    `<session_id>.<token>`), and `whatsapp:<account_id>` for a WebRTC offer.
    """

    session_id: str
    company_id: str
    chatbot_id: str
    call_id: str
    origin: str
    token_hash: str
    token_used: bool = False
    resume_hash: str | None = None
    """The one resume token that is valid now; it rotates with every attach."""
    read_hash: str
    """For transcript and recording downloads and feedback after the call."""
    created_at: datetime
    connect_by: datetime
    """An unused token lapses here (60 s)."""
    expires_at: datetime
    """Outer limit (24 h)."""
    visitor_hash: str = ""


class Feedback(_Record):
    """What the caller thought of the call."""

    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str | None, Field(max_length=2000)] = None
    given_at: datetime


class MediaTask(_Record):
    """A media process, as its heartbeat shows it."""

    task_id: str
    address: str
    calls: int
    draining: bool
    """It leaves and hands its calls over."""
    heartbeat_at: datetime
    room: int = 0
    """Calls it would take besides."""
    retiring: bool = False
    """A newer revision is there: it keeps its calls and takes no new ones."""
    revision: str = ""
    started_at: datetime | None = None
