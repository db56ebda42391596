"""A stand-in's brain that really hears and really speaks: the parts of the simulated model behind a vendor's wire."""

from collections.abc import Sequence

from infra.local.standins.conversation import Began, Brain, Ended, Scenario, StandInScript
from media_tier.providers.simulated import hearing
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechRenderer


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


class RealBrains:
    """Makes real brains; they share the voice and the words they understand."""

    def __init__(self, speech: SpeechRenderer, scenario: Scenario, phrases: Sequence[str]) -> None:
        self._voice, self._scenario = RenderedVoice(speech), scenario
        self._recogniser = UnderstandingRecogniser(phrases)

    def __call__(self, script: StandInScript, silence_ms: int) -> Brain:
        """A BrainMaker."""
        return Brain(ListeningEar(silence_ms), self._recogniser, self._voice, self._scenario, script)
