"""The world of the Twilio stand-in: accounts, their numbers, who can be called, and the calls there were."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from infra.local.standins.twilio_call import PhoneCall
from infra.local.standins.twilio_people import Person, ScriptedPerson
from infra.local.standins.twilio_twiml import Verb
from infra.local.standins.twilio_webhooks import Webhooks
from shared.ports.speech import SpeechRenderer

_ids = itertools.count(1)


def new_sid(prefix: str) -> str:
    """A sid as Twilio makes them."""
    return f"{prefix}{next(_ids):032x}"


@dataclass
class Number:
    """An incoming phone number of an account."""

    phone_number: str
    sid: str = field(default_factory=lambda: new_sid("PN"))
    friendly_name: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    trunk_sid: str = ""
    voice_application_sid: str = ""
    capabilities: dict[str, bool] = field(
        default_factory=lambda: {"voice": True, "sms": True, "mms": False, "fax": False}
    )


@dataclass
class Account:
    """A customer of Twilio."""

    sid: str
    auth_token: str
    numbers: list[Number] = field(default_factory=list)
    status: str = "active"
    type: str = "Full"
    friendly_name: str = "Local account"

    def number(self, phone_number: str) -> Number | None:
        """One of its numbers."""
        return next((number for number in self.numbers if number.phone_number == phone_number), None)


@dataclass
class Subscriber:
    """Somebody who can be called: what happens when it rings there."""

    make_person: Callable[[], Person] = ScriptedPerson
    outcome: Literal["answered", "busy", "no-answer", "failed"] = "answered"
    ring_seconds: float = 0.05
    answered_by: str = "human"
    detection_seconds: float = 0.1
    talk_seconds: float = 0.2
    """How long somebody a call is passed on to stays."""
    picks_up: asyncio.Event | None = None
    """If there is one, the phone rings until it is set."""
    rung: Callable[[PhoneCall], None] | None = None
    """Told of a call that rings here."""


@dataclass
class Exchange:
    """`action_after_loss`: whether a `<Connect>` action is asked for after a stream that broke or never opened.
    `streams_at`: the process that streams connect to, if that is not the one their address leads to.
    """

    webhooks: Webhooks = field(default_factory=Webhooks)
    accounts: dict[str, Account] = field(default_factory=dict)
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    calls: dict[str, PhoneCall] = field(default_factory=dict)
    speech: SpeechRenderer | None = None
    action_after_loss: bool = True
    streams_at: tuple[str, int] | None = None
    refusals: list[tuple[int, int]] = field(default_factory=list)
    """(HTTP status, error code) of the next REST requests."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def owner(self, phone_number: str) -> tuple[Account, Number] | None:
        """Whose number this is."""
        for account in self.accounts.values():
            number = account.number(phone_number)
            if number is not None:
                return account, number
        return None

    def ring(self, to: str, person: Person, *, caller: str = "+15005550006") -> PhoneCall:
        """Somebody calls one of our numbers; the call goes its way. Raises LookupError for a number nobody has."""
        owned = self.owner(to)
        if owned is None:
            raise LookupError("no account has this number")
        account, number = owned
        call = PhoneCall(self, account, new_sid("CA"), caller, to, "inbound", person)
        call.status_callback, call.callback_events = number.status_callback, frozenset({"completed"})
        self._begin(call, call.come_in(number))
        return call

    def call_out(self, account: Account, form: dict[str, Any], first: list[Verb] | None) -> PhoneCall:
        """The REST request `calls.create`: `first` is inline TwiML, else the document is at `Url`."""
        to = form["To"]
        subscriber = self.subscribers.get(to, Subscriber(outcome="no-answer"))
        call = PhoneCall(self, account, new_sid("CA"), form["From"], to, "outbound-api", subscriber.make_person())
        call.status_callback = form.get("StatusCallback", "")
        call.callback_events = frozenset(form.get("StatusCallbackEvent") or ["completed"])
        if subscriber.rung is not None:
            subscriber.rung(call)
        self._begin(call, call.go_out(subscriber, form, first))
        return call

    def _begin(self, call: PhoneCall, work: Any) -> None:
        self.calls[call.sid] = call
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End every call without a word."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
