"""Barge-in: which caller speech interrupts the AI, and when.

A burst interrupts once it lasted `debounce_ms`; with ignored backchannels configured also its words must be seen to be
something else, for which the decision waits at most 600 ms.
"""

from dataclasses import dataclass

from media_tier.call.words import spoken_words
from shared.contracts.settings.call_settings import InterruptionSettings

WORDS_WAIT_S = 0.6


@dataclass(slots=True)
class _Burst:
    turn: str
    started: float
    due: float | None
    """None: only backchannels so far, more words may come."""


class Interruption:
    """Judges one burst at a time. Times are seconds."""

    def __init__(self, settings: InterruptionSettings) -> None:
        self.allowed = settings.allowed
        self._debounce = settings.debounce_ms / 1000
        self._ignored = [words for phrase in settings.ignored_backchannels if (words := spoken_words(phrase))]
        self._burst: _Burst | None = None
        self._last: float | None = None

    def begin(self, turn: str, started: float, now: float) -> None:
        """The caller speaks while the AI has the floor."""
        if self.allowed:
            due = self._earliest(started)
            self._burst = _Burst(turn, started, max(due, now + WORDS_WAIT_S) if self._ignored else due)

    def words(self, turn: str, text: str | None) -> None:
        """The burst's words so far."""
        burst = self._burst
        if burst is None or burst.turn != turn or not self._ignored or not text:
            return
        burst.due = None if self._only_backchannels(text) else self._earliest(burst.started)

    def stop(self, turn: str, stopped: float) -> None:
        """The burst is over: too short, or nothing but backchannels, and it never mattered."""
        burst = self._burst
        if burst is not None and burst.turn == turn and (burst.due is None or self._too_short(burst, stopped)):
            self._burst = None

    def forget(self) -> None:
        """There is nothing left to interrupt."""
        self._burst = None

    def due(self, now: float) -> bool:
        """Whether to interrupt now; true once per burst."""
        if self._burst is None or self._burst.due is None or now < self._burst.due:
            return False
        self._burst = None
        return True

    def happened(self, now: float) -> None:
        """An interruption was carried out."""
        self._burst, self._last = None, now

    def deadline(self) -> float | None:
        """When the pending burst will have lasted long enough."""
        return self._burst.due if self._burst else None

    def _earliest(self, started: float) -> float:
        earliest = started + self._debounce
        return earliest if self._last is None else max(earliest, self._last + self._debounce)

    def _too_short(self, burst: _Burst, stopped: float) -> bool:
        return round((stopped - burst.started) * 1000) < round(self._debounce * 1000)

    def _only_backchannels(self, text: str) -> bool:
        rest = spoken_words(text)
        while rest:
            size = max((len(words) for words in self._ignored if rest[: len(words)] == words), default=0)
            if size == 0:
                return False
            rest = rest[size:]
        return True
