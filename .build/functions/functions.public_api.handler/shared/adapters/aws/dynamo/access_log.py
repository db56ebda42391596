"""Who was given what (table `ledger`); entries are only ever added."""

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.access import AccessEntry


class DynamoAccessLog:
    """See shared.ports.repositories."""

    def __init__(self, ledger: Table) -> None:
        self._ledger = ledger

    def record(self, entry: AccessEntry) -> None:
        """Append."""
        key = keys.access(entry.company_id, f"{entry.at:%Y%m}", entry.at.isoformat(), entry.entry_id)
        self._ledger.replace(key, entry, None, keys.audit_extra(entry.company_id, entry.call_id, entry.at.isoformat()))
