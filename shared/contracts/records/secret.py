"""A secret as it is stored: encrypted, with just enough beside it to show that it is there."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.contracts.settings.company import Id

MAX_SECRET_CHARACTERS = 2048
"""Encrypted directly by KMS, whose limit is 4,096 bytes of plain text."""


class SecretHint(BaseModel):
    """All that is ever shown of a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    masked: str
    """`••••1234`; of a short secret nothing but dots."""
    set_at: datetime


class StoredSecret(BaseModel):
    """`ciphertext` is base64; it opens only with the same company, account and field as encryption context."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Id
    account_id: Id
    hint: SecretHint
    ciphertext: str
