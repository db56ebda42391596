"""Rings every provider's chatbot on every channel, many calls at once, and gathers what became of each journey.

Settings of a chatbot hold for the calls that begin after they were published; so calls that need the same begin
together, one sort of calls after the other, the longest first.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local import aws
from infra.local.demo import CHATBOTS
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.object_store import open_bucket
from shared.adapters.aws.prompt_store import S3PromptStore
from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.records.call import Channel, FrozenConfiguration
from shared.contracts.settings.call_settings import (
    AudioProcessingSettings,
    CallSettings,
    FallbackBehavior,
    VoiceSettings,
)
from shared.domain.catalogue import MODELS
from shared.domain.sentences import fixed_sentences
from shared.services.prompts import render_prompts
from tests.conformance.books import Books
from tests.conformance.hearing import narrow
from tests.conformance.journeys import (
    Call,
    Report,
    Stage,
    callback,
    conversation,
    hang_up,
    last_minute,
    longest,
    silence,
    unavailable,
)
from tests.conformance.lines import Line, ring
from tests.conformance.sentences import AI_SAYS, CALLER_SAYS
from tests.e2e.conftest import Running
from tests.e2e.sound import Samples

CHANNELS = (Channel.WEB, Channel.TWILIO, Channel.WHATSAPP)
CARRIERS = (Channel.TWILIO, Channel.WHATSAPP)
PROVIDERS = ("simulated", "openai", "gemini")
"""In the order of the demo page's chatbots."""
CALLER = VoiceSettings(voice_id="simulated-ben")
UNTOUCHED = AudioProcessingSettings(echo_cancellation=False, noise_suppression=False)
APART_SECONDS = 0.5
"""Between two calls that begin, so that a small machine need not understand them all at once."""
NO_MODEL = "not-there"
"""A model the vendors' stand-ins do not have."""

Results = dict[tuple[Channel, str], Report]


@dataclass
class Matrix:
    """A run over all channels and providers."""

    running: Running
    folder: Path
    results: Results = field(default_factory=dict)
    seconds: float = 0.0
    _voices: list[Mapping[str, Samples]] = field(default_factory=list)
    _own: Mapping[str, bytes] = field(default_factory=dict)

    async def run(self) -> None:
        """Ring them all."""
        began = time.monotonic()
        self.results = {(channel, provider): Report() for channel in CHANNELS for provider in PROVIDERS}
        self._books = Books(self.running)
        self._chatbots = DynamoChatbots(Table(aws.client("dynamodb", self.running.run["aws"]), "core"))
        await self._prepare()
        going = await self._begin(longest, {"max_duration_minutes": 1, "silence_timeout_seconds": 300})
        going += await self._begin(last_minute, {"max_duration_minutes": 2, "silence_timeout_seconds": 300})
        silent = await self._begin(silence, {"silence_timeout_seconds": 30})
        going += await self._begin(unavailable, {"fallback": FallbackBehavior.REJECT}, reachable=False)
        keyed = {"fallback": FallbackBehavior.OFFER_CALLBACK}
        going += await self._begin(callback, keyed, channels=CARRIERS, reachable=False)
        # A WhatsApp user's phone is dear: those who talk wait for those who are silent.
        await asyncio.gather(*silent)
        going += await self._begin(conversation, {})
        going += await self._begin(hang_up, {})
        await asyncio.gather(*going)
        self.seconds = time.monotonic() - began

    async def _begin(
        self,
        call: Call,
        changes: Mapping[str, Any],
        *,
        channels: Sequence[Channel] = CHANNELS,
        reachable: bool = True,
    ) -> list["asyncio.Task[None]"]:
        """Start a call on these channels to every provider, with these settings, and be it to providers that are not
        there; returns once all have been answered, or have failed."""
        await asyncio.to_thread(self._publish, changes, reachable)
        tasks, answers = [], []
        for channel in channels:
            for place, provider in enumerate(PROVIDERS):
                answered = asyncio.Event()
                answers.append(answered)
                tasks.append(asyncio.create_task(self._take(call, channel, place, provider, answered)))
                await asyncio.sleep(APART_SECONDS)
        await asyncio.gather(*(answered.wait() for answered in answers))
        return tasks

    async def _take(self, call: Call, channel: Channel, place: int, provider: str, answered: asyncio.Event) -> None:
        async def dial() -> Line:
            return await ring(self.running, self._books, channel, place, CHATBOTS[place][0].chatbot_id)

        async def dial_and_tell() -> Line:
            try:
                return await dial()
            finally:
                answered.set()

        report = self.results[channel, provider]
        stage = Stage(channel, dial_and_tell, self._voices[place], self._own, self._books, self.folder, report)
        try:
            await call(stage)
        except Exception as wrong:  # noted by the journey, unless nobody answered at all
            report.outcomes.setdefault(call.__name__.replace("_", " "), f"{type(wrong).__name__}: {wrong}"[:400])

    def _publish(self, changes: Mapping[str, Any], reachable: bool) -> None:
        """Publish settings for the calls to come."""
        chatbots = self._chatbots
        for place, (bot, settings, _) in enumerate(CHATBOTS):
            chatbot = chatbots.get(bot.company_id, bot.chatbot_id)
            assert chatbot is not None
            wanted = settings if reachable else self._unreachable(place)
            chatbots.publish(chatbot, wanted.model_copy(update={"audio": UNTOUCHED, **changes}))

    @staticmethod
    def _unreachable(place: int) -> CallSettings:
        settings = CHATBOTS[place][1]
        if PROVIDERS[place] == "simulated":
            return settings.model_copy(update={"scenario": "unavailable"})
        return settings.model_copy(update={"ai_model_id": f"{NO_MODEL}-{PROVIDERS[place]}"})

    async def _prepare(self) -> None:
        """Render what is said; put models into the catalogue that no vendor has, with their fixed sentences."""
        speech = EspeakSpeech()

        async def spoken(texts: tuple[str, ...], voice: VoiceSettings) -> dict[str, bytes]:
            return {text: await speech.render(model_id="any", voice=voice, text=text) for text in texts}

        endpoint = self.running.run["aws"]
        self._own = await spoken(CALLER_SAYS, CALLER)
        for _, settings, _ in CHATBOTS:
            voice = await spoken(AI_SAYS, settings.voice)
            self._voices.append({text: narrow(pcm) for text, pcm in voice.items()})
        models = DynamoAiModels(Table(aws.client("dynamodb", endpoint), "core"))
        store = S3PromptStore(open_bucket(aws.BUCKET, region=aws.REGION, endpoint=endpoint))
        for place, (_, settings, _) in enumerate(CHATBOTS):
            unreachable = self._unreachable(place).model_copy(update={"fallback": FallbackBehavior.OFFER_CALLBACK})
            known = next(model for model in MODELS if model.id == settings.ai_model_id)
            model = known.model_copy(update={"id": unreachable.ai_model_id})
            if model != known:
                await asyncio.to_thread(models.save, model)
            frozen = FrozenConfiguration(settings=unreachable, settings_version=1, model=model)
            await render_prompts(unreachable, fixed_sentences(frozen), speech, store)
        speech.close()
