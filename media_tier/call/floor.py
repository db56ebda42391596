"""Who has the floor: who speaks, which response is being generated, what is queued or audible."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Speech:
    """One thing the caller hears: an item of a response, or a sentence rendered ahead (`response_id` None)."""

    playback_id: str
    response_id: str | None
    text: str = ""
    audio_ms: int = 0
    started_ms: int | None = None
    complete: bool = False
    """All of its sound has arrived."""
    queued: bool = False
    """It has sound the caller has not heard to the end."""


@dataclass(slots=True)
class Floor:
    """State only; the session keeps it true."""

    caller_turn: str | None = None
    response: str | None = None
    speeches: dict[str, Speech] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    """Responses that were interrupted: what still comes of them is ignored."""

    @property
    def caller_speaks(self) -> bool:
        """The caller is speaking now."""
        return self.caller_turn is not None

    @property
    def outstanding(self) -> list[Speech]:
        """What is queued or audible."""
        return [speech for speech in self.speeches.values() if speech.queued]

    @property
    def audible(self) -> Speech | None:
        """What the caller hears now."""
        return next(
            (speech for speech in self.speeches.values() if speech.queued and speech.started_ms is not None), None
        )

    @property
    def ai_has_floor(self) -> bool:
        """Something of the AI's is queued, audible or being generated."""
        return self.response is not None or any(speech.queued for speech in self.speeches.values())

    @property
    def quiet(self) -> bool:
        """Nobody speaks and nothing is about to be said."""
        return not self.caller_speaks and not self.ai_has_floor

    def speech(self, playback_id: str, response_id: str | None) -> Speech:
        """The speech of this id, opened if new."""
        known = self.speeches.get(playback_id)
        if known is None:
            known = self.speeches[playback_id] = Speech(playback_id, response_id)
        return known

    def of_response(self, response_id: str) -> Iterable[Speech]:
        """The items of one response."""
        return [speech for speech in self.speeches.values() if speech.response_id == response_id]

    def forget_done(self) -> None:
        """Let go of speeches that were heard, keeping the latest few for late words."""
        done = [speech.playback_id for speech in self.speeches.values() if not speech.queued and speech.complete]
        for playback_id in done[:-8]:
            del self.speeches[playback_id]
