"""What is said when a call begins, and when the recording may begin."""

from dataclasses import dataclass
from typing import Any

from media_tier.call.sentences import RECORDING_NOTICE
from shared.contracts.settings.call_settings import CallSettings


@dataclass(slots=True)
class _Line:
    name: str
    text: str
    mandatory: bool
    playback_id: str | None = None
    done: bool = False


class OpeningPolicy:
    """Disclosure and recording notice are mandatory: not to be interrupted, and said again if they were cut off."""

    def __init__(self, settings: CallSettings) -> None:
        self._lines: list[_Line] = []
        if settings.disclosure.enabled:
            self._lines.append(_Line("disclosure", settings.disclosure.text, mandatory=True))
        if settings.recording.enabled and settings.recording.announce:
            self._lines.append(_Line("notice", RECORDING_NOTICE, mandatory=True))
        self._lines.append(_Line("greeting", settings.greeting, mandatory=False))
        self._record = settings.recording.enabled
        self._announce = settings.recording.announce

    @property
    def mandatory_open(self) -> bool:
        """Something that must be heard has not been."""
        return any(line.mandatory and not line.done for line in self._lines)

    @property
    def may_record(self) -> bool:
        """Recording is on and, where it is announced, the announcement was heard to its end."""
        return self._record and all(line.done for line in self._lines if line.name == "notice")

    def to_say(self) -> list[_Line]:
        """The lines still to be queued."""
        return [line for line in self._lines if not line.done and line.playback_id is None]

    def queued(self, line: _Line, playback_id: str) -> None:
        """The line was queued under this id."""
        line.playback_id = playback_id

    def finished(self, playback_id: str) -> None:
        """A playback was heard to its end."""
        for line in self._lines:
            if line.playback_id == playback_id:
                line.done = True

    def stopped(self, playback_id: str) -> None:
        """A playback was cut off: mandatory lines are due again, the greeting is done with."""
        for line in self._lines:
            if line.playback_id == playback_id:
                line.playback_id, line.done = None, not line.mandatory

    def snapshot(self) -> list[str]:
        """The names of what was said."""
        return [line.name for line in self._lines if line.done]

    def restore(self, done: list[Any]) -> None:
        """What an earlier process already said."""
        for line in self._lines:
            line.done = line.name in done
