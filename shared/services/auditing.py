"""What every administrative write goes through: the version it was based on, and who did what to what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from shared.contracts.errors import VersionConflict
from shared.contracts.records.audit import PLATFORM, AuditEntry
from shared.contracts.records.user import User
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.company import Chatbot, Company
from shared.contracts.settings.package import Package
from shared.domain.audit_diff import changes
from shared.domain.permissions import Actor
from shared.ports.changes import Changes, Write


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done: `action` is `<kind>.<verb>`; the difference of the two records is kept."""

    by: Actor
    action: str
    entity_id: str
    company_id: str | None = None
    before: BaseModel | None = None
    after: BaseModel | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where changes are handed in."""

    changes: Changes
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def write(self, deed: Deed, *writes: Write) -> None:
        """Write with an audit entry. Raises VersionConflict, Conflict."""
        entry = AuditEntry(
            entry_id=self.new_id(),
            company_id=deed.company_id or PLATFORM,
            who=deed.by.who,
            action=deed.action,
            entity_id=deed.entity_id,
            at=self.now(),
            changes=changes(deed.before, deed.after),
        )
        self.changes.commit(entry, *writes)


def require_version(current: int, expected: int) -> None:
    """Refuse a change that was based on another version than the current one."""
    if current != expected:
        raise VersionConflict(current)


def next_version[M: (Company, Chatbot, User, Package, AiModel)](record: M) -> M:
    """The record as it is stored after a write."""
    return record.model_copy(update={"version": record.version + 1})
