"""The silence ladder: two warnings, then the end.

Silence is time in which the caller is expected to speak. Time in which anything plays (the warnings too), is generated
or runs is not counted, and neither starts the count again; only a real exchange does.
"""

STEPS = (0.5, 0.75, 1.0)


class SilenceLadder:
    """Counts the caller's silence. `timeout` is in seconds."""

    def __init__(self, timeout: float, said: int = 0) -> None:
        self._timeout = timeout
        self._banked = 0.0
        self._since: float | None = None
        self.said = said
        """How many steps were taken."""
        self.extension = 0.0
        if said:
            self._banked = STEPS[min(said, len(STEPS)) - 1] * timeout

    def observe(self, waiting: bool, now: float) -> None:
        """Tell whether the caller is expected to speak from now on."""
        if waiting and self._since is None:
            self._since = now
        elif not waiting and self._since is not None:
            self._banked += now - self._since
            self._since = None

    def restart(self, *, spoken: bool) -> None:
        """There was an exchange; `spoken`: the caller's own, which also uses up a granted extension."""
        self._banked, self._since, self.said = 0.0, None, 0
        if spoken:
            self.extension = 0.0

    def grant(self) -> None:
        """The caller asked to wait: one extra timeout before the ladder begins."""
        self.extension = self._timeout

    def step(self, now: float) -> int | None:
        """The step (0, 1, 2) that is due, once each; the last one ends the call."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return None
        self.said += 1
        return self.said - 1

    def deadline(self) -> float | None:
        """When the next step is due if nobody speaks."""
        if self._since is None or self.said >= len(STEPS):
            return None
        return self._since + self.extension + STEPS[self.said] * self._timeout - self._banked
