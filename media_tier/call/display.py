"""What the caller's side is shown: who speaks, what the call does, how good the line is. Told when it changes."""

from media_tier.call.commands import Command, TellQuality, TellSpeaking, TellStatus
from media_tier.call.events import Party, QualityMeasured
from media_tier.call.floor import Floor

GOOD_RTT_MS = 150
FAIR_RTT_MS = 400
CAPTION_SECONDS = 0.4


class Display:
    """Remembers what was told."""

    def __init__(self) -> None:
        self._speaking: dict[Party, bool] = {Party.CALLER: False, Party.AI: False}
        self._status = ""
        self._quality = ""
        self._captioned = 0.0

    def caption_due(self, floor: Floor, now: float) -> bool:
        """Whether the caption of what is audible should be brought up to date."""
        if floor.audible is None or now < self._captioned + CAPTION_SECONDS - 1e-6:
            return False
        self._captioned = now
        return True

    def deadline(self, floor: Floor) -> float | None:
        """When the next caption is due."""
        return None if floor.audible is None else self._captioned + CAPTION_SECONDS

    def forget(self) -> None:
        """A new connection knows nothing: tell everything again."""
        self._speaking = dict.fromkeys(self._speaking, False)
        self._status = self._quality = ""

    def show(self, floor: Floor, status: str) -> list[Command]:
        """The changes. The AI goes on speaking between two sentences that follow each other."""
        between = self._speaking[Party.AI] and bool(floor.outstanding)
        ai_speaks = floor.audible is not None or between
        commands: list[Command] = []
        for party, speaks in ((Party.CALLER, floor.caller_speaks), (Party.AI, ai_speaks)):
            if self._speaking[party] != speaks:
                self._speaking[party] = speaks
                commands.append(TellSpeaking(party, speaks))
        if status and status != self._status:
            self._status = status
            commands.append(TellStatus(status))
        return commands

    def quality(self, measured: QualityMeasured) -> list[Command]:
        """Good, fair or poor."""
        level = "poor"
        if measured.rtt_ms < GOOD_RTT_MS and not measured.underruns:
            level = "good"
        elif measured.rtt_ms < FAIR_RTT_MS:
            level = "fair"
        if level == self._quality:
            return []
        self._quality = level
        return [TellQuality(level)]
