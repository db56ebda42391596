"""Admits what came through our own front, known by a secret header."""

import hmac
from collections.abc import Callable

KEPT_SECONDS = 60.0


class OriginGuard:
    """`secrets` answers every value that counts; what it answered is kept for a minute. `clock` is in seconds."""

    def __init__(self, secrets: Callable[[], tuple[str, ...]], clock: Callable[[], float]) -> None:
        self._secrets, self._clock = secrets, clock
        self._known: tuple[float, tuple[str, ...]] | None = None

    def admits(self, given: str) -> bool:
        """Whether this is one of the secrets."""
        return any(hmac.compare_digest(given.encode(), secret.encode()) for secret in self._current())

    def _current(self) -> tuple[str, ...]:
        now = self._clock()
        if self._known is None or now - self._known[0] > KEPT_SECONDS:
            self._known = (now, self._secrets())
        return self._known[1]
