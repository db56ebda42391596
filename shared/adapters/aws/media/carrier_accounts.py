"""Carrier accounts and their secrets for media processes, asynchronously. See shared.adapters.aws.secrets."""

import base64
from typing import Any

from pydantic import TypeAdapter

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Item, Key, from_item
from shared.adapters.aws.secrets import OpenedSecrets, encryption_context
from shared.contracts.records.secret import StoredSecret
from shared.contracts.settings.integration import AccountRef, IntegrationAccount

ACCOUNT: TypeAdapter[IntegrationAccount] = TypeAdapter(IntegrationAccount)


class CarrierAccounts:
    """`dynamo` and `kms` are aiobotocore clients; `core` is the table's name."""

    def __init__(self, dynamo: Any, kms: Any, *, core: str) -> None:
        self._dynamo, self._kms, self._core = dynamo, kms, core
        self._opened = OpenedSecrets()

    async def account(self, account_id: str) -> IntegrationAccount | None:
        """An account by its id alone; only what a carrier signed, or a ticket names, may be looked up so."""
        ref_item = await self._get(keys.account_lookup(account_id))
        if ref_item is None:
            return None
        ref = from_item(ref_item, AccountRef)
        item = await self._get(keys.integration_account(ref.company_id, ref.account_id))
        return None if item is None else ACCOUNT.validate_json(item["data"]["S"])

    async def secret(self, company_id: str, account_id: str, field: str) -> str | None:
        """A secret's value; never to be logged or sent to anybody but the carrier."""
        item = await self._get(keys.secret(company_id, account_id, field))
        if item is None:
            return None
        stored = from_item(item, StoredSecret)
        known = self._opened.get(stored.ciphertext)
        if known is not None:
            return known
        opened = await self._kms.decrypt(
            CiphertextBlob=base64.b64decode(stored.ciphertext),
            EncryptionContext=encryption_context(company_id, account_id, field),
        )
        return self._opened.keep(stored.ciphertext, opened["Plaintext"].decode())

    async def _get(self, key: Key) -> Item | None:
        answer = await self._dynamo.get_item(TableName=self._core, Key=key.attributes, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item
