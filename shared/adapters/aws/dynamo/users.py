"""Members of companies, and master admins (table `core`)."""

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.paging import page
from shared.adapters.aws.dynamo.table import LAST, Span, Table, versioned
from shared.contracts.page import Page, Turn
from shared.contracts.records.user import User


class DynamoUsers:
    """See shared.ports.repositories."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, company_id: str | None, user_id: str) -> User | None:
        """A member of this company."""
        return self._table.record(keys.user(company_id, user_id), User)

    def page(self, company_id: str, turn: Turn) -> Page[User]:
        """A company's members."""
        spans = [Span(f"T#{company_id}", low="USER#", high="USER#" + LAST)]
        return page(self._table, spans, turn, lambda item: versioned(item, User))
