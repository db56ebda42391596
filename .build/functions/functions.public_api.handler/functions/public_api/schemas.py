"""What the public API takes and gives. Names are camelCase on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.contracts.settings.widget_config import (
    Appearance,
    Branding,
    CallOptions,
    ChatBehavior,
    Language,
    WidgetConfig,
    WidgetFeatures,
)


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
    visitor_id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = None
    """A random id the browser keeps, so that visitors behind one address do not share one allowance."""


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


class AppearanceOut(_Schema, Appearance):
    """See WidgetConfig."""


class BrandingOut(_Schema, Branding):
    """See WidgetConfig."""


class BehaviorOut(_Schema, ChatBehavior):
    """See WidgetConfig."""


class CallOptionsOut(_Schema, CallOptions):
    """See WidgetConfig."""


class FeaturesOut(_Schema, WidgetFeatures):
    """See WidgetConfig."""


class AdvancedOut(_Schema):
    """The technical settings a page needs; who may show the widget, and how often, is nobody's business."""

    custom_css: str
    custom_javascript: str
    session_timeout_minutes: int
    analytics_enabled: bool
    analytics_code: str
    language: Language


class WidgetOut(_Schema):
    """The public part of a widget's configuration."""

    appearance: AppearanceOut
    branding: BrandingOut
    behavior: BehaviorOut
    call_options: CallOptionsOut
    features: FeaturesOut
    advanced: AdvancedOut

    @classmethod
    def of(cls, config: WidgetConfig) -> Self:
        """From the stored configuration."""
        parts = config.model_dump()
        parts["advanced"] = {name: parts["advanced"][name] for name in AdvancedOut.model_fields}
        return cls.model_validate(parts)


class ConfigOut(_Schema):
    """What the widget needs to know before a call. `enabledCall` says whether a call would be taken now."""

    chatbot_id: str
    company_id: str
    company_name: str
    agent_name: str
    enabled_call: bool
    enabled_chat: bool
    recording_enabled: bool
    audio: AudioOut
    widget: WidgetOut


class FeedbackIn(_Schema):
    """Stars and a few words."""

    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str | None, Field(max_length=2000)] = None


class RecordingOut(_Schema):
    """Where the recording is; `pending` while it is being put together."""

    state: Literal["ready", "pending"]
    url: str | None = None
