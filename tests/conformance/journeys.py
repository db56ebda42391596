"""The journeys every channel and provider must offer, as calls that know neither.

One call goes through several journeys where they follow from each other; each is judged by itself. What is judged is
what the caller heard, and what is in the books afterwards.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from shared.contracts.records.call import Channel, EndedBy, EndReason
from tests.conformance.books import Books, Spoken, is_kept
from tests.conformance.caller import Person
from tests.conformance.hearing import loud_seconds, onset
from tests.conformance.lines import Line
from tests.conformance.sentences import (
    ANSWER,
    BYE,
    FAREWELL,
    LOOKING,
    OPENING,
    ORDER,
    ORDER_ANSWER,
    OUT_OF_ORDER,
    QUESTION,
    SILENCE,
    STOP,
    STOPPED_ANSWER,
    STORY,
    TIME,
)
from tests.e2e.sound import Samples

WITHIN_S = 0.3
"""How soon sound stops after speech that interrupts began."""
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
    "longest",
    "unavailable",
)


@dataclass
class Report:
    """What became of each journey: None is fine, else what was wrong."""

    outcomes: dict[str, str | None] = field(default_factory=dict)
    first_sound_ms: float | None = None
    stopped_ms: float | None = None

    def judge_stop(self, stretch: float) -> None:
        """Whether the sound stopped in time, on a machine on which everything takes so many times as long as alone."""
        if self.stopped_ms is not None and self.stopped_ms > WITHIN_S * 1000 * stretch:
            self.outcomes["barge-in"] = f"the sound went on for {self.stopped_ms:.0f} ms"

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
            await person.hears(*OPENING, seconds=25)
            first = person.line.ear.first_sound(0)
            report.first_sound_ms = None if first is None else (first - person.line.dialled_at) * 1000
        async with report.judging("question"):
            person.say(QUESTION)
            await person.hears(ANSWER, seconds=30)
        async with report.judging("tool"):
            person.say(ORDER)
            await person.hears(LOOKING, ORDER_ANSWER, seconds=30)
        async with report.judging("barge-in"):
            told = await _interrupt(person, report)
        async with report.judging("end phrase"):
            person.say(BYE)
            await person.hears(FAREWELL)
            await person.over()
        call_id = await person.line.call_id()
    async with report.judging("records"):
        await is_kept(stage.books, call_id, stage.channel, Spoken(stage.voice, stage.own, told), stage.folder)


async def _interrupt(person: Person, report: Report) -> float:
    """Returns how many seconds of the story were heard."""
    person.say(STORY)
    began = await person.speaking()
    await person.until(lambda: time.monotonic() - began > 4.0, "the story goes on", 6)
    spoke = person.say(STOP) + onset(person.own[STOP])
    await person.hears(STOPPED_ANSWER)
    pieces = person.line.ear.since(began)
    loud = [piece for piece in pieces if piece.loud]
    rests = (before for before, after in pairwise(loud) if after.at > spoke and after.at - before.at > REST_S)
    last = next(rests, loud[-1])
    report.stopped_ms = (last.at - spoke) * 1000
    return loud_seconds([piece for piece in pieces if piece.at <= last.at])


async def silence(stage: Stage) -> None:
    """Nobody says anything: two warnings, then the end (with a timeout of 30 s)."""
    async with stage.report.judging("silence"), _line(stage) as person:
        await person.hears(*OPENING, seconds=25)
        for sentence in SILENCE:
            await person.hears(sentence, seconds=35)
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


async def longest(stage: Stage) -> None:
    """The time runs out: a warning a minute before, then the end (with a limit of two minutes)."""
    async with stage.report.judging("longest"), _line(stage) as person:
        began = person.line.answered_at
        await person.hears(*OPENING, seconds=25)
        for sentence in TIME:
            await person.hears(sentence, seconds=85)
        await person.over()
        took = time.monotonic() - began
        assert 115 < took < 150, f"it took {took:.0f} s"
        await _ended(stage, person, EndReason.MAX_DURATION)


async def unavailable(stage: Stage) -> None:
    """The provider cannot be reached when the call begins."""
    async with stage.report.judging("unavailable"), _line(stage) as person:
        await person.hears(OUT_OF_ORDER, seconds=40)
        await person.over()
        await _ended(stage, person, EndReason.PROVIDER_UNAVAILABLE)


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
