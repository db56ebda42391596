"""Sentences rendered ahead in a chatbot's own voice: verbatim, instant, and there even when the provider is not."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from shared.contracts.settings.call_settings import CallSettings
from shared.ports.prompts import PromptStore
from shared.ports.speech import SpeechRenderer

AT_ONCE = 3
MEMORY_BYTES = 64 * 1024 * 1024


def prompt_key(settings: CallSettings, text: str) -> str:
    """The same model, voice and text always have the same key."""
    voice = settings.voice
    parts = (settings.ai_model_id, voice.voice_id, f"{voice.speed:.2f}", str(voice.pitch_percent), text)
    return "prompts/" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest() + ".pcm"


async def render_prompts(
    settings: CallSettings, texts: Sequence[str], renderer: SpeechRenderer, store: PromptStore
) -> int:
    """Render what is not stored yet; returns how many sentences that were."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def render(text: str) -> int:
        async with slots:
            key = prompt_key(settings, text)
            if await store.get(key) is not None:
                return 0
            pcm = await renderer.render(model_id=settings.ai_model_id, voice=settings.voice, text=text)
            await store.put(key, pcm)
            return 1

    return sum(await asyncio.gather(*(render(text) for text in texts)))


class RenderedPrompts:
    """Implements the media tier's Prompter: a bounded memory over the store."""

    def __init__(self, store: PromptStore) -> None:
        self._store = store
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    async def load(self, settings: CallSettings, texts: Sequence[str]) -> None:
        """Have these at hand, as far as they were rendered."""
        missing = [key for text in texts if (key := prompt_key(settings, text)) not in self._memory]
        found = await asyncio.gather(*(self._store.get(key) for key in missing))
        for key, pcm in zip(missing, found, strict=True):
            if pcm is not None:
                self._keep(key, pcm)

    def pcm(self, settings: CallSettings, text: str) -> bytes | None:
        """The sound of a sentence, None if it was not rendered."""
        key = prompt_key(settings, text)
        pcm = self._memory.get(key)
        if pcm is not None:
            self._memory.move_to_end(key)
        return pcm

    def _keep(self, key: str, pcm: bytes) -> None:
        if key in self._memory:
            return
        self._memory[key] = pcm
        self._bytes += len(pcm)
        while self._bytes > MEMORY_BYTES:
            _, oldest = self._memory.popitem(last=False)
            self._bytes -= len(oldest)
