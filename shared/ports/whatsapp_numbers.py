"""What is asked of Meta about a WhatsApp number and the people it talks to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.whatsapp_texts import Row


@dataclass(frozen=True, slots=True)
class Sender:
    """A number and the token it is used with."""

    phone_number_id: str
    access_token: str


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """`digits` is the number without signs; only a number on Meta's Cloud API can take calls by API."""

    digits: str
    on_cloud_api: bool


@dataclass(frozen=True, slots=True)
class CallingFacts:
    """A number's call settings. While SIP is on, calls cannot be handled by API; `restricted` is Meta's doing."""

    enabled: bool
    sip: bool
    restricted: bool


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a token may do."""

    valid: bool
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class LivePermission:
    """What may be done with a user now, as Meta says."""

    may_call: bool
    may_ask: bool
    expires_at: datetime | None


class WhatsAppNumbers(Protocol):
    """Each raises shared.ports.whatsapp_calls.WhatsAppRefused. `to` is a number or a business-scoped user id."""

    def number(self, sender: Sender) -> NumberFacts: ...
    def belongs(self, sender: Sender, business_account_id: str) -> bool: ...
    def token(self, access_token: str, app_id: str, app_secret: str) -> TokenFacts: ...
    def calling(self, sender: Sender) -> CallingFacts: ...
    def subscribed(self, sender: Sender, business_account_id: str) -> bool: ...
    def subscribe(self, sender: Sender, business_account_id: str, callback: str, verify_token: str) -> None: ...
    def enable_calling(self, sender: Sender) -> None: ...
    def reject(self, sender: Sender, carrier_call_id: str) -> None: ...
    def permission(self, sender: Sender, to: str) -> LivePermission: ...
    def ask_permission(self, sender: Sender, to: str, text: str) -> None: ...
    def send_text(self, sender: Sender, to: str, text: str) -> None: ...
    def send_template(self, sender: Sender, to: str, name: str, language: str) -> None: ...
    def send_list(self, sender: Sender, to: str, text: str, label: str, rows: Sequence[Row]) -> None: ...
    def send_call_button(self, sender: Sender, to: str, text: str, label: str) -> None: ...
