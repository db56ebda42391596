"""The longest a call may take: a warning a minute before, then the end. The clock starts when the caller connects."""

WARNING_S = 60.0


class Duration:
    """Absolute times, set once the call clock runs. `limit` is in seconds."""

    def __init__(self, limit: float, warned: bool = False) -> None:
        self._limit = limit
        self._start: float | None = None
        self.warned = warned or limit <= WARNING_S

    def begin(self, start: float) -> None:
        """The call's clock reads zero at `start`."""
        self._start = start

    def warning_due(self, now: float) -> bool:
        """The caller should be told that a minute is left."""
        return self._start is not None and not self.warned and now >= self._start + self._limit - WARNING_S

    def over(self, now: float) -> bool:
        """The time is up."""
        return self._start is not None and now >= self._start + self._limit

    def deadlines(self) -> list[float]:
        """When something is due."""
        if self._start is None:
            return []
        end = self._start + self._limit
        return [end] if self.warned else [end - WARNING_S, end]
