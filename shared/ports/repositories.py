"""What services need of the database, noun by noun. Tenant data is addressed with its company; what belongs to
another company is simply not there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from shared.contracts.records.access import AccessEntry
from shared.contracts.records.call import (
    CallRecord,
    Checkpoint,
    Feedback,
    MediaTask,
    Session,
    TranscriptSegment,
    UsageEntry,
)
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.company import Chatbot, Company
from shared.contracts.settings.widget_config import WidgetConfig


class Companies(Protocol):
    """Companies."""

    def get(self, company_id: str) -> Company | None: ...
    def save(self, company: Company) -> None: ...


class Chatbots(Protocol):
    """Chatbots, their published call settings (each publication is a version) and widget configuration."""

    def company_of(self, chatbot_id: str) -> str | None: ...
    def get(self, company_id: str, chatbot_id: str) -> Chatbot | None: ...
    def save(self, chatbot: Chatbot) -> None: ...
    def publish(self, chatbot: Chatbot, settings: CallSettings) -> Chatbot: ...
    def call_settings(self, company_id: str, chatbot_id: str, version: int) -> CallSettings | None: ...
    def widget_config(self, company_id: str, chatbot_id: str) -> WidgetConfig: ...
    def save_widget_config(self, company_id: str, chatbot_id: str, config: WidgetConfig) -> None: ...


class AiModels(Protocol):
    """The catalogue."""

    def get(self, model_id: str) -> AiModel | None: ...
    def save(self, model: AiModel) -> None: ...


class Calls(Protocol):
    """Calls and what belongs to each."""

    def open(self, call: CallRecord, session: Session) -> None: ...
    def get(self, company_id: str, call_id: str) -> CallRecord | None: ...
    def replace(self, call: CallRecord, changes: dict[str, Any]) -> CallRecord | None: ...
    def live(self) -> Sequence[CallRecord]: ...
    def unclosed(self) -> Sequence[CallRecord]: ...
    def transcript(self, company_id: str, call_id: str) -> Sequence[TranscriptSegment]: ...
    def checkpoint(self, company_id: str, call_id: str) -> Checkpoint | None: ...
    def usage(self, company_id: str, call_id: str) -> Sequence[UsageEntry]: ...
    def save_feedback(self, company_id: str, call_id: str, feedback: Feedback) -> None: ...


class Sessions(Protocol):
    """Widget sessions."""

    def get(self, session_id: str) -> Session | None: ...


class MediaTasks(Protocol):
    """Media processes, by their heartbeats."""

    def all(self) -> Sequence[MediaTask]: ...


class RateLimits(Protocol):
    """Counters of fixed windows. `take` returns False once `limit` was taken in this window."""

    def take(self, name: str, limit: int, window_seconds: int, now: datetime) -> bool: ...


class CallSlots(Protocol):
    """How many calls a company may have at once. `take` returns False when all are taken; a slot whose call has ended
    is free again by itself, `give_back` is for calls that were never stored."""

    def take(self, company_id: str, call_id: str, limit: int, now: datetime) -> bool: ...
    def give_back(self, company_id: str, call_id: str, now: datetime) -> None: ...


class AccessLog(Protocol):
    """Append-only record of who was given what."""

    def record(self, entry: AccessEntry) -> None: ...


class Queue(Protocol):
    """Asks for a call to be closed (recording assembled, price summed)."""

    def call_ended(self, company_id: str, call_id: str) -> None: ...
