"""Secrets of integration accounts. Written by the API, read by what talks to carriers, shown to nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from shared.contracts.records.secret import SecretHint, StoredSecret


class Secrets(Protocol):
    """`seal` and `put` raise InvalidRequest for what is empty or too long; what was sealed is not stored yet. `get` is
    None where nothing was set.

    `signing` never tells: where nothing was set it gives, after the same work, a value nothing was signed with.
    """

    def seal(self, company_id: str, account_id: str, field: str, value: str, now: datetime) -> StoredSecret: ...
    def put(self, company_id: str, account_id: str, field: str, value: str, now: datetime) -> SecretHint: ...
    def get(self, company_id: str, account_id: str, field: str) -> str | None: ...
    def signing(self, company_id: str, account_id: str, field: str) -> str: ...
    def hints(self, company_id: str, account_id: str) -> Mapping[str, SecretHint]: ...
    def forget(self, company_id: str, account_id: str) -> None: ...
