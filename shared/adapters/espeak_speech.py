"""Speech offline, for the simulated model, for tests and for machines without keys: the espeak-ng of a wheel.

The engine is one C library with global state and a synchronous call: every rendering of the process runs on one
worker thread, one at a time (a few milliseconds per sentence). Source: espeak-ng `speak_lib.h`.
"""

import asyncio
import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import espeakng_loader
import numpy as np
import soxr
from numpy.typing import NDArray

from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechFailed

_VARIANTS = {
    "simulated-anna": "en-us+f2",
    "simulated-ben": "en-us+m3",
    "simulated-clara": "en-us+f5",
    "simulated-dan": "en-us+m7",
}
_WORDS_PER_MINUTE = 165
_MEDIUM_PITCH = 50
_TARGET_RMS = 3300.0
_TARGET_PEAK = 26000.0
_EDGE_MS = 20
_SEED = 7
_HUSH = 0.01
"""Samples below this share of the loudest count as silence when the edges are trimmed."""

# Numbers of speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_RATE, _PITCH = 1, 3

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()
_engine: list["_Engine"] = []


class _Engine:
    """The loaded library. Only used while `_lock` is held."""

    def __init__(self) -> None:
        try:
            self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
            self._data = Path(espeakng_loader.get_data_path())
        except (OSError, RuntimeError) as error:
            raise SpeechFailed("the speech engine could not be loaded") from error
        self._rate: int = self._lib.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, 0, str(self._data).encode(), _INITIALIZE_DONT_EXIT
        )
        if self._rate <= 0:
            raise SpeechFailed("the speech engine found no voices")
        self._chunks: list[bytes] = []
        self._folder = TemporaryDirectory(prefix="espeak-", ignore_cleanup_errors=True)
        self._callback = _Callback(self._take)  # kept: the library holds only a pointer
        self._lib.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))
        return 0

    def speak(self, variant: str, words_per_minute: int, pitch: int, text: str) -> tuple[bytes, int]:
        """PCM16 mono and its rate."""
        lib, self._chunks = self._lib, []
        if lib.espeak_ng_SetVoiceByFile(str(self._voice_file(variant)).encode()) != 0:
            raise SpeechFailed(f"no voice variant {variant}")
        lib.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        lib.espeak_SetParameter(_RATE, words_per_minute, 0)
        lib.espeak_SetParameter(_PITCH, pitch, 0)
        data = text.encode()
        if lib.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 0, 0, _CHARS_UTF8, None, None) != 0:
            raise SpeechFailed("the speech engine refused the text")
        return b"".join(self._chunks), self._rate

    def _voice_file(self, variant: str) -> Path:
        """A voice that keeps still: the engine's own ones waver at random, and never say a sentence twice alike."""
        language, _, name = variant.partition("+")
        path = Path(self._folder.name) / f"{language}-{name}"  # no "+": the engine would take it for a variant
        if not all(part.replace("-", "").isalnum() for part in (language, name or "plain")):
            raise SpeechFailed("no such voice")
        if not path.exists():
            wanted = language.lower()
            spoken = [file for file in (self._data / "lang").rglob("*") if file.name.lower() == wanted]
            parts = [*spoken[:1], *([self._data / "voices" / "!v" / name] if name else [])]
            if not spoken or not parts[-1].is_file():
                raise SpeechFailed("no such voice")
            lines = [line for part in parts for line in part.read_text(encoding="utf-8").splitlines()]
            kept = [line for line in lines if not line.startswith(("name", "language variant", "flutter"))]
            path.write_text("\n".join([f"name {variant}", *kept, "flutter 0", ""]))
        return path


def _variant(voice_id: str) -> str:
    """Any voice id speaks: ids of other models (simulation switched on for a real chatbot) get a steady stand-in."""
    known = _VARIANTS.get(voice_id)
    if known is not None:
        return known
    if voice_id.startswith("espeak:"):
        return voice_id.removeprefix("espeak:")
    variants = tuple(_VARIANTS.values())
    return variants[sha256(voice_id.encode()).digest()[0] % len(variants)]


def _finish(pcm: bytes, rate: int) -> bytes:
    """To 24 kHz, one loudness for all voices, at most `_EDGE_MS` of silence at either edge."""
    sound = np.frombuffer(pcm, np.int16)
    levels = np.abs(sound.astype(np.int32))
    if not levels.any():
        raise SpeechFailed("nothing to say")
    loud = np.flatnonzero(levels > levels.max() * _HUSH)
    edge = rate * _EDGE_MS // 1000
    sound = sound[max(0, int(loud[0]) - edge) : int(loud[-1]) + 1 + edge]
    speech: NDArray[np.float32] = soxr.resample(sound.astype(np.float32), rate, 24_000)
    rms = float(np.sqrt(np.mean(np.square(speech))))
    gain = min(_TARGET_RMS / rms, _TARGET_PEAK / float(np.max(np.abs(speech))))
    return np.clip(np.rint(speech * gain), -32768, 32767).astype("<i2").tobytes()


def _render(variant: str, words_per_minute: int, pitch: int, text: str) -> bytes:
    with _lock:
        if not _engine:
            _engine.append(_Engine())
        pcm, rate = _engine[0].speak(variant, words_per_minute, pitch, text)
    return _finish(pcm, rate)


class EspeakSpeech:
    """A `SpeechRenderer` that needs no network.

    Speaks the voices of the catalogue's simulated model; `espeak:<language>+<variant>` names any voice of espeak-ng,
    and every other id gets one of the simulated ones. Speed (0.5-1.5) and pitch (percent) are honoured. The same
    request gives the same sound but for small differences, in every process.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="espeak")

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        """PCM16 mono 24 kHz; raises `SpeechFailed`. `model_id` makes no difference here."""
        pitch = round(_MEDIUM_PITCH * (1 + voice.pitch_percent / 100))
        speed = round(_WORDS_PER_MINUTE * voice.speed)
        work: Callable[[str, int, int, str], bytes] = _render
        return await asyncio.get_running_loop().run_in_executor(
            self._worker, work, _variant(voice.voice_id), speed, pitch, text
        )

    def close(self) -> None:
        """Let the worker thread go."""
        self._worker.shutdown(wait=False)
