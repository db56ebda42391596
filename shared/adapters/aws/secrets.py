"""Secrets encrypted with KMS in table `core`.

The encryption context names company, account and field, so a ciphertext that is moved to another place does not open,
and roles can be limited by it. Decrypted values are kept by ciphertext: a replaced secret is never read from memory.
"""

import base64
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import InvalidRequest
from shared.contracts.records.secret import MAX_SECRET_CHARACTERS, SecretHint, StoredSecret

SHOWN = 4
SHOWN_FROM = 16
"""Shorter secrets are not shown in part."""
KEPT = 256
NOT_FILLED = "All credentials must be filled"
TOO_LONG = f"A credential must not be longer than {MAX_SECRET_CHARACTERS} characters."


def encryption_context(company_id: str, account_id: str, field: str) -> dict[str, str]:
    """What a ciphertext is bound to."""
    return {"company": company_id, "account": account_id, "field": field}


def masked(value: str) -> str:
    """All that is shown of a secret."""
    return "••••" + (value[-SHOWN:] if len(value) >= SHOWN_FROM else "")


class OpenedSecrets:
    """What was decrypted lately, by ciphertext."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, str] = OrderedDict()

    def get(self, ciphertext: str) -> str | None:
        """The value if it is remembered."""
        if ciphertext in self._values:
            self._values.move_to_end(ciphertext)
        return self._values.get(ciphertext)

    def keep(self, ciphertext: str, value: str) -> str:
        """Remember, and forget what was not asked for in a long time."""
        self._values[ciphertext] = value
        if len(self._values) > KEPT:
            self._values.popitem(last=False)
        return value


class KmsSecrets:
    """See shared.ports.secrets. `kms` is a boto3 KMS client, `key_id` the customer key's id or alias."""

    def __init__(self, kms: Any, core: Table, key_id: str) -> None:
        self._kms, self._core, self._key_id = kms, core, key_id
        self._opened = OpenedSecrets()
        self._decoy: bytes | None = None

    def seal(self, company_id: str, account_id: str, field: str, value: str, now: datetime) -> StoredSecret:
        """Encrypt, for somebody who stores it together with something else."""
        value = value.strip()
        if not value:
            raise InvalidRequest(NOT_FILLED, {to_camel(field): NOT_FILLED})
        if len(value) > MAX_SECRET_CHARACTERS or not value.isascii():
            raise InvalidRequest(TOO_LONG, {to_camel(field): TOO_LONG})
        encrypted = self._kms.encrypt(
            KeyId=self._key_id,
            Plaintext=value.encode(),
            EncryptionContext=encryption_context(company_id, account_id, field),
        )
        hint = SecretHint(field=field, masked=masked(value), set_at=now)
        ciphertext = base64.b64encode(encrypted["CiphertextBlob"]).decode()
        return StoredSecret(company_id=company_id, account_id=account_id, hint=hint, ciphertext=ciphertext)

    def put(self, company_id: str, account_id: str, field: str, value: str, now: datetime) -> SecretHint:
        """Encrypt and store; what was there is gone."""
        stored = self.seal(company_id, account_id, field, value, now)
        self._core.put(keys.secret(company_id, account_id, field), stored)
        return stored.hint

    def get(self, company_id: str, account_id: str, field: str) -> str | None:
        """The value."""
        stored = self._core.get(keys.secret(company_id, account_id, field), StoredSecret)
        if stored is None:
            return None
        known = self._opened.get(stored.ciphertext)
        if known is not None:
            return known
        opened = self._kms.decrypt(
            CiphertextBlob=base64.b64decode(stored.ciphertext),
            EncryptionContext=encryption_context(company_id, account_id, field),
        )
        return self._opened.keep(stored.ciphertext, opened["Plaintext"].decode())

    def signing(self, company_id: str, account_id: str, field: str) -> str:
        """The value, or one that nobody knows; unknown accounts cost as much as known ones."""
        value = self.get(company_id, account_id, field)
        if value is not None:
            return value
        unknown = f"{company_id}#{account_id}#{field}"
        if self._opened.get(unknown) is None:
            context = encryption_context("none", "none", "decoy")
            if self._decoy is None:
                encrypted = self._kms.encrypt(
                    KeyId=self._key_id, Plaintext=secrets.token_bytes(32), EncryptionContext=context
                )
                self._decoy = bytes(encrypted["CiphertextBlob"])
            self._kms.decrypt(CiphertextBlob=self._decoy, EncryptionContext=context)
            self._opened.keep(unknown, "seen")
        return secrets.token_urlsafe(32)

    def hints(self, company_id: str, account_id: str) -> Mapping[str, SecretHint]:
        """What may be shown, by field."""
        key = keys.secret(company_id, account_id, "")
        found = self._core.query(key.pk, key.sk, StoredSecret)
        return {stored.hint.field: stored.hint for stored in found}

    def forget(self, company_id: str, account_id: str) -> None:
        """Delete every secret of an account."""
        for field in self.hints(company_id, account_id):
            key = keys.secret(company_id, account_id, field)
            self._core.client.delete_item(TableName=self._core.name, Key=key.attributes)
