"""Outbound calls, where they may go, and WhatsApp users' permissions (tables `calls`, `core` and `live`)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Key, from_item, lost_condition, rev_of
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict
from shared.contracts.records.call_permission import CallPermission
from shared.contracts.records.outbound_call import OutboundCall, OutboundPolicy

KEPT_SECONDS = 90 * 86_400
ATTEMPTS = 12


class DynamoOutboundCalls:
    """See shared.ports.outbound_calls."""

    def __init__(self, core: Table, calls: Table, live: Table) -> None:
        self._core, self._calls, self._live = core, calls, live

    def create(self, outbound: OutboundCall) -> bool:
        """Store a wish, once."""
        try:
            self._calls.replace(_key(outbound), outbound, None, _expires(outbound))
        except Conflict:
            return False
        return True

    def get(self, company_id: str, outbound_id: str) -> OutboundCall | None:
        """A wish of this company."""
        return self._calls.get(keys.outbound_call(company_id, outbound_id), OutboundCall)

    def change(self, outbound: OutboundCall, changes: dict[str, Any]) -> OutboundCall | None:
        """Change it if it is still as it was read."""
        item = self._calls.item(_key(outbound))
        if item is None or from_item(item, OutboundCall) != outbound:
            return None
        changed = outbound.model_copy(update=changes)
        try:
            self._calls.replace(_key(outbound), changed, rev_of(item), _expires(outbound))
        except Conflict:
            return None
        return changed

    def policy(self, company_id: str) -> OutboundPolicy:
        """Where calls may go; the default if nothing was saved."""
        return self._core.get(keys.outbound_policy(company_id), OutboundPolicy) or OutboundPolicy()

    def save_policy(self, company_id: str, policy: OutboundPolicy) -> OutboundPolicy:
        """Replace the version that was edited; raises Conflict."""
        item = self._core.item(keys.outbound_policy(company_id))
        stored = OutboundPolicy() if item is None else from_item(item, OutboundPolicy)
        if stored.version != policy.version:
            raise Conflict("Somebody else changed this at the same time.")
        saved = policy.model_copy(update={"version": policy.version + 1})
        self._core.replace(keys.outbound_policy(company_id), saved, None if item is None else rev_of(item))
        return saved

    def test_line(self, company_id: str) -> str | None:
        """Who holds the test line."""
        item = self._live.item(keys.test_line(company_id))
        return None if item is None else str(item["holder"]["S"])

    def hold_test_line(self, company_id: str, outbound_id: str, replaces: str | None, until: datetime) -> bool:
        """Hold it, if it is free or its holder is the one that is over."""
        try:
            self._live.client.update_item(
                TableName=self._live.name,
                Key=keys.test_line(company_id).attributes,
                UpdateExpression="SET holder = :mine, expires = :until",
                ConditionExpression="attribute_not_exists(holder) OR holder IN (:mine, :over)",
                ExpressionAttributeValues={
                    ":mine": {"S": outbound_id},
                    ":over": {"S": replaces or outbound_id},
                    ":until": {"N": str(int(until.timestamp()))},
                },
            )
        except ClientError as error:
            if lost_condition(error):
                return False
            raise
        return True


class DynamoCallPermissions:
    """See shared.ports.outbound_calls."""

    def __init__(self, core: Table) -> None:
        self._core = core

    def get(self, company_id: str, account_id: str, user_hash: str) -> CallPermission:
        """What is known of a user."""
        found = self._core.get(keys.call_permission(company_id, account_id, user_hash), CallPermission)
        return found or CallPermission(company_id=company_id, account_id=account_id, user_hash=user_hash)

    def change(
        self, company_id: str, account_id: str, user_hash: str, apply: Callable[[CallPermission], CallPermission]
    ) -> CallPermission:
        """Apply a change."""
        key = keys.call_permission(company_id, account_id, user_hash)
        empty = CallPermission(company_id=company_id, account_id=account_id, user_hash=user_hash)
        for _ in range(ATTEMPTS):
            item = self._core.item(key)
            stored = empty if item is None else from_item(item, CallPermission)
            changed = apply(stored)
            if changed == stored:
                return stored
            try:
                self._core.replace(key, changed, None if item is None else rev_of(item))
            except Conflict:
                continue
            return changed
        raise Conflict("This permission is being changed by somebody else.")


def _key(outbound: OutboundCall) -> Key:
    return keys.outbound_call(outbound.company_id, outbound.outbound_id)


def _expires(outbound: OutboundCall) -> dict[str, str | int | float]:
    return {"expires": int(outbound.created_at.timestamp()) + KEPT_SECONDS}
