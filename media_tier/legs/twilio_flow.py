"""How far a phone call's sound has come: what Twilio holds, and what was heard. No I/O; `now` is monotonic seconds.

Twilio tells by marks what it played. Between two marks, and when it is told to drop what it holds (it sends all marks
back at once then, heard or not), time tells.
"""

from collections import deque

RATE = 8_000


class StreamFlow:
    """What Twilio holds and what it played, in samples; what was flushed never counts."""

    def __init__(self) -> None:
        self._sent = 0
        self._marked = 0
        self._known, self._known_at = 0, 0.0
        """Played so much by then, and playing on."""
        self._generation = 0
        self._number = 0
        self._marks: deque[tuple[str, int]] = deque()

    def idle(self, now: float) -> bool:
        """Whether Twilio has nothing to play."""
        return self.played(now) >= self._sent

    def dry(self, now: float) -> float:
        """Seconds for which Twilio has had nothing to play; below zero while it has."""
        return now - self._known_at - (self._sent - self._known) / RATE

    def ahead(self, now: float) -> float:
        """Seconds of sound that Twilio still holds."""
        return (self._sent - self.played(now)) / RATE

    def sent_some(self, samples: int, now: float) -> None:
        """Sound is sent."""
        if self.idle(now):
            self._known, self._known_at = self._sent, now
        self._sent += samples

    def played(self, now: float) -> int:
        """As far as time tells."""
        return min(self._sent, self._known + int((now - self._known_at) * RATE))

    def mark(self) -> str | None:
        """The name of a mark for what was sent since the last one, if anything was."""
        if self._marked == self._sent:
            return None
        self._marked = self._sent
        self._number += 1
        name = f"{self._generation}:{self._number}"
        self._marks.append((name, self._sent))
        return name

    def marked_back(self, name: str, now: float) -> int | None:
        """The position a mark stands for; None for one that is unknown or was flushed."""
        if not any(name == known for known, _ in self._marks):
            return None
        while True:
            known, position = self._marks.popleft()
            if known == name:
                self._known, self._known_at = position, now
                return position

    def stop(self, now: float) -> int:
        """All is flushed; answers what had been played. Marks that come back from now on are about the flush."""
        heard = self.played(now)
        self._sent = self._marked = self._known = heard
        self._known_at = now
        self._generation += 1
        self._marks.clear()
        return heard
