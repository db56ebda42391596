"""Callers' voices for tests: espeak-ng in voices the simulated AI does not use, laid on quiet."""

from functools import cache

import numpy as np

from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.settings.call_settings import VoiceSettings

CALLERS = ("espeak:en-us+m1", "espeak:en-us+f1")
BYTES_PER_MS = 48


@cache
def renderer() -> EspeakSpeech:
    """One for all tests."""
    return EspeakSpeech()


async def spoken(text: str, caller: str = CALLERS[0], speed: float = 1.0) -> bytes:
    """A sentence by a caller: PCM16 mono 24 kHz, no silence around it."""
    voice = VoiceSettings(voice_id=caller, speed=speed)
    return await renderer().render(model_id="caller", voice=voice, text=text)


def silence(ms: int) -> bytes:
    """Digital silence."""
    return bytes(BYTES_PER_MS * ms)


def noise(ms: int, level: float, seed: int = 1) -> bytes:
    """White noise of an RMS `level`."""
    samples = np.random.default_rng(seed).normal(0.0, level, BYTES_PER_MS * ms // 2)
    return samples.astype("<i2").tobytes()


def mixed(first: bytes, second: bytes) -> bytes:
    """Both at once, as long as the first; the second is repeated if it is shorter."""
    base = np.frombuffer(first, np.int16).astype(np.int32)
    base += np.resize(np.frombuffer(second, np.int16), base.shape)
    return np.clip(base, -32768, 32767).astype("<i2").tobytes()
