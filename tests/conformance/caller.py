"""A person on a line: listens until somebody is done speaking, recognises sentences, speaks."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.conformance.hearing import RATE, SAME, Piece, joined, likeness, loud_seconds, onset
from tests.conformance.lines import Line
from tests.e2e.sound import Samples

PAUSE = 0.7
LOOK = 0.1
LOOK_CLOSELY = 0.01


class NotHeard(AssertionError):
    """Something that should have been heard was not."""


@dataclass
class Person:
    """`voice` has the AI's sentences as the chatbot's voice speaks them, at 8 kHz; `own` the caller's, PCM16 24 kHz."""

    line: Line
    voice: Mapping[str, Samples]
    own: Mapping[str, bytes]
    listened_until: float = 0.0
    """What was heard before was listened to already."""

    async def says(self, text: str) -> float:
        """Speak; returns when the first audible sound of it had left, which on a busy machine is not when it should."""
        said = self.own[text]
        self.line.say(said)
        audible = len(said) - int(onset(said) * RATE) * 2
        await self.until(lambda: self.line.unsaid <= audible or self.line.over, "it is said", 30, LOOK_CLOSELY)
        return time.monotonic()

    async def until(self, wanted: Callable[[], bool], what: str, seconds: float, look: float = LOOK) -> None:
        """Look ten times a second, or every `look` seconds, until something holds."""
        until = time.monotonic() + seconds
        while not wanted():
            if time.monotonic() > until:
                raise NotHeard(f"{what}: not within {seconds:.0f} s")
            await asyncio.sleep(look)

    async def hears(self, *sentences: str, seconds: float = 60.0) -> None:
        """Listen until all sentences have been heard since the last time and there is a pause, or the call is over."""
        until = time.monotonic() + seconds
        while True:
            await self._pause(until)
            over = self.line.over  # before what was heard is looked at: that takes a while, and more may come meanwhile
            pieces = self.line.ear.since(self.listened_until)
            missing = await asyncio.to_thread(self._missing, pieces, sentences)
            if not missing:
                self.listened_until = pieces[-1].at + 1e-6 if pieces else self.listened_until
                return
            if over or time.monotonic() > until:
                what = "; ".join(f"“{text[:40]}” {score:.2f}" for text, score in missing.items())
                raise NotHeard(f"{what} (of {loud_seconds(pieces):.1f} s of sound; over: {over})")
            await asyncio.sleep(0.3)

    def _missing(self, pieces: list[Piece], sentences: tuple[str, ...]) -> dict[str, float]:
        heard = joined(pieces)
        scores = {text: likeness(heard, self.voice[text]) for text in sentences}
        return {text: score for text, score in scores.items() if score < SAME}

    async def _pause(self, until: float) -> None:
        """Somebody has spoken since, and has stopped."""
        while time.monotonic() < until and not self.line.over:
            last = self.line.ear.last_sound(self.listened_until)
            if last is not None and time.monotonic() - last > PAUSE:
                return
            await asyncio.sleep(LOOK)

    async def speaking(self, seconds: float = 40.0) -> float:
        """Wait until the other side speaks; returns since when."""
        since = self.listened_until
        await self.until(lambda: self.line.ear.first_sound(since) is not None, "the other side speaks", seconds)
        return self.line.ear.first_sound(since) or 0.0

    async def over(self, seconds: float = 40.0) -> None:
        """Wait until the other side has ended the call."""
        await self.until(lambda: self.line.over, "the other side ends the call", seconds)
