"""How long the caller waits for an answer that is owed: one more try after 8 s, a new connection after 15 s."""

from enum import Enum

RETRY_S = 8.0
LOST_S = 15.0


class Verdict(Enum):
    """What to do about a silent provider."""

    WAIT = "wait"
    RETRY = "retry"
    LOST = "lost"


class Patience:
    """Runs while an answer was asked for and no sign of it came."""

    def __init__(self) -> None:
        self._asked: float | None = None
        self._retried = False
        self._begun = False
        self._held = False

    @property
    def waiting(self) -> bool:
        """An answer is expected."""
        return self._asked is not None

    def ask(self, now: float) -> None:
        """An answer is expected from now on."""
        self._asked, self._retried, self._begun = now, False, False

    def progress(self, now: float) -> None:
        """An answer began, but nothing of it is heard yet: asking again would not help, it may still fail to come."""
        self._asked, self._begun = now, True

    def rest(self) -> None:
        """Nothing is expected."""
        self._asked = None

    def hold(self, held: bool, now: float) -> None:
        """While something is heard or runs the caller is not kept waiting; after that patience begins anew."""
        if self._held and not held and self._asked is not None:
            self._asked = now
        self._held = held

    def verdict(self, now: float) -> Verdict:
        """What is due; RETRY once."""
        if self._asked is None or self._held:
            return Verdict.WAIT
        if now >= self._asked + LOST_S:
            self._asked = None
            return Verdict.LOST
        if not self._retried and not self._begun and now >= self._asked + RETRY_S:
            self._retried = True
            return Verdict.RETRY
        return Verdict.WAIT

    def retry(self, now: float) -> bool:
        """Whether a failed answer may be asked for again, which then is expected from now on; once per question."""
        if self._retried:
            return False
        self._asked, self._retried, self._begun = now, True, False
        return True

    def deadline(self) -> float | None:
        """When patience runs out next."""
        if self._asked is None or self._held:
            return None
        return self._asked + (LOST_S if self._retried or self._begun else RETRY_S)
