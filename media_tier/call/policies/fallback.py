"""What a caller can still do when no model can be reached: leave a number by keypad, or be told to call again.

Speech cannot be understood without a model, so only keys count. The sentences play from renderings.
"""

from dataclasses import dataclass

from shared.contracts.settings.call_settings import FallbackBehavior
from shared.domain.sentences import (
    ALL_BUSY,
    CALLBACK_NOTED,
    ENTER_NUMBER,
    GOODBYE,
    OFFER_CALLBACK,
    TECHNICAL_DIFFICULTIES,
)

IDLE_S = 15.0
PAUSE_S = 5.0
MINIMUM_DIGITS = 7
MAXIMUM_DIGITS = 15
"""E.164."""
TOOL_S = 5.0
SPEECH_S = 30.0
"""Longest the invitation may take before the caller's time to press a key begins."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak this and go on listening."""

    text: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Note a callback to this number."""

    phone_number: str


@dataclass(frozen=True, slots=True)
class End:
    """Say goodbye with these words."""

    text: str


Proposal = Say | Schedule | End


class Fallback:
    """Collects the number. `begin`, `key`, `spoken`, `scheduled` and `tick` propose what comes next."""

    def __init__(self, behavior: FallbackBehavior) -> None:
        self._behavior = behavior
        self._digits: str | None = None
        """None: the caller has not pressed 1 yet."""
        self._until: float | None = None
        self._scheduling = False

    def begin(self, now: float) -> list[Proposal]:
        """No model can be reached."""
        if self._behavior is FallbackBehavior.REJECT:
            return [End(TECHNICAL_DIFFICULTIES)]
        self._until = now + SPEECH_S
        busy: list[Proposal] = [Say(ALL_BUSY)] if self._behavior is FallbackBehavior.QUEUE_FOR_HUMAN else []
        return [*busy, Say(OFFER_CALLBACK)]

    def spoken(self, now: float) -> None:
        """Everything we had to say was said: the caller's time runs."""
        if not self._scheduling and not self._digits:
            self._until = now + IDLE_S

    def key(self, digit: str, now: float) -> list[Proposal]:
        """The caller pressed a key."""
        if self._scheduling:
            return []
        self._until = now + IDLE_S
        if self._digits is None:
            if digit != "1":
                return []
            self._digits = ""
            return [Say(ENTER_NUMBER)]
        if digit.isdecimal() and len(digit) == 1:
            self._digits += digit
            if len(self._digits) >= MINIMUM_DIGITS:
                self._until = now + PAUSE_S
            return self._schedule(now) if len(self._digits) >= MAXIMUM_DIGITS else []
        if digit == "#" and len(self._digits) >= MINIMUM_DIGITS:
            return self._schedule(now)
        if digit == "#":
            self._digits = ""
            return [Say(ENTER_NUMBER)]
        return []

    def scheduled(self, ok: bool) -> list[Proposal]:
        """The callback was noted, or could not be."""
        self._until = None
        return [End(CALLBACK_NOTED if ok else TECHNICAL_DIFFICULTIES)]

    def tick(self, now: float) -> list[Proposal]:
        """Time passed."""
        if self._until is None or now < self._until:
            return []
        if self._scheduling:
            return self.scheduled(ok=False)
        if self._digits and len(self._digits) >= MINIMUM_DIGITS:
            return self._schedule(now)
        self._until = None
        return [End(GOODBYE)]

    def deadline(self) -> float | None:
        """When `tick` has something to say."""
        return self._until

    def _schedule(self, now: float) -> list[Proposal]:
        self._scheduling, self._until = True, now + TOOL_S
        return [Schedule(self._digits or "")]
