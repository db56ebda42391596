"""Who has the floor: who speaks, which answers are being generated, what plays and what waits to be played.

Only what was reported is believed. An item of the AI exists from its first words or first sound to the report that its
playback ended; a prompt from `PlayPrompt` on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from media_tier.call.events import Outcome
from media_tier.call.transcript import Row
from shared.domain.sentences import Line

KEPT = 24
"""Finished answers that are remembered, so that their late words still find their row."""


class Sound(Enum):
    """Where a playback is on its way to the caller's ear."""

    QUEUED = "queued"
    AUDIBLE = "audible"
    OVER = "over"


@dataclass(slots=True)
class Playback:
    """One run of sound: an item of an answer, or a prompt (`line` is set)."""

    playback_id: str
    text: str = ""
    audio_ms: int = 0
    exact: bool = False
    """`audio_ms` is the full length, not what has arrived so far."""
    sound: Sound = Sound.QUEUED
    since: float = 0.0
    """When it became audible."""
    stopping: bool = False
    """It was told to stop; the answer is on its way."""
    cut_ms: int | None = None
    response_id: str | None = None
    line: Line | None = None
    row: Row | None = None


@dataclass(slots=True)
class Response:
    """One answer of the AI."""

    response_id: str
    connection: int
    tag: str | None = None
    generating: bool = True
    dropped: bool = False
    """It was interrupted: sound that still arrives for it is ignored."""
    used_tools: bool = False
    outcome: Outcome | None = None
    settled: bool = False
    """Its end was drawn conclusions from."""
    items: list[Playback] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(item.text for item in self.items)

    @property
    def started(self) -> bool:
        """Something of it was or is audible."""
        return any(item.sound is not Sound.QUEUED for item in self.items)

    @property
    def over(self) -> bool:
        """Generated and heard to the end (or cut off)."""
        return not self.generating and all(item.sound is Sound.OVER or item.stopping for item in self.items)


class Floor:
    """Keeps the score; every method is total and ignores ids it does not know."""

    def __init__(self) -> None:
        self.caller_turn: str | None = None
        self.responses: dict[str, Response] = {}
        self.playbacks: dict[str, Playback] = {}
        # Those of them that were not over when last looked at: all that is asked after every event lies among these.
        self._going: dict[str, Response] = {}
        self._live: dict[str, Playback] = {}

    def start(self, response: Response) -> None:
        """An answer begins."""
        self._going = {r.response_id: r for r in self._going.values() if not r.over}
        self._live = {p.playback_id: p for p in self._live.values() if p.sound is not Sound.OVER}
        self.responses[response.response_id] = self._going[response.response_id] = response
        for old in [r for r in self.responses.values() if r.over][:-KEPT]:
            del self.responses[old.response_id]
            for item in old.items:
                self.playbacks.pop(item.playback_id, None)
                self._live.pop(item.playback_id, None)

    def item(self, response: Response, item_id: str) -> Playback:
        """The item of this answer with this id, made when it is new."""
        known = self.playbacks.get(item_id)
        if known is not None and known.response_id == response.response_id:
            return known
        item = Playback(item_id, response_id=response.response_id)
        response.items.append(item)
        self.playbacks[item_id] = self._live[item_id] = item
        self._going[response.response_id] = response
        return item

    def prompt(self, playback_id: str, text: str, line: Line) -> None:
        """A sentence was put into the queue."""
        self.playbacks[playback_id] = self._live[playback_id] = Playback(playback_id, text, line=line)

    def forget(self, playback: Playback) -> None:
        """A prompt is done with."""
        self.playbacks.pop(playback.playback_id, None)
        self._live.pop(playback.playback_id, None)

    def started(self, playback_id: str) -> Playback | None:
        """The playback that became audible; an unknown one belongs to the answer being generated."""
        playback = self.playbacks.get(playback_id)
        if playback is None:
            response = next(reversed([r for r in self.generating() if not r.dropped]), None)
            playback = self.item(response, playback_id) if response else None
        fresh = playback is not None and playback.sound is Sound.QUEUED and not playback.stopping
        return playback if fresh else None

    def generating(self) -> list[Response]:
        """Answers whose end was not reported yet."""
        return [response for response in self._going.values() if response.generating]

    def unfinished(self) -> list[Response]:
        """Answers that are generated, queued or audible."""
        return [response for response in self._going.values() if not response.over]

    def sounding(self) -> Iterator[Playback]:
        """Playbacks that are audible or queued and may go on."""
        return (p for p in self._live.values() if p.sound is not Sound.OVER and not p.stopping)

    def response_of(self, playback: Playback) -> Response | None:
        """The answer an item belongs to."""
        return self.responses.get(playback.response_id) if playback.response_id else None

    @property
    def any_sounding(self) -> bool:
        """Something is audible or queued and may go on."""
        for playback in self._live.values():  # noqa: SIM110 - asked several times an event, a generator costs thrice
            if playback.sound is not Sound.OVER and not playback.stopping:
                return True
        return False

    @property
    def any_stopping(self) -> bool:
        """What was heard of something that was cut off is not known yet."""
        return any(p.stopping and p.sound is not Sound.OVER for p in self.playbacks.values())

    @property
    def ai_audible(self) -> bool:
        for playback in self._live.values():  # noqa: SIM110 - as above
            if playback.sound is Sound.AUDIBLE and not playback.stopping:
                return True
        return False

    @property
    def ai_silent(self) -> bool:
        """Nothing is audible, queued or being generated."""
        return not self.any_sounding and not self.generating()

    @property
    def delivering(self) -> bool:
        """A whole answer is on its way to the caller's ear: it needs no connection any more."""
        return any(
            response.outcome is Outcome.COMPLETED and not response.dropped and not response.used_tools
            for response in self.unfinished()
        )

    @property
    def quiet(self) -> bool:
        """Nobody speaks and nobody is about to."""
        return self.caller_turn is None and self.ai_silent
