"""Whether a WhatsApp user lets a number call: what we asked, what they answered, how calls went."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings.company import Id

REMEMBERED = 200


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PermissionReply(_Part):
    """A user's answer; `automatic` means that they called us. Never expires if `expires_at` is None."""

    at: datetime
    accepted: bool
    expires_at: datetime | None = None
    automatic: bool = False


class CallAttempt(_Part):
    """One call of ours to this user."""

    carrier_call_id: str
    at: datetime
    connected: bool


class CallPermission(_Part):
    """`user_hash` stands for the user; `attempts` are the latest."""

    company_id: Id
    account_id: Id
    user_hash: str
    requests: tuple[datetime, ...] = ()
    reply: PermissionReply | None = None
    attempts: Annotated[tuple[CallAttempt, ...], Field(max_length=REMEMBERED)] = ()
    waiting: str | None = None
    """The outbound call that is placed once the user says yes."""
