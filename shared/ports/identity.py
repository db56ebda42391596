"""Who people are: their accounts at the identity provider, and what their tokens say."""

from typing import Protocol

from shared.contracts.records.user import Role
from shared.domain.permissions import Actor


class Tokens(Protocol):
    """Raises NotAuthenticated for whatever is not a valid, current token of ours, Unavailable if nobody can tell."""

    def actor(self, token: str) -> Actor: ...


class Directory(Protocol):
    """Accounts. `invite` makes one without any role, sends the person a first password and returns their id; it raises
    Conflict if the address has an account elsewhere. Every call may be repeated."""

    def invite(self, email: str, name: str, company_id: str) -> str: ...
    def set_role(self, user_id: str, role: Role) -> None: ...
    def set_active(self, user_id: str, *, active: bool) -> None: ...
