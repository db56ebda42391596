"""Ends a call at its maximum duration, with a warning one minute before."""


class DurationPolicy:
    """`began` and `now` in seconds, `minutes` the maximum; a one-minute call gets no warning."""

    def __init__(self, minutes: int) -> None:
        self._maximum = minutes * 60.0
        self._began: float | None = None
        self.warned = minutes <= 1

    def begin(self, began: float) -> None:
        """The caller connected (earlier than now, on a resumed call)."""
        self._began = began

    def due(self, now: float) -> str | None:
        """ "warn", "end" or nothing."""
        if self._began is None:
            return None
        if now - self._began >= self._maximum - 1e-6:
            return "end"
        if not self.warned and now - self._began >= self._maximum - 60.0 - 1e-6:
            self.warned = True
            return "warn"
        return None

    def deadline(self) -> float | None:
        """When `due` has something to say."""
        if self._began is None:
            return None
        return self._began + self._maximum - (0.0 if self.warned else 60.0)
