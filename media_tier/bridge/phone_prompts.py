"""Sentences rendered ahead, for calls in µ-law: converted once, whichever call needs them first."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K
from media_tier.audio.resampling import Resampler
from media_tier.ports import Prompter
from shared.contracts.settings.call_settings import CallSettings

MOST_KEPT = 256


class PhonePrompts:
    """Implements ports.Prompter over another one; its `pcm` is µ-law at 8 kHz."""

    def __init__(self, prompter: Prompter) -> None:
        self._prompter = prompter

    async def load(self, settings: CallSettings, texts: Sequence[str]) -> None:
        """Have these at hand, converted."""
        await self._prompter.load(settings, texts)
        for text in texts:
            self.pcm(settings, text)
            await asyncio.sleep(0)  # other calls' sound comes between two sentences

    def pcm(self, settings: CallSettings, text: str) -> bytes | None:
        """µ-law of this sentence, None if it was not rendered."""
        pcm = self._prompter.pcm(settings, text)
        return None if pcm is None else _converted(pcm)


@lru_cache(maxsize=MOST_KEPT)
def _converted(pcm: bytes) -> bytes:
    down = Resampler(PCM_24K.rate, MULAW_8K.rate)
    # What is still in the filter at the end is pushed out by as much silence.
    tail = bytes(int(down.delay_ms + 1) * PCM_24K.bytes_per_ms)
    return g711.encode(down.push(pcm) + down.push(tail))
