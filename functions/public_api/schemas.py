"""What the public API takes and gives. Names are camelCase on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Schema(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class CustomerIn(_Schema):
    """What the pre-call form collected."""

    name: Annotated[str | None, Field(max_length=120)] = None
    email: Annotated[str | None, Field(max_length=254)] = None


class SessionIn(_Schema):
    """A request for a call. The chatbot id alone is enough."""

    chatbot_id: Annotated[str, Field(min_length=1, max_length=64)]
    company_id: Annotated[str | None, Field(max_length=64)] = None
    customer: CustomerIn = CustomerIn()


class SessionOut(_Schema):
    """How to connect: `token` for the socket (once, within a minute), `readToken` for after the call."""

    session_id: str
    call_id: str
    websocket_url: str
    expires_at: datetime
    token: str
    read_token: str


class AudioOut(_Schema):
    """How the microphone is opened."""

    echo_cancellation: bool
    noise_suppression: bool


class ConfigOut(_Schema):
    """What the widget needs to know before a call."""

    chatbot_id: str
    company_id: str
    company_name: str
    agent_name: str
    enabled_call: bool
    enabled_chat: bool
    recording_enabled: bool
    audio: AudioOut
    widget: dict[str, Any]


class FeedbackIn(_Schema):
    """Stars and a few words."""

    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str | None, Field(max_length=2000)] = None


class RecordingOut(_Schema):
    """Where the recording is; `pending` while it is being put together."""

    state: str
    url: str | None = None


class ErrorBody(_Schema):
    """What went wrong, for programs and for people."""

    code: str
    message: str
    fields: dict[str, str] | None = None


class ErrorOut(_Schema):
    """The one form of every error."""

    error: ErrorBody
