"""Sentences rendered ahead in a chatbot's own voice: verbatim, instant, and there even when the provider is not."""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence

from shared.contracts.settings.call_settings import CallSettings
from shared.ports.prompts import PromptStore, PromptStoreFailed
from shared.ports.speech import SpeechRenderer

log = logging.getLogger(__name__)

AT_ONCE = 3
MEMORY_BYTES = 64 * 1024 * 1024
LOAD_SECONDS = 3.0
"""A call does not wait longer than this for its sentences: the provider can say them instead."""


def prompt_key(settings: CallSettings, text: str) -> str:
    """Whatever changes the sound changes the key: model, voice, speed, pitch, text."""
    voice = settings.voice
    parts = (settings.ai_model_id, voice.voice_id, f"{voice.speed:.2f}", str(voice.pitch_percent), text)
    return "prompts/" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest() + ".pcm"


async def render_prompts(
    settings: CallSettings, texts: Sequence[str], renderer: SpeechRenderer, store: PromptStore
) -> int:
    """Render what is not stored yet; returns how many sentences that were.

    One sentence that fails does not keep the others from being rendered; its error (`SpeechFailed` or
    `PromptStoreFailed`) is raised at the end.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def render(text: str) -> int:
        async with slots:
            key = prompt_key(settings, text)
            if await store.get(key) is not None:
                return 0
            pcm = await renderer.render(model_id=settings.ai_model_id, voice=settings.voice, text=text)
            await store.put(key, pcm)
            return 1

    results = await asyncio.gather(*(render(text) for text in dict.fromkeys(texts)), return_exceptions=True)
    rendered = 0
    for result in results:
        if isinstance(result, BaseException):
            raise result
        rendered += result
    return rendered


class RenderedPrompts:
    """Implements the media tier's Prompter: a bounded memory over the store, the least recently used goes first."""

    def __init__(self, store: PromptStore, memory_bytes: int = MEMORY_BYTES) -> None:
        self._store, self._limit = store, memory_bytes
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    async def load(self, settings: CallSettings, texts: Sequence[str]) -> None:
        """Have these at hand, as far as they were rendered and the store answers in time. Never raises for a store."""
        keys = [prompt_key(settings, text) for text in dict.fromkeys(texts)]
        for key in keys:
            if key in self._memory:
                self._memory.move_to_end(key)
        missing = [key for key in keys if key not in self._memory]
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                found = await asyncio.gather(*(self._store.get(key) for key in missing))
        except (PromptStoreFailed, TimeoutError) as error:
            log.warning("rendered sentences not loaded", extra={"count": len(missing), "error": type(error).__name__})
            return
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
        while self._bytes > self._limit:
            _, oldest = self._memory.popitem(last=False)
            self._bytes -= len(oldest)
