"""What is asked of Twilio by its REST API, with an account's credentials."""

from dataclasses import dataclass
from typing import Protocol


class PhoneRefused(Exception):
    """Twilio refused. `retry`: the request was certainly not acted upon and may be sent again later; `uncertain`: its
    answer was lost, so it may have been acted upon. `sentence` is for people."""

    def __init__(self, sentence: str, *, code: int = 0, retry: bool = False, uncertain: bool = False) -> None:
        super().__init__(f"Twilio error {code}")
        self.sentence, self.code, self.retry, self.uncertain = sentence, code, retry, uncertain


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account's."""

    account_sid: str
    auth_token: str


@dataclass(frozen=True, slots=True)
class PhoneOwner:
    """A Twilio account. A trial account can call verified numbers only."""

    active: bool
    trial: bool


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """One of its numbers. A number that belongs to a trunk or an application ignores its webhook's address."""

    sid: str
    voice: bool
    voice_url: str
    routed_elsewhere: bool


@dataclass(frozen=True, slots=True)
class NumberHooks:
    """Where Twilio asks what to do with a number's calls."""

    voice_url: str
    fallback_url: str
    status_url: str


@dataclass(frozen=True, slots=True)
class Dialling:
    """A call to place. `answer_url` says what to do once somebody picks up."""

    to: str
    caller_id: str
    answer_url: str
    fallback_url: str
    status_url: str
    machine_url: str
    ring_seconds: int
    limit_seconds: int


class PhoneLines(Protocol):
    """Each raises PhoneRefused. `number` is None where the account has no such number; `call` returns the CallSid.
    Hanging up what is over already is no error."""

    def owner(self, who: Credentials) -> PhoneOwner: ...
    def number(self, who: Credentials, phone_number: str) -> PhoneNumber | None: ...
    def point(self, who: Credentials, number_sid: str, hooks: NumberHooks) -> None: ...
    def call(self, who: Credentials, dialling: Dialling) -> str: ...
    def hang_up(self, who: Credentials, call_sid: str) -> None: ...
