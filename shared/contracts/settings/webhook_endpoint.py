"""Where a company's own system is told of its calls. The secret that signs lies with the other secrets."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.contracts.settings.company import Id

SECRET_ACCOUNT = "webhooks"
SECRET_FIELD = "signing_secret"
"""Under which account and field the signing secret is kept: `whsec_` and 32 to 64 bytes in base64."""


class WebhookEndpoint(BaseModel):
    """An HTTPS address on the open internet."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)

    company_id: Id
    url: Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s@]+$")]
    active: bool = True
    version: Annotated[int, Field(ge=0)] = 0
