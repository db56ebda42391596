"""What services need of the database, noun by noun. Tenant data is addressed with its company; what belongs to
another company is simply not there."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from shared.contracts.page import Page, Turn
from shared.contracts.records.access import AccessEntry
from shared.contracts.records.audit import AuditEntry
from shared.contracts.records.call import (
    CallRecord,
    Checkpoint,
    Feedback,
    MediaTask,
    Session,
    TranscriptSegment,
    UsageEntry,
)
from shared.contracts.records.publication import Publication
from shared.contracts.records.user import Participation, User
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_key import CallKey
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.company import Chatbot, Company
from shared.contracts.settings.package import Package, PackageVersion
from shared.contracts.settings.widget_config import WidgetConfig


class Companies(Protocol):
    """Companies."""

    def get(self, company_id: str) -> Company | None: ...
    def save(self, company: Company) -> None: ...


class FleetCompanies(Protocol):
    """All companies, for the master admin only."""

    def page(self, turn: Turn, keep: Callable[[Company], bool]) -> Page[Company]: ...


class CallKeys(Protocol):
    """By which companies' own systems open calls."""

    def get(self, company_id: str) -> CallKey | None: ...


class Chatbots(Protocol):
    """Chatbots, their published call settings (each publication is a version) and widget configuration."""

    def company_of(self, chatbot_id: str) -> str | None: ...
    def get(self, company_id: str, chatbot_id: str) -> Chatbot | None: ...
    def page(self, company_id: str, turn: Turn) -> Page[Chatbot]: ...
    def save(self, chatbot: Chatbot) -> None: ...
    def publish(self, chatbot: Chatbot, settings: CallSettings) -> Chatbot: ...
    def call_settings(self, company_id: str, chatbot_id: str, version: int) -> CallSettings | None: ...
    def publications(self, company_id: str, chatbot_id: str, turn: Turn) -> Page[Publication]: ...
    def saved_widget(self, company_id: str, chatbot_id: str, version: int) -> WidgetConfig | None: ...
    def widget_publications(self, company_id: str, chatbot_id: str, turn: Turn) -> Page[Publication]: ...
    def widget_version(self, company_id: str, chatbot_id: str) -> tuple[WidgetConfig, int]: ...
    def widget_config(self, company_id: str, chatbot_id: str) -> WidgetConfig: ...
    def save_widget_config(self, company_id: str, chatbot_id: str, config: WidgetConfig) -> None: ...


class AiModels(Protocol):
    """The catalogue."""

    def get(self, model_id: str) -> AiModel | None: ...
    def all(self) -> Sequence[AiModel]: ...
    def save(self, model: AiModel) -> None: ...


class FleetPackages(Protocol):
    """Packages with their drafts, for the master admin only."""

    def get(self, package_id: str) -> Package | None: ...
    def page(self, turn: Turn, keep: Callable[[Package], bool]) -> Page[Package]: ...
    def published(self, package_id: str, number: int) -> PackageVersion | None: ...
    def publications(self, package_id: str, turn: Turn) -> Page[PackageVersion]: ...


class OfferedPackages(Protocol):
    """What companies may deploy."""

    def all(self) -> Sequence[PackageVersion]: ...
    def get(self, package_id: str) -> PackageVersion | None: ...


class Users(Protocol):
    """Members; the company None holds the master admins."""

    def get(self, company_id: str | None, user_id: str) -> User | None: ...
    def page(self, company_id: str, turn: Turn) -> Page[User]: ...


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
    def feedback(self, company_id: str, call_id: str) -> Feedback | None: ...


class CallHistory(Protocol):
    """Calls as people look them up afterwards."""

    def page(
        self, company_id: str, days: tuple[date, date], turn: Turn, keep: Callable[[CallRecord], bool]
    ) -> Page[CallRecord]: ...
    def feedback(self, company_id: str, call_id: str) -> Feedback | None: ...


class Participations(Protocol):
    """Which support agents were on which calls."""

    def add(self, participation: Participation) -> None: ...
    def took_part(self, company_id: str, call_id: str, user_id: str) -> bool: ...
    def page(self, company_id: str, user_id: str, turn: Turn) -> Page[Participation]: ...


class Audit(Protocol):
    """Reads the ledger; entries are written with what they tell of (see shared.ports.changes and AccessLog)."""

    def page(self, company_id: str, month: date, turn: Turn) -> Page[AuditEntry | AccessEntry]: ...
    def of_entity(self, company_id: str, entity_id: str, turn: Turn) -> Page[AuditEntry | AccessEntry]: ...


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
