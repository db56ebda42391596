"""Companies' call keys (table `core`)."""

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.settings.call_key import CallKey


class DynamoCallKeys:
    """See shared.ports.repositories."""

    def __init__(self, core: Table) -> None:
        self._core = core

    def get(self, company_id: str) -> CallKey | None:
        """The company's key."""
        return self._core.get(keys.call_key(company_id), CallKey)
