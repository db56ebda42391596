"""The talk itself: what is being said, what was heard of it, and what the transcript holds.

The session tells it every event of speech and playback; it answers with the commands those demand and keeps the
floor and the transcript true. Times are milliseconds from the start of the call.
"""

from media_tier.call.commands import (
    AddContext,
    CancelResponse,
    Command,
    DropAudio,
    PlayPrompt,
    StopPlayback,
    TruncateResponse,
)
from media_tier.call.events import (
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    Transcribed,
)
from media_tier.call.floor import Floor, Speech
from media_tier.call.heard import words_heard
from media_tier.call.transcript import Transcript
from shared.contracts.records.call import Role
from shared.contracts.settings.ai_model import Capabilities
from shared.contracts.settings.call_settings import CallSettings

MS_PER_CHARACTER = 62
"""Ordinary speech."""


class Conversation:
    """Floor and transcript of one call."""

    def __init__(self, settings: CallSettings) -> None:
        self.floor = Floor()
        self.transcript = Transcript(
            enabled=settings.transcription.enabled, with_confidence=settings.transcription.include_confidence
        )
        self.prompts = 0

    # The platform's own sentences

    def say(self, text: str) -> tuple[str, Command]:
        """Queue a sentence; returns its playback id and the command."""
        self.prompts += 1
        playback_id = f"prompt-{self.prompts}"
        speech = self.floor.speech(playback_id, None)
        speech.text, speech.complete, speech.queued = text, True, True
        return playback_id, PlayPrompt(playback_id, text)

    def withdraw(self, playback_id: str) -> str | None:
        """A sentence that has no rendering is not played; returns its text."""
        speech = self.floor.speeches.pop(playback_id, None)
        return None if speech is None else speech.text

    # The caller

    def speech_started(self, event: SpeechStarted, at_ms: int) -> None:
        """The caller took the floor."""
        key = _turn(event.connection, event.turn_id)
        self.floor.caller_turn = key
        self.transcript.open(key, Role.USER, at_ms - event.ago_ms)

    def speech_stopped(self, event: SpeechStopped, at_ms: int) -> bool:
        """The caller gave the floor back; False for a stale event."""
        key = _turn(event.connection, event.turn_id)
        if self.floor.caller_turn != key:
            return False
        self.floor.caller_turn = None
        self.transcript.ended(key, at_ms - event.ago_ms)
        return True

    def transcribed(self, event: Transcribed, at_ms: int) -> list[Command]:
        """The caller's words came; a turn nobody announced is opened now."""
        key = _turn(event.connection, event.turn_id)
        if not self.transcript.known(key):
            self.transcript.open(key, Role.USER, at_ms)
        end = self.transcript.end_of(key, at_ms)
        return [*self.transcript.fill(key, event.text or "", end, final=event.final, confidence=event.confidence)]

    # The AI

    def response_started(self, event: ResponseStarted) -> None:
        """A response is being generated."""
        self.floor.response = event.response_id

    def response_words(self, event: ResponseTranscribed) -> list[Command]:
        """More words of an item; shown as a caption as they are heard."""
        if event.response_id in self.floor.dropped:
            return []
        speech = self.floor.speech(event.item_id, event.response_id)
        speech.text += event.text
        speech.audio_ms = max(speech.audio_ms, event.audio_ms)
        return []

    def caption(self, at_ms: int) -> list[Command]:
        """Show the words the caller has heard by now of what is audible."""
        speech = self.floor.audible
        if speech is None or speech.started_ms is None:
            return []
        played = at_ms - speech.started_ms
        heard = words_heard(speech.text, played, sound_length(speech, played))
        return [*self.transcript.fill(speech.playback_id, heard, at_ms, final=False)] if heard else []

    def response_ended(self, event: ResponseEnded) -> None:
        """Nothing more is generated; what has sound is queued until it was heard."""
        if self.floor.response == event.response_id:
            self.floor.response = None
        dropped = event.response_id in self.floor.dropped
        for item_id, audio_ms in event.audio_ms.items():
            known = item_id in self.floor.speeches
            speech = self.floor.speech(item_id, event.response_id)
            speech.complete = True
            speech.audio_ms = audio_ms
            if not dropped and audio_ms > 0 and (not known or speech.started_ms is None):
                speech.queued = True
        for speech in self.floor.of_response(event.response_id):
            speech.complete = True

    # Playback

    def playback_started(self, event: PlaybackStarted, at_ms: int) -> list[Command]:
        """The caller begins to hear it."""
        speech = self.floor.speeches.get(event.playback_id)
        if speech is None:
            speech = self.floor.speech(event.playback_id, self.floor.response)
        if speech.started_ms is not None or speech.response_id in self.floor.dropped:
            return []
        speech.started_ms, speech.queued = at_ms, True
        self.transcript.open(speech.playback_id, Role.ASSISTANT, at_ms)
        return []

    def playback_finished(self, event: PlaybackFinished, at_ms: int) -> list[Command]:
        """All of it was heard."""
        speech = self.floor.speeches.get(event.playback_id)
        if speech is None or not speech.queued:
            return []
        speech.queued = False
        commands: list[Command] = [*self.transcript.fill(speech.playback_id, speech.text, at_ms, final=True)]
        self.floor.forget_done()
        return commands + self._tell_ai(speech, speech.text)

    def playback_stopped(self, event: PlaybackStopped, at_ms: int, capabilities: Capabilities) -> list[Command]:
        """It was cut off: keep the words that were heard, and tell the AI."""
        speech = self.floor.speeches.get(event.playback_id)
        if speech is None or not speech.queued:
            return []
        speech.queued = False
        heard = words_heard(speech.text, event.played_ms, sound_length(speech, event.played_ms))
        commands: list[Command] = []
        if speech.response_id is not None and capabilities.can_truncate:
            played = min(event.played_ms, speech.audio_ms) if speech.audio_ms else event.played_ms
            commands.append(TruncateResponse(speech.response_id, speech.playback_id, played))
        commands += self.transcript.fill(speech.playback_id, heard, at_ms, final=True, interrupted=True)
        self.floor.forget_done()
        return commands + self._tell_ai(speech, heard)

    def silence_ai(
        self, capabilities: Capabilities, *, keep: Speech | None = None, playing: bool = True
    ) -> list[Command]:
        """Stop everything the AI says or is about to say, except `keep`; `playing` False leaves what is queued."""
        commands: list[Command] = []
        responses = {speech.response_id for speech in self.floor.outstanding if speech.response_id is not None}
        if self.floor.response is not None:
            responses.add(self.floor.response)
        kept = keep.response_id if keep is not None else None
        if playing and keep is None and self.floor.outstanding:
            commands.append(StopPlayback())
        for response in sorted(responses - {kept}):
            self.floor.dropped.add(response)
            commands.append(DropAudio(response))
        generating = self.floor.response
        if generating is not None and generating != kept:
            if capabilities.can_cancel and not capabilities.server_interrupts_on_speech:
                commands.append(CancelResponse(generating))
            self.floor.response = None
        return commands

    def connection_lost(self) -> None:
        """Whatever was being generated or said comes to no more."""
        self.floor.response = None
        self.floor.caller_turn = None
        for speech in self.floor.speeches.values():
            speech.complete = True

    def _tell_ai(self, speech: Speech, heard: str) -> list[Command]:
        if speech.response_id is not None or not heard:
            return []
        return [AddContext(Role.ASSISTANT, heard)]


def sound_length(speech: Speech, played_ms: int) -> int:
    """How long the sound of a speech's words is; estimated where it is not known, and longer than what was played."""
    if speech.response_id is not None and speech.audio_ms:
        return speech.audio_ms
    return max(played_ms + 1, len(speech.text) * MS_PER_CHARACTER)


def _turn(connection: int, turn_id: str) -> str:
    return f"turn-{connection}-{turn_id}"
