"""Warns and ends when the caller stays silent. Counts only time in which the caller is expected to speak."""

import re

from media_tier.call.sentences import LAST_SILENCE_WARNING, STILL_THERE

WAIT_REQUEST = re.compile(
    r"\b(?:wait|hold on|hang on|one (?:moment|second|minute)|just a (?:moment|second|minute|sec)"
    r"|give me a (?:moment|second|minute)|a moment please)\b",
    re.IGNORECASE,
)


class SilencePolicy:
    """`timeout` in seconds. Warnings at half and three quarters of it do not restart the count; speech does."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._limit = timeout
        self._counted = 0.0
        self._since: float | None = None
        self._said = 0
        self._extended = False

    def expect_caller(self, waiting: bool, now: float) -> None:
        """Say whether the caller is expected to speak from now on."""
        if waiting and self._since is None:
            self._since = now
        elif not waiting and self._since is not None:
            self._counted += now - self._since
            self._since = None

    def exchanged(self) -> None:
        """Somebody really said something: count anew."""
        self._counted, self._said, self._limit = 0.0, 0, self._timeout
        self._extended = False
        self._since = None

    def heard(self, text: str) -> None:
        """Grant one more timeout if the caller asked to wait."""
        if not self._extended and WAIT_REQUEST.search(text):
            self._extended = True
            self._limit = 2 * self._timeout

    def due(self, now: float) -> str | None:
        """The warning to speak now, or "end"."""
        silent = self._silent(now)
        if silent >= self._limit - 1e-6:
            return "end"
        if silent >= 0.75 * self._limit - 1e-6 and self._said < 2:
            self._said = 2
            return LAST_SILENCE_WARNING
        if silent >= 0.5 * self._limit - 1e-6 and self._said < 1:
            self._said = 1
            return STILL_THERE
        return None

    def deadline(self) -> float | None:
        """When `due` has something to say, None while the caller is not expected to speak."""
        if self._since is None:
            return None
        share = (0.5, 0.75, 1.0)[self._said]
        return self._since + share * self._limit - self._counted

    def _silent(self, now: float) -> float:
        return self._counted + (now - self._since if self._since is not None else 0.0)
