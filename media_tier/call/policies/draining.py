"""Asks the caller to come back through another process when this one leaves: between two turns, or soon anyway."""

PATIENCE_SECONDS = 3.0


class DrainingPolicy:
    """Asks once."""

    def __init__(self) -> None:
        self._until: float | None = None
        self._asked = False

    def begin(self, now: float) -> None:
        """The process leaves."""
        if self._until is None:
            self._until = now + PATIENCE_SECONDS

    def due(self, boundary: bool, now: float) -> bool:
        """Whether to ask now."""
        if self._until is None or self._asked or (not boundary and now < self._until - 1e-6):
            return False
        self._asked = True
        return True

    def deadline(self) -> float | None:
        """When patience ends."""
        return None if self._asked else self._until
