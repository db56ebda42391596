"""Speech from text: the seam that greetings rendered ahead and the simulated model speak through.

Sound is PCM16 little-endian mono at 24 kHz, as everywhere in the house.
"""

from typing import Protocol

from shared.contracts.settings.call_settings import VoiceSettings


class SpeechFailed(Exception):
    """The text could not be spoken: unknown voice, no engine, provider refused."""


class SpeechRenderer(Protocol):
    """Turns a sentence into sound, in the voice the chatbot uses on calls."""

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        """PCM16 mono 24 kHz of `text`; raises `SpeechFailed`. Never blocks the event loop."""
        ...
