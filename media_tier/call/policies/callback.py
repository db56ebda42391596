"""Takes a callback number by keypad when no AI can be reached."""

from media_tier.call.sentences import ENTER_NUMBER

ANSWER_SECONDS = 15.0
PAUSE_SECONDS = 5.0
SHORTEST_NUMBER = 7
LONGEST_NUMBER = 20


class CallbackOffer:
    """`step` results: None (go on waiting), a sentence to speak, or ("number", digits), or "give_up"."""

    def __init__(self, *, ask_first: bool) -> None:
        self._collecting = not ask_first
        self._digits = ""
        self._until: float | None = None

    def listen(self, now: float) -> None:
        """The offer was spoken: the caller may press keys."""
        self._until = now + ANSWER_SECONDS

    def pressed(self, digit: str, now: float) -> str | tuple[str, str] | None:
        """A key was pressed."""
        if not self._collecting:
            if digit == "1":
                self._collecting = True
                self._until = now + ANSWER_SECONDS
                return ENTER_NUMBER
            return None
        if digit == "#" or len(self._digits) >= LONGEST_NUMBER:
            return self._settle()
        if digit.isdigit():
            self._digits += digit
            self._until = now + PAUSE_SECONDS
        return None

    def due(self, now: float) -> str | tuple[str, str] | None:
        """What patience running out leads to."""
        if self._until is None or now < self._until - 1e-6:
            return None
        self._until = None
        return self._settle()

    def deadline(self) -> float | None:
        """When patience runs out."""
        return self._until

    def _settle(self) -> str | tuple[str, str]:
        self._until = None
        if len(self._digits) >= SHORTEST_NUMBER:
            return ("number", self._digits)
        return "give_up"
