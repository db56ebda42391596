"""Carrier accounts, the chatbots that use them, and what is unique about them (table `core`)."""

from collections.abc import Sequence

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from shared.adapters.aws.dynamo import account_writes, keys
from shared.adapters.aws.dynamo.documents import Item, lost_condition
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict
from shared.contracts.settings.integration import AccountLink, AccountRef, IntegrationAccount

ACCOUNT: TypeAdapter[IntegrationAccount] = TypeAdapter(IntegrationAccount)
CHANGED = "Somebody else changed this at the same time."


class DynamoIntegrationAccounts:
    """See shared.ports.integration_accounts."""

    def __init__(self, core: Table) -> None:
        self._core = core

    def create(self, account: IntegrationAccount) -> None:
        """Store a new account with its name and its number, or nothing; for installations, without an audit."""
        self._transact(None, account)

    def get(self, company_id: str, account_id: str) -> IntegrationAccount | None:
        """An account of this company."""
        item = self._core.item(keys.integration_account(company_id, account_id))
        return None if item is None else _account(item)

    def all(self, company_id: str) -> Sequence[IntegrationAccount]:
        """Every account of a company, by name."""
        key = keys.integration_account(company_id, "")
        pages = self._core.client.get_paginator("query").paginate(
            TableName=self._core.name,
            ConsistentRead=True,
            KeyConditionExpression="PK = :pk AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={":pk": {"S": key.pk}, ":prefix": {"S": key.sk}},
        )
        found = [_account(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda account: account.name.casefold())

    def update(self, account: IntegrationAccount) -> IntegrationAccount:
        """Replace the version that was edited, without an audit."""
        stored = self.get(account.company_id, account.account_id)
        if stored is None or stored.version != account.version:
            raise Conflict(CHANGED)
        changed = account.model_copy(update={"version": account.version + 1})
        self._transact(stored, changed)
        return changed

    def owner(self, account_id: str) -> AccountRef | None:
        """Whose an account is."""
        return self._core.get(keys.account_lookup(account_id), AccountRef)

    def owner_of_number(self, kind: str, number: str) -> AccountRef | None:
        """Whose a number is."""
        return self._core.get(keys.account_number(kind, number), AccountRef)

    def link(self, link: AccountLink) -> None:
        """Let a chatbot take calls of an account."""
        self._core.put(keys.account_link(link.company_id, link.account_id, link.chatbot_id), link)

    def unlink(self, company_id: str, account_id: str, chatbot_id: str) -> None:
        """Stop that."""
        key = keys.account_link(company_id, account_id, chatbot_id)
        self._core.client.delete_item(TableName=self._core.name, Key=key.attributes)

    def links(self, company_id: str, account_id: str) -> Sequence[AccountLink]:
        """The chatbots that take calls of an account."""
        key = keys.account_link(company_id, account_id, "")
        return self._core.query(key.pk, key.sk, AccountLink)

    def _transact(self, before: IntegrationAccount | None, after: IntegrationAccount) -> None:
        wanted = account_writes.actions(self._core, before, after)
        try:
            self._core.client.transact_write_items(TransactItems=[action for action, _ in wanted])
        except ClientError as error:
            if not lost_condition(error):
                raise
            raise Conflict(CHANGED) from error


def _account(item: Item) -> IntegrationAccount:
    return ACCOUNT.validate_json(item["data"]["S"])
