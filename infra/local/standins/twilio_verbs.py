"""What the verbs of a TwiML document do to a call of the Twilio stand-in."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.local.standins.twilio_line import StreamLine, play, talk
from infra.local.standins.twilio_stream import MediaStream
from infra.local.standins.twilio_twiml import Dial, Gather, Hangup, Pause, Redirect, Reject, Say, Stream, Verb

if TYPE_CHECKING:
    from infra.local.standins.twilio_call import PhoneCall
    from infra.local.standins.twilio_exchange import Account, Exchange


class Verbs:
    """`said` are the texts of `<Say>`, `streams` every media stream there was."""

    def __init__(self, call: "PhoneCall", exchange: "Exchange", account: "Account") -> None:
        self._call, self._exchange, self._account = call, exchange, account
        self._line: StreamLine | None = None
        self._digits: asyncio.Queue[str] = asyncio.Queue()
        self.said: list[str] = []
        self.streams: list[MediaStream] = []

    async def press(self, digits: str) -> None:
        """The person presses keys."""
        for digit in digits:
            if self._line is not None:
                await self._line.press(digit)
            else:
                self._digits.put_nowait(digit)

    def drop_line(self) -> None:
        """The stream's socket breaks on the way."""
        if self._line is not None:
            self._line.drop()

    async def do(self, verb: Verb) -> list[Verb] | None:
        """What follows: another document, nothing more ([]), or the next verb (None)."""
        match verb:
            case Say() | Pause():
                await self._prompt(verb)
            case Gather():
                return await self._gather(verb)
            case Dial():
                return await self._dial(verb)
            case Stream():
                return await self._connect(verb)
            case Redirect():
                return await self._call.fetch(verb.url, verb.method)
            case Hangup():
                return []
            case Reject():
                self._call.ended_as = "busy" if verb.reason == "busy" else "failed"
                return []
        return None

    async def _prompt(self, verb: Say | Pause) -> None:
        if isinstance(verb, Pause):
            await asyncio.sleep(verb.seconds)
            return
        self.said.append(verb.text)
        if self._exchange.speech is not None:
            await play(self._call.person, self._exchange.speech, verb.text)

    async def _gather(self, verb: Gather) -> list[Verb] | None:
        prompting = asyncio.ensure_future(self._prompts(verb))
        digits = ""
        await asyncio.sleep(0)  # keys pressed ahead do not keep the prompt from beginning
        try:
            while verb.num_digits is None or len(digits) < verb.num_digits:
                wait = verb.timeout + (60 if not prompting.done() else 0)
                digit = await asyncio.wait_for(self._digits.get(), wait)
                prompting.cancel()
                if digit == verb.finish_on_key:
                    break
                digits += digit
        except TimeoutError:
            pass
        finally:
            prompting.cancel()
        if (digits or verb.on_empty) and verb.action is not None:
            return await self._call.fetch(verb.action, verb.method, {"Digits": digits})
        return None

    async def _prompts(self, verb: Gather) -> None:
        for prompt in verb.prompts:
            await self._prompt(prompt)

    async def _dial(self, verb: Dial) -> list[Verb] | None:
        status, seconds = "no-answer", 0.0
        for number in verb.numbers:
            subscriber = self._exchange.subscribers.get(number)
            if subscriber is None:
                continue
            await asyncio.sleep(min(subscriber.ring_seconds, verb.timeout))
            status = "completed" if subscriber.outcome == "answered" else subscriber.outcome
            if status == "completed":
                seconds = subscriber.talk_seconds
                await talk(self._call.person, subscriber.make_person(), seconds)
                break
        if verb.action is None:
            return None
        more = {"DialCallStatus": status, "DialCallSid": self._call.sid[:-1] + "d"}
        more["DialCallDuration"] = str(int(seconds))
        return await self._call.fetch(verb.action, verb.method, more)

    async def _connect(self, verb: Stream) -> list[Verb] | None:
        stream_sid = f"MZ{len(self.streams):02x}{self._call.sid[4:]}"
        media = MediaStream(self._account.sid, self._call.sid, stream_sid, verb.parameters)
        self.streams.append(media)
        line = StreamLine(media, lambda: self._call.person)
        self._line, lost = line, True
        try:
            if await line.open(verb.url, self._account.auth_token, self._exchange.streams_at):
                telling = asyncio.ensure_future(self._report(verb, media, "stream-started"))
                lost = await line.run(lambda: self._call.bare)
                await telling
                await self._report(verb, media, "stream-stopped")
            else:
                await self._report(verb, media, "stream-error", str(line.error))
        finally:
            self._line = None
        self._call.errors += [code for code in (line.error, *media.warnings) if code is not None]
        if lost and not self._exchange.action_after_loss:
            return None
        return None if verb.action is None else await self._call.fetch(verb.action, verb.method)

    async def _report(self, verb: Stream, media: MediaStream, event: str, error: str = "") -> None:
        ids = {"AccountSid": media.account_sid, "CallSid": media.call_sid, "StreamSid": media.stream_sid}
        now = datetime.now(UTC).isoformat()
        more = {"StreamName": verb.name, "StreamEvent": event, "StreamError": error, "Timestamp": now}
        await self._exchange.webhooks.tell(self._account.auth_token, verb.status_callback, {**ids, **more})
