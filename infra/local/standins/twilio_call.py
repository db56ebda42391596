"""One call of the Twilio stand-in: fetches TwiML from the app and does what it says, in real time.

`verbs` has what was said and the media streams there were; `errors` are Twilio's error codes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from infra.local.standins.twilio_people import Person
from infra.local.standins.twilio_twiml import (
    BadTwiml,
    Reject,
    Verb,
    parse_twiml,
)
from infra.local.standins.twilio_verbs import Verbs
from infra.local.standins.twilio_webhooks import WebhookFailed

if TYPE_CHECKING:
    from infra.local.standins.twilio_exchange import Account, Exchange, Number, Subscriber

TERMINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
PLACES = ("City", "State", "Zip", "Country")

Source = Callable[[], Awaitable[list[Verb]]]


class PhoneCall:
    """`person` holds the phone at the far end of our number."""

    def __init__(
        self, exchange: "Exchange", account: "Account", sid: str, caller: str, to: str, direction: str, person: Person
    ) -> None:
        self._exchange, self._account = exchange, account
        self.sid, self.caller, self.to, self.direction, self.person = sid, caller, to, direction, person
        self.status = "queued" if direction == "outbound-api" else "ringing"
        self.status_callback = ""
        self.callback_events: frozenset[str] = frozenset()
        self.errors: list[int] = []
        self.over = asyncio.Event()
        self.verbs = Verbs(self, exchange, account)
        self._interrupted = asyncio.Event()
        self._replacement: Source | None = None
        self.ended_as: str | None = None
        self._answered_at: float | None = None
        self._callbacks = 0
        self.bare = False

    # What a person and the REST API can do

    def hang_up(self, *, bare: bool = False) -> None:
        """The person hangs up; `bare`: the stream's socket just closes, without a `stop`."""
        self.bare = bare
        self.end("completed")

    def end(self, status: str) -> None:
        """End the call, whatever it is doing."""
        if self.status not in TERMINAL:
            self.ended_as = status
            self._interrupted.set()

    def replace(self, source: Source) -> None:
        """Go on with another document at once; the stream ends."""
        self._replacement = source
        self._interrupted.set()

    async def ended(self, seconds: float = 20.0) -> str:
        """Wait for the end; how the call ended."""
        async with asyncio.timeout(seconds):
            await self.over.wait()
        return self.status

    # Its life

    async def come_in(self, number: "Number") -> None:
        """Somebody called a number of ours."""

        async def first() -> list[Verb]:
            try:
                return await self.fetch(number.voice_url, number.voice_method)
            except (WebhookFailed, BadTwiml) as error:
                if not number.voice_fallback_url:
                    raise
                self.errors.append(error.code)
                more = {"ErrorCode": str(error.code), "ErrorUrl": number.voice_url}
                return await self.fetch(number.voice_fallback_url, number.voice_fallback_method, more)

        await self._live(first)

    async def go_out(self, subscriber: "Subscriber", form: Mapping[str, Any], inline: list[Verb] | None) -> None:
        """We call somebody."""
        await self._report("initiated", "initiated")
        self.status = "ringing"
        await self._report("ringing", "ringing")
        if not await self._rings(subscriber, float(form.get("Timeout", 60))):
            return
        answered: dict[str, str] = {}
        detecting: asyncio.Task[None] | None = None
        if form.get("MachineDetection"):
            if form.get("AsyncAmd") == "true":
                detecting = asyncio.get_running_loop().create_task(self._detect(subscriber, form))
            else:
                await asyncio.sleep(subscriber.detection_seconds)
                answered = {"AnsweredBy": subscriber.answered_by}
        self._answered()
        await self._report("answered", "in-progress")

        async def first() -> list[Verb]:
            return inline if inline is not None else await self.fetch(form["Url"], form.get("Method", "POST"), answered)

        try:
            await self._live(first)
        finally:
            if detecting is not None:
                detecting.cancel()

    async def _rings(self, subscriber: "Subscriber", longest: float) -> bool:
        outcome = subscriber.outcome
        ringing = subscriber.picks_up.wait() if subscriber.picks_up is not None else _pause(subscriber.ring_seconds)
        waiting = {asyncio.ensure_future(ringing), asyncio.ensure_future(self._interrupted.wait())}
        done, _ = await asyncio.wait(waiting, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting - done:
            task.cancel()
        if self.ended_as is not None:
            await self._finish("canceled" if self.ended_as == "canceled" else "no-answer")
        elif not done:
            await self._finish("no-answer")
        elif outcome != "answered":
            await self._finish(outcome)
        return self.status not in TERMINAL

    async def _detect(self, subscriber: "Subscriber", form: Mapping[str, Any]) -> None:
        await asyncio.sleep(subscriber.detection_seconds)
        params = {"CallSid": self.sid, "AccountSid": self._account.sid, "AnsweredBy": subscriber.answered_by}
        params["MachineDetectionDuration"] = str(round(subscriber.detection_seconds * 1000))
        await self._exchange.webhooks.tell(self._account.auth_token, form.get("AsyncAmdStatusCallback"), params)

    async def _live(self, first: Source) -> None:
        source: Source | None = first
        failed = False
        while source is not None:
            try:
                source = await self._until_interrupted(source)
            except (WebhookFailed, BadTwiml) as error:
                self.errors.append(error.code)
                failed, source = self._answered_at is None, None
        await self._finish(self.ended_as or ("failed" if failed else "completed"))

    async def _until_interrupted(self, source: Source) -> Source | None:
        """Do what a document says, and what follows from it, until it is done or something else is wanted."""
        runner = asyncio.ensure_future(self._run(source))
        interrupted = asyncio.ensure_future(self._interrupted.wait())
        try:
            await asyncio.wait({runner, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interrupted.cancel()
            if not runner.done():
                runner.cancel()
                await asyncio.gather(runner, return_exceptions=True)
        if self._interrupted.is_set():
            self._interrupted.clear()
            replacement, self._replacement = self._replacement, None
            return None if self.ended_as is not None else replacement
        await runner
        return None

    async def _run(self, source: Source) -> None:
        verbs = await source()
        while verbs:
            self._answered(verbs[0])
            following = await self.verbs.do(verbs[0])
            verbs = verbs[1:] if following is None else following

    def _answered(self, verb: Verb | None = None) -> None:
        if self._answered_at is None and not isinstance(verb, Reject):
            self._answered_at = time.monotonic()
            self.status = "in-progress"

    # Requests

    def params(self) -> dict[str, str]:
        """The standard parameters; some are empty, as they often are."""
        sides = {"From": self.caller, "To": self.to, "Caller": self.caller, "Called": self.to}
        places = {side + place: "" for side in sides for place in PLACES}
        ids = {"CallSid": self.sid, "AccountSid": self._account.sid, "ApiVersion": "2010-04-01"}
        return {**ids, **sides, **places, "CallStatus": self.status, "Direction": self.direction}

    async def fetch(self, url: str, method: str, more: Mapping[str, str] | None = None) -> list[Verb]:
        """A document of the app. Raises WebhookFailed, BadTwiml."""
        params = {**self.params(), **(more or {})}
        body = await self._exchange.webhooks.fetch(self._account.auth_token, url, method, params)
        return parse_twiml(body, url)

    async def _report(self, event: str, status: str, more: Mapping[str, str] | None = None) -> None:
        if event not in self.callback_events:
            return
        number, self._callbacks = self._callbacks, self._callbacks + 1
        params = {**self.params(), "CallStatus": status, "SequenceNumber": str(number), **(more or {})}
        params |= {"CallbackSource": "call-progress-events", "Timestamp": formatdate(usegmt=False)}
        await self._exchange.webhooks.tell(self._account.auth_token, self.status_callback, params)

    async def _finish(self, status: str) -> None:
        self.status = status
        seconds = 0 if self._answered_at is None else int(time.monotonic() - self._answered_at)
        await self._report("completed", status, {"CallDuration": str(seconds), "Duration": str(seconds // 60 + 1)})
        self.over.set()


async def _pause(seconds: float) -> bool:
    await asyncio.sleep(seconds)
    return True
