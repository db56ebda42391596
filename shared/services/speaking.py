"""Having a chatbot's voice speak outside of calls: its fixed sentences ahead of them, and previews of a voice.

Both are kept by (model, voice, speed, pitch, text): whatever was rendered once is never rendered again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.errors import InvalidRequest, RateLimited, Unavailable
from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings
from shared.domain.catalogue import voice_of
from shared.domain.sentences import fixed_sentences
from shared.domain.settings_lint import voice_refusal
from shared.ports.prompts import PromptStore, PromptStoreFailed
from shared.ports.repositories import AiModels, Chatbots, RateLimits
from shared.ports.speech import SpeechFailed, SpeechRenderer
from shared.services.prompts import prompt_key, render_prompts

PREVIEW = "Hello! This is how I'll sound during our conversations. I'm here to help you with whatever you need today."
NO_PREVIEW = "Unable to generate preview. Please try again."
MANY_PREVIEWS = "You have made many previews in the last hour. Please try again later."
PREVIEWS_PER_HOUR = 60
HOUR = 3600


@dataclass(frozen=True, slots=True)
class SpeakingPorts:
    """What these use cases need. `speakers` is by provider; who is missing has no key here."""

    chatbots: Chatbots
    models: AiModels
    speakers: Mapping[str, SpeechRenderer]
    store: PromptStore
    rates: RateLimits
    now: Callable[[], datetime]


async def render_chatbot(ports: SpeakingPorts, company_id: str, chatbot_id: str) -> int:
    """Render what the next call of a chatbot may need; returns how many sentences that were.

    The widget has a welcome of its own. Nothing to do where the chatbot is gone, takes no calls, or nobody speaks for
    its model: the provider says the sentences then. Raises SpeechFailed, PromptStoreFailed once all else was rendered.
    """
    configuration = _configuration(ports, company_id, chatbot_id)
    speaker = None if configuration is None else ports.speakers.get(configuration.model.provider)
    if configuration is None or speaker is None:
        return 0
    texts = list(fixed_sentences(configuration))
    welcome = ports.chatbots.widget_config(company_id, chatbot_id).branding.call_welcome_message
    if welcome:
        texts.append(welcome)
    return await render_prompts(configuration.settings, texts, speaker, ports.store)


async def preview(ports: SpeakingPorts, who: str, model_id: str, voice: VoiceSettings, text: str = PREVIEW) -> bytes:
    """PCM16 mono 24 kHz of a short text in a voice. `who` may have so many rendered in an hour.

    Raises InvalidRequest (model, voice), RateLimited, Unavailable.
    """
    model = ports.models.get(model_id)
    if model is None or not model.takes_calls:
        raise InvalidRequest("There is no such call model.", {"aiModelId": "There is no such call model."})
    if voice_of(model, voice.voice_id) is None:
        refusal = voice_refusal(model, voice.voice_id)
        raise InvalidRequest(refusal, {"voice.voiceId": refusal})
    key = prompt_key(CallSettings(ai_model_id=model_id, voice=voice), text)
    try:
        kept = await ports.store.get(key)
        if kept is not None:
            return kept
        if not ports.rates.take(f"preview#{who}", PREVIEWS_PER_HOUR, HOUR, ports.now()):
            raise RateLimited(MANY_PREVIEWS, HOUR)
        speaker = ports.speakers.get(model.provider)
        if speaker is None:
            raise Unavailable(NO_PREVIEW)
        pcm = await speaker.render(model_id=model_id, voice=voice, text=text)
        await ports.store.put(key, pcm)
    except (SpeechFailed, PromptStoreFailed) as failed:
        raise Unavailable(NO_PREVIEW) from failed
    return pcm


def _configuration(ports: SpeakingPorts, company_id: str, chatbot_id: str) -> FrozenConfiguration | None:
    """What the next call is made with, as far as its sentences depend on it."""
    bot = ports.chatbots.get(company_id, chatbot_id)
    number = 0 if bot is None else bot.call_settings_version
    settings = ports.chatbots.call_settings(company_id, chatbot_id, number) if number else None
    model = None if settings is None else ports.models.get(settings.ai_model_id)
    if settings is None or model is None:
        return None
    return FrozenConfiguration(settings=settings, settings_version=number, model=model)
