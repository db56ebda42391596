"""The journeys every channel and provider must offer, as calls that know neither.

One call goes through several journeys where they follow from each other; each is judged by itself. What is judged is
what the caller heard, and what is in the books afterwards.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from shared.contracts.records.call import Channel, EndedBy, EndReason
from tests.conformance.books import Books, Spoken, is_kept
from tests.conformance.caller import Person
from tests.conformance.hearing import loud_seconds
from tests.conformance.lines import CarrierLine, Line
from tests.conformance.sentences import (
    ANSWER,
    BYE,
    CALLBACK,
    FAREWELL,
    LAST_MINUTE,
    LOOKING,
    NUMBER,
    OPENING,
    ORDER,
    ORDER_ANSWER,
    OUT_OF_ORDER,
    QUESTION,
    SILENCE,
    STOP,
    STOPPED_ANSWER,
    STORY,
    TIME_OVER,
)
from tests.e2e.sound import Samples

WITHIN_S = 1.5
"""How soon sound stops after speech that interrupts began, on a machine busy with everything at once: long before the
story would be over. How soon it does where it need not wait is for the whole matrix to show."""
REST_S = 0.6
"""Longer than the pauses between the sentences of the tale: here it stopped."""
JOURNEYS = (
    "greeting",
    "question",
    "tool",
    "barge-in",
    "end phrase",
    "records",
    "silence",
    "hang up",
    "last minute",
    "longest",
    "unavailable",
    "callback",
)
BY_KEYS = frozenset({"callback"})
"""What takes a keypad, which a widget does not have."""


def journeys_of(channel: Channel) -> tuple[str, ...]:
    """The journeys a channel offers."""
    return tuple(journey for journey in JOURNEYS if channel is not Channel.WEB or journey not in BY_KEYS)


@dataclass
class Report:
    """What became of each journey: None is fine, else what was wrong."""

    outcomes: dict[str, str | None] = field(default_factory=dict)
    first_sound_ms: float | None = None
    stopped_ms: float | None = None

    @asynccontextmanager
    async def judging(self, journey: str) -> AsyncIterator[None]:
        """Note how a journey ends; a failure also ends the call."""
        try:
            yield
        except Exception as wrong:  # whatever it is, it is this journey's verdict
            self.outcomes[journey] = f"{type(wrong).__name__}: {wrong}"[:400] or "failed"
            raise
        self.outcomes[journey] = None


@dataclass(frozen=True)
class Stage:
    """Where a call takes place: how to ring, what to look into, where files may lie."""

    channel: Channel
    ring: Callable[[], Awaitable[Line]]
    voice: Mapping[str, Samples]
    """The AI's sentences in the chatbot's voice, at 8 kHz."""
    own: Mapping[str, bytes]
    """The caller's, PCM16 at 24 kHz."""
    books: Books
    folder: Path
    report: Report


Call = Callable[[Stage], Awaitable[None]]


async def conversation(stage: Stage) -> None:
    """A whole call: greeted, answered, a tool, an interruption, goodbye; then what is kept of it."""
    report = stage.report
    async with _line(stage) as person:
        async with report.judging("greeting"):
            await person.hears(*OPENING)
            first = person.line.ear.first_sound(0)
            report.first_sound_ms = None if first is None else (first - person.line.dialled_at) * 1000
        async with report.judging("question"):
            asked = await person.says(QUESTION)
            answered = await person.speaking() - asked
            await person.hears(ANSWER)
        async with report.judging("tool"):
            await person.says(ORDER)
            await person.hears(LOOKING, ORDER_ANSWER)
        async with report.judging("barge-in"):
            told = await _interrupt(person, report)
        async with report.judging("end phrase"):
            await person.says(BYE)
            await person.hears(FAREWELL)
            await person.over()
        call_id = await person.line.call_id()
    async with report.judging("records"):
        spoken = Spoken(stage.voice, stage.own, answered, told)
        await is_kept(stage.books, call_id, stage.channel, spoken, stage.folder)


async def _interrupt(person: Person, report: Report) -> float:
    """Returns how many seconds of the story were heard."""
    await person.says(STORY)
    began = await person.speaking()
    await person.until(lambda: loud_seconds(person.line.ear.since(began)) > 4.0, "the story goes on", 12)
    spoke = await person.says(STOP)
    await person.hears(STOPPED_ANSWER)
    pieces = person.line.ear.since(began)
    loud = [piece for piece in pieces if piece.loud]
    rests = (before for before, after in pairwise(loud) if after.at > spoke and after.at - before.at > REST_S)
    last = next(rests, loud[-1])
    report.stopped_ms = (last.at - spoke) * 1000
    assert report.stopped_ms <= WITHIN_S * 1000, f"the sound went on for {report.stopped_ms:.0f} ms"
    return loud_seconds([piece for piece in pieces if piece.at <= last.at])


async def silence(stage: Stage) -> None:
    """Nobody says anything: two warnings, then the end (with a timeout of 30 s)."""
    async with stage.report.judging("silence"), _line(stage) as person:
        await person.hears(*OPENING)
        for sentence in SILENCE:
            await person.hears(sentence)
        await person.over()
        await _ended(stage, person, EndReason.SILENCE_TIMEOUT)


async def hang_up(stage: Stage) -> None:
    """The caller hangs up in the middle of the greeting."""
    async with stage.report.judging("hang up"), _line(stage) as person:
        await person.speaking()
        call_id = await person.line.call_id()
        await person.line.hang_up()
        call = await stage.books.closed(call_id)
        assert call.end_reason is EndReason.USER_ENDED, call.end_reason
        assert call.ended_by is EndedBy.CALLER, call.ended_by


async def last_minute(stage: Stage) -> None:
    """A warning when a minute is left (with a limit of two minutes)."""
    async with stage.report.judging("last minute"), _line(stage) as person:
        await person.hears(*OPENING)
        await _after_a_minute(person, LAST_MINUTE)
        assert not person.line.over, "a minute is left"


async def longest(stage: Stage) -> None:
    """The time is up (with a limit of one minute, so that there is nothing to warn of)."""
    async with stage.report.judging("longest"), _line(stage) as person:
        await person.hears(*OPENING)
        await _after_a_minute(person, TIME_OVER)
        await person.over()
        await _ended(stage, person, EndReason.MAX_DURATION)


async def unavailable(stage: Stage) -> None:
    """The provider cannot be reached when the call begins."""
    async with stage.report.judging("unavailable"), _line(stage) as person:
        await person.hears(OUT_OF_ORDER)
        await person.over()
        await _ended(stage, person, EndReason.PROVIDER_UNAVAILABLE)


async def callback(stage: Stage) -> None:
    """The provider cannot be reached; the caller leaves a number by keypad."""
    offer, enter, noted = CALLBACK
    async with stage.report.judging("callback"), _line(stage) as person:
        phone = person.line
        assert isinstance(phone, CarrierLine)
        await person.hears(offer)
        await phone.press("1")
        await person.hears(enter)
        await phone.press(f"{NUMBER}#")
        await person.hears(noted)
        await person.over()
        await _ended(stage, person, EndReason.PROVIDER_UNAVAILABLE)
        left = await stage.books.callback_number(await phone.call_id())
        assert left == NUMBER, f"{left} is to be called back"


async def _after_a_minute(person: Person, sentence: str) -> None:
    """Hear nothing for the rest of the call's first minute, then this sentence."""
    spoke = await person.speaking(seconds=90)
    await person.hears(sentence)
    after = spoke - person.line.answered_at
    assert 55 < after < 75, f"it was spoken after {after:.0f} s"


async def _ended(stage: Stage, person: Person, reason: EndReason) -> None:
    call = await stage.books.closed(await person.line.call_id())
    assert call.end_reason is reason, call.end_reason


@asynccontextmanager
async def _line(stage: Stage) -> AsyncIterator[Person]:
    line = await stage.ring()
    try:
        yield Person(line, stage.voice, stage.own)
    finally:
        await line.leave()
