"""Who changed or opened what."""

from datetime import date, datetime
from typing import Annotated, Self

from fastapi import Query

from functions.admin_api.access import AdminApi, Api, By, Operations
from functions.admin_api.requests import AskedPage, PageOut, Schema, page_out
from shared.contracts.page import Turn
from shared.contracts.records.access import AccessEntry
from shared.contracts.records.audit import PLATFORM, AuditEntry
from shared.domain.permissions import Permission

operations = Operations()
Month = Annotated[str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
EntityId = Annotated[str | None, Query(alias="entityId", min_length=1, max_length=120)]
CompanyId = Annotated[str, Query(alias="companyId", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


class ChangeOut(Schema):
    """One field, as JSON text; secrets are hidden."""

    field: str
    before: str | None
    after: str | None


class AuditOut(Schema):
    """One change or access."""

    entry_id: str
    who: str
    action: str
    entity_id: str
    at: datetime
    changes: list[ChangeOut]

    @classmethod
    def of(cls, entry: AuditEntry | AccessEntry) -> Self:
        """From the ledger."""
        if isinstance(entry, AccessEntry):
            action, entity, changes = f"{entry.what}.opened", entry.call_id, []
        else:
            action, entity = entry.action, entry.entity_id
            changes = [ChangeOut(**change.model_dump()) for change in entry.changes]
        return cls(
            entry_id=entry.entry_id, who=entry.who, action=action, entity_id=entity, at=entry.at, changes=changes
        )


@operations.get("/audit", Permission.AUDIT_READ)
def list_audit(api: Api, by: By, turn: AskedPage, month: Month = None, entity_id: EntityId = None) -> PageOut[AuditOut]:
    return _page(api, by.company, month, entity_id, turn)


@operations.get("/fleet/audit", Permission.FLEET_AUDIT)
def list_fleet_audit(
    api: Api, turn: AskedPage, company_id: CompanyId = PLATFORM, month: Month = None, entity_id: EntityId = None
) -> PageOut[AuditOut]:
    return _page(api, company_id, month, entity_id, turn)


def _page(api: AdminApi, company_id: str, month: str | None, entity_id: str | None, turn: Turn) -> PageOut[AuditOut]:
    """One month (the current one if none is named), or everything about one thing."""
    if entity_id is not None:
        return page_out(api.audit.of_entity(company_id, entity_id, turn), AuditOut.of)
    first = api.desk.now().date() if month is None else date.fromisoformat(f"{month}-01")
    return page_out(api.audit.page(company_id, first, turn), AuditOut.of)
