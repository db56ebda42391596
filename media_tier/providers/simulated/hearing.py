"""Hearing, offline: where somebody speaks (energy), and which of a few phrases they say (pocketsphinx).

What is not in the vocabulary is heard as nothing rather than as something else. Sound is PCM16 mono at 24 kHz.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pocketsphinx
import soxr
from numpy.typing import NDArray

from media_tier.ports import FRAME_BYTES, FRAME_MS, SAMPLE_RATE
from media_tier.providers.simulated.scenarios import words_of

log = logging.getLogger(__name__)

LEAST_LEVEL = 340.0
"""RMS below which nothing is speech at sensitivity 0.5; each 0.5 of sensitivity halves or doubles it."""
KEEP_SPEAKING = 0.6
"""Hysteresis: speech goes on down to this share of the level it takes to begin."""
BEGIN_FRAMES = 3
TAIL_FRAMES = 10
LONGEST_FRAMES = 1500
STEADY_FRAMES = 100
"""Sound that never dips for this long is a fan, not a person."""

_DECODER_RATE = 16_000
_EDGE_SECONDS = 0.3
_HISS = 40.0
_SHORT, _LONG = -0.125, 0.08
"""How much better (log ratio per frame) a phrase must explain the sound than free phonemes do: up to two words, more.
Measured with seven voices: known phrases from -0.106 and 0.112 upwards, unknown ones up to -0.143 and 0.052."""
_SHORT_WORDS = 2


@dataclass(frozen=True, slots=True)
class Began:
    """Speech began `ago_ms` before the end of what was pushed last."""

    ago_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Speech ended `ago_ms` before the end of what was pushed last; `pcm` is the utterance with its prefix."""

    ago_ms: int
    pcm: bytes


class Ear:
    """Finds utterances in a stream of sound; a beginning is noticed within 80 ms, clicks are not speech.

    Runs for every 20 ms of every call: a silent frame costs about 3 µs.
    """

    def __init__(self, *, silence_ms: int = 700, prefix_ms: int = 300, sensitivity: float = 0.5) -> None:
        self._silence_frames = max(1, silence_ms // FRAME_MS)
        self._least = LEAST_LEVEL * 2 ** (1 - 2 * sensitivity)
        self._factor = 4.0 - 2.0 * sensitivity
        self._before: deque[bytes] = deque(maxlen=prefix_ms // FRAME_MS + BEGIN_FRAMES)
        self._buffer: NDArray[np.float32] = np.empty(FRAME_BYTES // 2, np.float32)
        self._floor = 40.0
        self._rest = b""
        self._voiced = self._since_voiced = self._quiet = self._steady = 0
        self._lowest = math.inf
        self._speech: list[bytes] | None = None

    @property
    def hears_speech(self) -> bool:
        """Somebody is speaking now."""
        return self._speech is not None

    def push(self, pcm: bytes) -> list[Began | Ended]:
        """Take more sound, any number of bytes; returns what it showed, in order."""
        found: list[Began | Ended] = []
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) // FRAME_BYTES * FRAME_BYTES
        self._rest = data[whole:]
        for at in range(0, whole, FRAME_BYTES):
            frame = data[at : at + FRAME_BYTES]
            event = self._wait(frame) if self._speech is None else self._follow(frame, self._speech)
            if event is not None:
                found.append(event)
        return found

    def _level(self, frame: bytes) -> float:
        buffer = self._buffer
        buffer[:] = np.frombuffer(frame, np.int16)
        return math.sqrt(float(buffer.dot(buffer)) / len(buffer))

    def _threshold(self) -> float:
        return max(self._least, self._floor * self._factor)

    def _wait(self, frame: bytes) -> Began | None:
        level = self._level(frame)
        self._before.append(frame)
        if level <= self._threshold():
            self._floor += (level - self._floor) * (0.05 if level > self._floor else 0.2)
            self._voiced = max(0, self._voiced - 1)
            self._since_voiced = self._since_voiced + 1 if self._voiced else 0
            return None
        self._voiced += 1
        self._since_voiced += 1
        if self._voiced < BEGIN_FRAMES:
            return None
        began = Began(self._since_voiced * FRAME_MS)
        self._speech = list(self._before)
        self._before.clear()
        self._voiced = self._since_voiced = self._quiet = self._steady = 0
        self._lowest = math.inf
        return began

    def _follow(self, frame: bytes, speech: list[bytes]) -> Ended | None:
        level = self._level(frame)
        speech.append(frame)
        self._lowest = min(self._lowest, level)
        self._steady += 1
        if self._steady >= STEADY_FRAMES:
            self._floor = max(self._floor, self._lowest)
            self._steady, self._lowest = 0, math.inf
        self._quiet = self._quiet + 1 if level <= self._threshold() * KEEP_SPEAKING else 0
        if self._quiet < self._silence_frames and len(speech) < LONGEST_FRAMES:
            return None
        kept = len(speech) - max(0, self._quiet - TAIL_FRAMES)
        self._speech = None
        return Ended(self._quiet * FRAME_MS, b"".join(speech[:kept]))


@dataclass(frozen=True, slots=True)
class Recognition:
    """A phrase of the vocabulary in lower case, "" for anything else; confidence 0-1 from the acoustic scores."""

    text: str
    confidence: float


class Recogniser:
    """Understands the given phrases, on one thread of its own, in about 60 ms for an utterance of two seconds.

    Two searches run over each utterance: a grammar of the phrases, and free phonemes. A phrase counts only if it
    explains the sound well enough beside the phonemes. Phrases with words the dictionary lacks are left out.
    """

    def __init__(self, phrases: Sequence[str]) -> None:
        self._phrases = sorted({" ".join(words_of(phrase)) for phrase in phrases} - {""})
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hearing")
        self._decoder: pocketsphinx.Decoder | None = None
        self._random = np.random.default_rng(7)

    async def warm(self) -> None:
        """Load the acoustic model now (about 0.1 s) rather than at the first utterance."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def recognise(self, pcm: bytes) -> Recognition:
        """What was said."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._decode, pcm)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False)

    def _decode(self, pcm: bytes) -> Recognition:
        decoder = self._load()
        sound = np.frombuffer(pcm[: len(pcm) & ~1], np.int16)
        if not sound.any():
            return Recognition("", 0.0)
        speech: NDArray[np.float64] = soxr.resample(sound.astype(np.float64), SAMPLE_RATE, _DECODER_RATE)
        # The decoder's noise tracking breaks on digital silence: surround the words with a faint hiss.
        framed = np.pad(speech, round(_EDGE_SECONDS * _DECODER_RATE))
        framed += self._random.normal(0.0, _HISS, len(framed))
        data = np.clip(framed, -32768, 32767).astype(np.int16).tobytes()
        text, score = _search(decoder, "phrases", data)
        _, free = _search(decoder, "phonemes", data)
        if not text or score <= 0.0 or free <= 0.0:
            return Recognition("", 0.0)
        margin = math.log(score / free) - (_SHORT if len(text.split()) <= _SHORT_WORDS else _LONG)
        confidence = 1 / (1 + math.exp(-20 * margin))
        return Recognition(text if margin >= 0 and text in self._phrases else "", round(confidence, 3))

    def _load(self) -> "pocketsphinx.Decoder":
        if self._decoder is None:
            # No language model of its own: the searches are added below.
            decoder = pocketsphinx.Decoder(
                lm=None, samprate=_DECODER_RATE, loglevel="FATAL", fwdflat=False, bestpath=False
            )
            known = [phrase for phrase in self._phrases if all(decoder.lookup_word(word) for word in phrase.split())]
            if len(known) < len(self._phrases):
                log.warning("phrases left out of the vocabulary", extra={"count": len(self._phrases) - len(known)})
            grammar = f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {' | '.join(known)} ;\n"
            decoder.add_jsgf_string("phrases", grammar)
            model = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us-phone.lm.bin"
            decoder.add_allphone_file("phonemes", str(model))
            self._decoder = decoder
        return self._decoder


def _search(decoder: "pocketsphinx.Decoder", name: str, data: bytes) -> tuple[str, float]:
    decoder.activate_search(name)
    decoder.start_utt()
    decoder.process_raw(data, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return ("", 0.0) if found is None else (str(found.hypstr), float(found.score))
