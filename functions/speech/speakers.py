"""Who speaks for which provider's models: the vendors, or their stand-ins where the environment points at those."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from shared.contracts.environment import SpeechEnvironment
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechRenderer


@dataclass(frozen=True, slots=True)
class Speaker:
    """Renders the sentences of a provider's models; `name` changes when a key changes the vendor's place."""

    name: str
    renderer: SpeechRenderer


class OnDemand:
    """A renderer that is made when the first sentence is missing: a vendor's package takes a second to load."""

    def __init__(self, make: Callable[[], SpeechRenderer]) -> None:
        self._make = cache(make)

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        """See the port."""
        return await self._make().render(model_id=model_id, voice=voice, text=text)


def speakers(env: SpeechEnvironment) -> dict[str, Speaker]:
    """By provider. The simulated one is not there in production, where its engine is not installed."""
    found = {} if env.stage == "prod" else {"simulated": Speaker("espeak", OnDemand(_espeak))}
    vendors = (
        ("openai", env.openai_api_key, env.openai_websocket_base_url, _openai),
        ("google", env.gemini_api_key, env.gemini_rest_base_url, _gemini),
    )
    for provider, key, url, make in vendors:
        if key:
            name = "vendor" if url is None else "stand-in"
            found[provider] = Speaker(name, OnDemand(partial(make, key, url)))
    return found


def _espeak() -> SpeechRenderer:
    from shared.adapters.espeak_speech import EspeakSpeech

    return EspeakSpeech()


def _openai(key: str, url: str | None) -> SpeechRenderer:
    from shared.adapters.openai_speech import OpenAiSpeech

    return OpenAiSpeech(key, url)


def _gemini(key: str, url: str | None) -> SpeechRenderer:
    from shared.adapters.gemini_speech import GeminiSpeech

    return GeminiSpeech(key, url)
