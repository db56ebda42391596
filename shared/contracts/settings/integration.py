"""Accounts a company connects: carriers it can be reached by. Secrets are never part of these records.

A secret is stored encrypted under its own key and named by `(account_id, field)`; records say only whether it is set.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings.company import Id

E164 = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]


class AccountStatus(StrEnum):
    """What the last check of an account found."""

    NOT_CONFIGURED = "not_configured"
    CONNECTED = "connected"
    ERROR = "error"


class _Account(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Id
    account_id: Id
    name: Annotated[str, Field(min_length=1, max_length=50)]
    description: Annotated[str, Field(max_length=500)] = ""
    status: AccountStatus = AccountStatus.NOT_CONFIGURED
    active: bool = True
    chatbot_id: Id | None = None
    """Who answers calls of this account's number."""
    outbound_enabled: bool = False
    last_verified_at: datetime | None = None
    """The last check that succeeded; a later one that failed leaves it."""
    last_error: Annotated[str, Field(max_length=500)] = ""
    version: Annotated[int, Field(ge=0)] = 0


class TwilioAccount(_Account):
    """A Twilio account and one of its numbers. Secret: `auth_token`."""

    kind: Literal["twilio"] = "twilio"
    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    phone_number: E164


class WhatsAppAccount(_Account):
    """A WhatsApp Business number. Secrets: `access_token`, `app_secret`, `verify_token`."""

    kind: Literal["whatsapp"] = "whatsapp"
    business_account_id: Annotated[str, Field(pattern=r"^[0-9]{5,20}$")]
    phone_number_id: Annotated[str, Field(pattern=r"^[0-9]{5,20}$")]
    phone_number: E164
    app_id: Annotated[str | None, Field(pattern=r"^[0-9]{5,20}$")] = None
    """The Meta app; without it a token's permissions cannot be looked up."""
    send_transcript: bool = False
    """Callers get what was said by a message after the call."""
    send_survey: bool = False
    """Callers are asked by a message how the call was."""


IntegrationAccount = Annotated[TwilioAccount | WhatsAppAccount, Field(discriminator="kind")]


class AccountRef(BaseModel):
    """Whose an account is: carriers name only the account, or only the number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Id
    account_id: Id


class AccountLink(BaseModel):
    """A chatbot that takes calls of an account. Several may share one: the webhook's address then names the chatbot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_id: Id
    account_id: Id
    chatbot_id: Id
    enabled_at: datetime
