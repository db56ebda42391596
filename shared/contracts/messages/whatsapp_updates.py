"""What WhatsApp's webhooks tell, after everything else in them was left out. One payload can hold many updates."""

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.records.carrier_call import CarrierFacts


@dataclass(frozen=True, slots=True)
class _Update:
    phone_number_id: str
    """Which of our numbers it is about."""


@dataclass(frozen=True, slots=True)
class CallConnect(_Update):
    """A user calls (`sdp` is their offer), or the user whom we called answered (`sdp` is their answer)."""

    carrier_call_id: str
    at: datetime
    inbound: bool
    sdp: str
    user: str | None
    """`+` and digits, or a business-scoped user id where the number is hidden."""
    name: str | None = None
    opaque: str = ""


@dataclass(frozen=True, slots=True)
class CallProgress(_Update):
    """A status, or the end, of a call. `opaque` is what we gave with a call of ours: its id."""

    carrier_call_id: str
    kind: str
    facts: CarrierFacts
    outbound: bool
    user: str | None
    at: datetime
    opaque: str = ""


@dataclass(frozen=True, slots=True)
class PermissionAnswer(_Update):
    """A user answered whether we may call. `automatic`: they called us."""

    user: str
    at: datetime
    accepted: bool
    expires_at: datetime | None
    automatic: bool


@dataclass(frozen=True, slots=True)
class TextMessage(_Update):
    """A user wrote."""

    message_id: str
    user: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ListAnswer(_Update):
    """A user chose from a list of ours."""

    user: str
    at: datetime
    row_id: str


@dataclass(frozen=True, slots=True)
class MessageFailed(_Update):
    """A message of ours could not be delivered."""

    message_id: str
    code: int


@dataclass(frozen=True, slots=True)
class Unusable(_Update):
    """Something of this number that could not be read."""

    why: str


Update = CallConnect | CallProgress | PermissionAnswer | TextMessage | ListAnswer | MessageFailed | Unusable
