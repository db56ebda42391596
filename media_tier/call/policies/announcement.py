"""The opening of a call: disclosure, recording announcement, greeting; and when recording may begin.

Recording never begins before the caller heard the announcement to its end, if one is required. An announcement that
was cut off is said again.
"""

from collections.abc import Iterable

from shared.contracts.records.call import FrozenConfiguration
from shared.domain.sentences import RECORDING_ANNOUNCEMENT, Line, opening_lines

ATTEMPTS = 3
"""After that many cut-off announcements the call goes on unrecorded."""


class Opening:
    """Which opening lines are still to be said, and whether recording is on."""

    def __init__(self, configuration: FrozenConfiguration, done: Iterable[str] = (), recording: bool = False) -> None:
        self._lines = opening_lines(configuration)
        self._wanted = configuration.settings.recording.enabled
        self.done = {Line(name) for name in done}
        self.recording = recording
        self.attempts = 0

    def remaining(self) -> list[tuple[Line, str]]:
        """The lines that were not said yet, in order."""
        return [(line, text) for line, text in self._lines if line not in self.done]

    @property
    def announcing(self) -> bool:
        """The announcement is due and was not heard: nothing may cut the caller's hearing of it short."""
        required = any(line is Line.ANNOUNCEMENT for line, _ in self._lines)
        return required and Line.ANNOUNCEMENT not in self.done and self.attempts < ATTEMPTS

    @property
    def may_record(self) -> bool:
        """Recording is wanted, allowed and not on yet."""
        required = any(line is Line.ANNOUNCEMENT for line, _ in self._lines)
        return self._wanted and not self.recording and (not required or Line.ANNOUNCEMENT in self.done)

    def heard(self, line: Line) -> None:
        """The line was heard to its end."""
        self.done.add(line)

    def cut(self, line: Line) -> str | None:
        """The line was cut off by the caller: the text to say again, if it must be."""
        if line is not Line.ANNOUNCEMENT:
            self.done.add(line)
            return None
        self.attempts += 1
        return RECORDING_ANNOUNCEMENT if self.announcing else None
