"""The last seconds of a call: what is being said may end, the goodbye is heard, both bounded."""

from media_tier.call.commands import Command, StopPlayback
from media_tier.call.conversation import Conversation
from shared.contracts.records.call import EndedBy, EndReason

SPEECH_SECONDS = 5.0
GOODBYE_SECONDS = 15.0


class Closing:
    """`step` is asked after every event and deadline until `done`."""

    def __init__(self, reason: EndReason, by: EndedBy, goodbye: str | None, now: float) -> None:
        self.reason, self.by = reason, by
        self.done = False
        self.deadline = now + SPEECH_SECONDS
        self._goodbye = goodbye
        self._playback: str | None = None
        self._stopped = False

    def step(self, talk: Conversation, now: float) -> list[Command]:
        """What the closing demands now."""
        late = now >= self.deadline - 1e-6
        if self._playback is None:
            speaking = any(speech.queued for speech in talk.floor.speeches.values())
            if speaking and not late:
                return []
            return self._say_goodbye(talk, now, cut=speaking)
        speech = talk.floor.speeches.get(self._playback)
        if late or speech is None or not speech.queued:
            self.done = True
        return []

    def _say_goodbye(self, talk: Conversation, now: float, *, cut: bool) -> list[Command]:
        commands: list[Command] = [StopPlayback()] if cut else []
        if self._goodbye is None:
            self.done = True
            return commands
        self._playback, command = talk.say(self._goodbye)
        self.deadline = now + GOODBYE_SECONDS
        return [*commands, command]
