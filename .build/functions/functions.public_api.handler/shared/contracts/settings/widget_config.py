"""Everything the Widget tab holds, with ranges and defaults. Colours are #RRGGBB."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Text50 = Annotated[str, Field(max_length=50)]
Url = Annotated[str | None, Field(max_length=2000)]
Language = Literal["en", "es", "fr", "de"]
Domain = Annotated[str, Field(max_length=253, pattern=r"^(https?://)?(\*\.)?[^\s/:@*?#,]+(:[0-9]{1,5})?$")]
"""One line of Allowed Domains: `example.com`, `*.example.com`, optionally with a scheme or a port."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Appearance(_Part):
    """How launcher and interface look."""

    theme: Literal["light", "dark", "auto"] = "auto"
    position: Literal["bottom-right", "bottom-left", "top-right", "top-left"] = "bottom-right"
    horizontal_offset: Annotated[int, Field(ge=0, le=100)] = 20
    vertical_offset: Annotated[int, Field(ge=0, le=100)] = 20
    primary_color: Colour = "#4F46E5"
    accent_color: Colour = "#818CF8"
    border_radius: Annotated[int, Field(ge=0, le=50)] = 16
    button_size: Literal["small", "medium", "large"] = "medium"
    launcher_border_radius_percent: Annotated[int, Field(ge=0, le=50)] = 50
    chat_launcher_icon: Url = None
    user_bubble_color: Colour = "#6B7280"
    override_agent_colors: bool = False
    agent_bubble_color: Colour = "#4F46E5"
    show_chat_launcher_text: bool = False
    chat_launcher_text: Text50 = "Chat with us!"
    chat_launcher_text_background: Colour = "#FFFFFF"
    chat_launcher_text_color: Colour = "#374151"
    call_launcher_icon: Url = None
    show_call_launcher_text: bool = True
    call_launcher_text: Text50 = "Call us!"
    call_button_color: Colour = "#10B981"


class Branding(_Part):
    """Logo and texts."""

    logo_url: Url = None
    title: Annotated[str, Field(max_length=60)] = "Customer Support"
    subtitle: Annotated[str, Field(max_length=100)] = "We're here to help!"
    welcome_message: Annotated[str, Field(max_length=500)] = "Hi there! 👋 How can we help you today?"
    input_placeholder: Text50 = "Type your message..."
    call_welcome_message: Annotated[str | None, Field(max_length=500)] = None
    """Spoken instead of the call greeting on web calls; None inherits the greeting."""
    end_call_message: Annotated[str, Field(max_length=100)] = "Thank you for calling!"


class ChatBehavior(_Part):
    """How the chat behaves."""

    auto_open: bool = False
    auto_open_delay_seconds: Annotated[int, Field(ge=0, le=120)] = 5
    sound_effects: bool = True
    persistence: bool = True
    typing_indicator: bool = True
    message_timestamps: Literal["never", "hover", "always"] = "hover"


class CallOptions(_Part):
    """The interface during a call."""

    visualizer_style: Literal["wave", "orb"] = "wave"
    show_duration: bool = True
    show_live_transcript: bool = True
    transcript_style: Literal["inline", "side", "bottom"] = "bottom"
    show_mute_button: bool = True
    end_button_style: Literal["red", "icon", "text"] = "red"
    interface_size: Literal["modal", "fullscreen", "embedded"] = "modal"
    show_agent_avatar: bool = True
    button_position: Literal["above", "below", "separate"] = "above"


class WidgetFeatures(_Part):
    """What is offered around chat and call."""

    feedback: bool = True
    require_email: bool = False
    require_name: bool = False
    file_uploads: bool = False
    push_to_talk: bool = False
    show_agent_list: bool = True
    agent_list_type: Literal["minimal", "compact", "standard", "detailed"] = "standard"
    quality_indicator: bool = True
    recording_download: bool = False
    transcript_download: bool = True
    switch_to_chat: bool = True


class Advanced(_Part):
    """Technical settings. An empty list of domains allows every site."""

    custom_css: Annotated[str, Field(max_length=50_000)] = ""
    custom_javascript: Annotated[str, Field(max_length=50_000)] = ""
    allowed_domains: Annotated[tuple[Domain, ...], Field(max_length=100)] = ()
    chat_messages_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 100
    calls_per_hour: Annotated[int, Field(ge=1, le=1000)] = 10
    session_timeout_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    analytics_enabled: bool = False
    analytics_code: Annotated[str, Field(max_length=10_000)] = ""
    language: Language = "en"


class WidgetConfig(_Part):
    """The whole configuration of one chatbot's widget."""

    appearance: Appearance = Appearance()
    branding: Branding = Branding()
    behavior: ChatBehavior = ChatBehavior()
    call_options: CallOptions = CallOptions()
    features: WidgetFeatures = WidgetFeatures()
    advanced: Advanced = Advanced()
