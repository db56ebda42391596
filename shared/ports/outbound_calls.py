"""Where outbound calls, their policy, and call permissions are kept."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from shared.contracts.records.call_permission import CallPermission
from shared.contracts.records.outbound_call import OutboundCall, OutboundPolicy


class OutboundCalls(Protocol):
    """`create` is False where one with this id exists. `change` replaces exactly what was read: None if it lost.

    `hold_test_line` is False while another test call holds it; `replaces` is the holder that is known to be over.
    """

    def create(self, outbound: OutboundCall) -> bool: ...
    def get(self, company_id: str, outbound_id: str) -> OutboundCall | None: ...
    def change(self, outbound: OutboundCall, changes: dict[str, Any]) -> OutboundCall | None: ...
    def policy(self, company_id: str) -> OutboundPolicy: ...
    def save_policy(self, company_id: str, policy: OutboundPolicy) -> OutboundPolicy: ...
    def test_line(self, company_id: str) -> str | None: ...
    def hold_test_line(self, company_id: str, outbound_id: str, replaces: str | None, until: datetime) -> bool: ...


class CallPermissions(Protocol):
    """`change` applies a function to what is stored (or to an empty record) until nobody interferes."""

    def get(self, company_id: str, account_id: str, user_hash: str) -> CallPermission: ...
    def change(
        self, company_id: str, account_id: str, user_hash: str, apply: Callable[[CallPermission], CallPermission]
    ) -> CallPermission: ...
