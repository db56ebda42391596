"""Decides whether the caller's speech interrupts the AI: not too short, not a mere "mhm", not twice in a burst."""

import re
from collections.abc import Sequence

BACKCHANNEL_WAIT = 0.6
"""How long a word is waited for when backchannels are to be ignored."""

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class InterruptionPolicy:
    """Times in seconds. `pending` while a burst of speech still has to prove itself."""

    def __init__(self, *, allowed: bool, debounce_ms: int, backchannels: Sequence[str]) -> None:
        self.allowed = allowed
        self._debounce = debounce_ms / 1000
        self._backchannels = {" ".join(_words(phrase)) for phrase in backchannels if _words(phrase)}
        self._turn: str | None = None
        self._began = 0.0
        self._words_until: float | None = None
        self._last: float | None = None
        self.count = 0

    def speech_started(self, turn: str, began: float) -> None:
        """The caller speaks into the AI's speech."""
        self._turn, self._began = turn, began
        self._words_until = None

    def speech_stopped(self, turn: str, ended: float) -> None:
        """The burst is over; shorter than the debounce it was none."""
        if turn == self._turn and ended - self._began < self._debounce:
            self._turn = None

    def transcribed(self, turn: str, text: str) -> None:
        """Words of the burst: only backchannels do not interrupt, anything else does at once."""
        if turn != self._turn or not self._backchannels:
            return
        said = " ".join(_words(text))
        if said in self._backchannels or not said:
            self._turn = None if said else self._turn
        else:
            self._words_until = float("-inf")

    def due(self, now: float) -> bool:
        """Whether to interrupt now."""
        deadline = self.deadline()
        if deadline is None or now < deadline - 1e-6:
            return False
        self._turn = None
        if self._last is not None and now - self._last < self._debounce:
            return False
        self._last = now
        self.count += 1
        return True

    def forget(self) -> None:
        """The AI has stopped speaking: there is nothing to interrupt."""
        self._turn = None

    def deadline(self) -> float | None:
        """When the pending burst will have proved itself."""
        if self._turn is None or not self.allowed:
            return None
        proved = self._began + self._debounce
        if not self._backchannels:
            return proved
        if self._words_until is None:
            self._words_until = self._began + max(self._debounce, BACKCHANNEL_WAIT)
        return max(proved, self._words_until)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]
