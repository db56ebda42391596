"""Carrier accounts, the chatbots that use them, and what is unique about them (table `core`)."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item, Key, lost_condition, put_arguments, rev_of
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict
from shared.contracts.settings.integration import AccountLink, AccountRef, IntegrationAccount, TwilioAccount

ACCOUNT: TypeAdapter[IntegrationAccount] = TypeAdapter(IntegrationAccount)
NAME_TAKEN = "Account name must be unique"
NUMBER_TAKEN = "This phone number is already connected to another account."
CHANGED = "Somebody else changed this at the same time."


class DynamoIntegrationAccounts:
    """See shared.ports.integration_accounts."""

    def __init__(self, core: Table) -> None:
        self._core = core

    def create(self, account: IntegrationAccount) -> None:
        """Store a new account with its name and its number, or nothing."""
        ref = _ref(account)
        self._transact(
            [
                self._put(_key(account), account, None),
                self._put(keys.account_lookup(account.account_id), ref, None),
                self._put(keys.account_name(account.company_id, account.name), ref, None),
                self._put(number_key(account), ref, None),
            ],
            (CHANGED, CHANGED, NAME_TAKEN, NUMBER_TAKEN),
        )

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
        """Replace the version that was edited."""
        stored, rev = self._read(account)
        if stored.version != account.version:
            raise Conflict(CHANGED)
        changed = account.model_copy(update={"version": account.version + 1})
        writes, sentences = [self._put(_key(account), changed, rev)], [CHANGED]
        for old, new, sentence in (
            (_name_key(stored), _name_key(changed), NAME_TAKEN),
            (number_key(stored), number_key(changed), NUMBER_TAKEN),
        ):
            if old != new:
                writes += [self._put(new, _ref(account), None), self._delete(old)]
                sentences += [sentence, CHANGED]
        self._transact(writes, tuple(sentences))
        return changed

    def note(self, account: IntegrationAccount) -> None:
        """Store what a check found, unless the account was edited meanwhile."""
        stored, rev = self._read(account)
        if stored.version == account.version:
            self._transact([self._put(_key(account), account, rev)], (CHANGED,))

    def delete(self, account: IntegrationAccount) -> None:
        """Delete an account and all that refers to it."""
        for link in self.links(account.company_id, account.account_id):
            self.unlink(link.company_id, link.account_id, link.chatbot_id)
        lookup = keys.account_lookup(account.account_id)
        gone = (_key(account), lookup, _name_key(account), number_key(account))
        self._transact([self._delete(key) for key in gone], (CHANGED,) * len(gone))

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

    def _read(self, account: IntegrationAccount) -> tuple[IntegrationAccount, int]:
        item = self._core.item(_key(account))
        if item is None:
            raise Conflict(CHANGED)
        return _account(item), rev_of(item)

    def _put(self, key: Key, model: IntegrationAccount | AccountRef, rev: int | None) -> dict[str, Any]:
        return {"Put": put_arguments(self._core.name, key, model, replaces=rev)}

    def _delete(self, key: Key) -> dict[str, Any]:
        return {"Delete": {"TableName": self._core.name, "Key": key.attributes}}

    def _transact(self, writes: list[dict[str, Any]], sentences: tuple[str, ...]) -> None:
        """All or nothing; `sentences` says for each write what it means that its condition failed."""
        try:
            self._core.client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if not lost_condition(error):
                raise
            reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]  # not in botocore's types
            failed = "ConditionalCheckFailed"
            lost = [said for said, why in zip(sentences, reasons, strict=False) if why.get("Code") == failed]
            raise Conflict(lost[0] if lost else CHANGED) from error


def number_key(account: IntegrationAccount) -> Key:
    """What nobody else may have connected."""
    number = account.phone_number if isinstance(account, TwilioAccount) else account.phone_number_id
    return keys.account_number(account.kind, number)


def _name_key(account: IntegrationAccount) -> Key:
    return keys.account_name(account.company_id, account.name)


def _key(account: IntegrationAccount) -> Key:
    return keys.integration_account(account.company_id, account.account_id)


def _ref(account: IntegrationAccount) -> AccountRef:
    return AccountRef(company_id=account.company_id, account_id=account.account_id)


def _account(item: Item) -> IntegrationAccount:
    return ACCOUNT.validate_json(item["data"]["S"])
