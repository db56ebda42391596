"""A stand-in's brain that really hears and really speaks: the parts of the simulated model behind a vendor's wire."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from infra.local.standins.conversation import Began, Brain, Ended, Reply, StandInScript
from media_tier.call.commands import HistoryItem
from media_tier.providers.simulated import hearing
from shared.contracts.records.call import Role
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechRenderer


class PlayedReply(Protocol):
    """What a scenario of the simulated model answers."""

    @property
    def say(self) -> str: ...
    @property
    def tool(self) -> tuple[str, dict[str, Any]] | None: ...


class PlayedScenario(Protocol):
    """A scenario of the simulated model."""

    def reply(self, text: str, history: Sequence[HistoryItem] = ()) -> PlayedReply: ...
    def reply_to_tool(self, name: str, output: Mapping[str, Any]) -> PlayedReply: ...


class ListeningEar:
    """The simulated model's ear."""

    def __init__(self, silence_ms: int) -> None:
        self._ear = hearing.Ear(silence_ms=silence_ms)

    def push(self, pcm24k: bytes) -> list[Began | Ended]:
        """Take more sound."""
        return [
            Ended(heard.ago_ms, heard.pcm) if isinstance(heard, hearing.Ended) else Began(heard.ago_ms)
            for heard in self._ear.push(pcm24k)
        ]


class UnderstandingRecogniser:
    """The simulated model's recogniser, without its confidence."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._recogniser = hearing.Recogniser(phrases)

    async def recognise(self, pcm: bytes) -> str:
        """What was said."""
        return (await self._recogniser.recognise(pcm)).text


class RenderedVoice:
    """Speaks through a renderer; a vendor's voice names are its business."""

    def __init__(self, speech: SpeechRenderer) -> None:
        self._speech = speech

    async def speak(self, text: str, voice: str) -> bytes:
        """The sentence as sound."""
        return await self._speech.render(model_id="simulated", voice=VoiceSettings(voice_id=voice), text=text)


class RememberedScenario:
    """A scenario together with what was said in this conversation."""

    def __init__(self, scenario: PlayedScenario) -> None:
        self._scenario = scenario
        self._history: list[HistoryItem] = []

    def reply(self, text: str) -> Reply:
        """The answer to the caller's words."""
        answer = self._scenario.reply(text, tuple(self._history))
        self._history.append(HistoryItem(Role.USER, text))
        return self._answered(answer)

    def about(self, tool: str, output: dict[str, Any]) -> Reply:
        """The answer once a tool has returned."""
        return self._answered(self._scenario.reply_to_tool(tool, output))

    def _answered(self, answer: PlayedReply) -> Reply:
        self._history.append(HistoryItem(Role.ASSISTANT, answer.say))
        return Reply(answer.say, answer.tool)


class RealBrains:
    """Makes real brains; they share the voice and the words they understand."""

    def __init__(self, speech: SpeechRenderer, scenario: PlayedScenario, phrases: Sequence[str]) -> None:
        self._voice, self._scenario = RenderedVoice(speech), scenario
        self._recogniser = UnderstandingRecogniser(phrases)

    def __call__(self, script: StandInScript, silence_ms: int) -> Brain:
        """A BrainMaker."""
        return Brain(
            ListeningEar(silence_ms), self._recogniser, self._voice, RememberedScenario(self._scenario), script
        )
