"""What an admin fills in for a carrier account. A secret that is left out of a change stays as it is."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.contracts.records.secret import MAX_SECRET_CHARACTERS
from shared.contracts.settings.company import Id
from shared.contracts.settings.integration import E164

Name = Annotated[str, Field(min_length=1, max_length=50)]
Secret = Annotated[SecretStr, Field(min_length=8, max_length=MAX_SECRET_CHARACTERS)]


class _Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Name
    description: Annotated[str, Field(max_length=500)] = ""
    chatbot_id: Id | None = None
    outbound_enabled: bool = False
    phone_number: E164


class TwilioDraft(_Draft):
    """See TwilioAccount."""

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: Secret | None = None

    def secrets(self) -> dict[str, str | None]:
        """Each secret an account of this kind has, as given."""
        return {"auth_token": _opened(self.auth_token)}


class WhatsAppDraft(_Draft):
    """See WhatsAppAccount. The verify token is made by us."""

    business_account_id: Annotated[str, Field(pattern=r"^[0-9]{5,20}$")]
    phone_number_id: Annotated[str, Field(pattern=r"^[0-9]{5,20}$")]
    app_id: Annotated[str | None, Field(pattern=r"^[0-9]{5,20}$")] = None
    send_transcript: bool = False
    send_survey: bool = False
    access_token: Secret | None = None
    app_secret: Secret | None = None

    def secrets(self) -> dict[str, str | None]:
        """Each secret an account of this kind has, as given."""
        return {"access_token": _opened(self.access_token), "app_secret": _opened(self.app_secret)}


def _opened(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value().strip()


AccountDraft = TwilioDraft | WhatsAppDraft
