"""What a phone call is to do next; rendered for Twilio by shared.adapters.twiml."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectStream:
    """Join the media tier. `ticket` is `<session_id>.<token>`: it opens this one call, once."""

    account_id: str
    chatbot_id: str
    session_id: str
    call_id: str
    ticket: str


@dataclass(frozen=True, slots=True)
class SayAndHangUp:
    """Tell the caller why, then hang up."""

    sentence: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The call is over."""


@dataclass(frozen=True, slots=True)
class DialPerson:
    """Bridge the caller to a person's phone."""

    account_id: str
    number: str
    caller_id: str
    ring_seconds: int


PhoneAnswer = ConnectStream | SayAndHangUp | HangUp | DialPerson
