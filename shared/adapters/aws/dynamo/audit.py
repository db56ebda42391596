"""The ledger as people read it: changes and accesses in one list (table `ledger`, append-only)."""

from datetime import date

from pydantic import TypeAdapter

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item
from shared.adapters.aws.dynamo.paging import page
from shared.adapters.aws.dynamo.table import Span, Table
from shared.contracts.page import Page, Turn
from shared.contracts.records.access import AccessEntry
from shared.contracts.records.audit import AuditEntry

_ENTRIES: TypeAdapter[AuditEntry | AccessEntry] = TypeAdapter(AuditEntry | AccessEntry)


class DynamoAudit:
    """See shared.ports.repositories."""

    def __init__(self, ledger: Table) -> None:
        self._ledger = ledger

    def page(self, company_id: str, month: date, turn: Turn) -> Page[AuditEntry | AccessEntry]:
        """What was changed and opened in a month, newest first."""
        partition = keys.audit_partition(company_id, f"{month:%Y%m}")
        return page(self._ledger, [Span(partition, newest_first=True)], turn, _read)

    def of_entity(self, company_id: str, entity_id: str, turn: Turn) -> Page[AuditEntry | AccessEntry]:
        """What was changed of one thing, newest first."""
        spans = [Span(keys.entity_partition(company_id, entity_id), "GSI1", newest_first=True)]
        return page(self._ledger, spans, turn, _read)


def _read(item: Item) -> AuditEntry | AccessEntry:
    return _ENTRIES.validate_json(item["data"]["S"])
