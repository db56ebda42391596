"""Hearing, offline: where somebody speaks (energy), and which of a few phrases they say (pocketsphinx).

What is not in the vocabulary is heard as nothing rather than as something else. Sound is PCM16 mono at 24 kHz.
"""

import asyncio
import contextlib
import json
import logging
import math
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media_tier.ports import FRAME_BYTES, FRAME_MS
from media_tier.providers.simulated.scenarios import words_of

log = logging.getLogger(__name__)

DECODER = Path(__file__).with_name("decoder.py")
LEAST_LEVEL = 340.0
"""RMS below which nothing is speech at sensitivity 0.5; each 0.5 of sensitivity halves or doubles it."""
KEEP_SPEAKING = 0.6
"""Hysteresis: speech goes on down to this share of the level it takes to begin."""
BEGIN_FRAMES = 3
TAIL_FRAMES = 10
LONGEST_FRAMES = 1500
STEADY_FRAMES = 100
"""Sound that never dips for this long is a fan, not a person."""


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
    """Understands the given phrases, in a process of its own, in about 60 ms for an utterance of two seconds.

    The process starts with the first utterance (or `warm`), and ends when this object or this program does.
    """

    def __init__(self, phrases: Sequence[str]) -> None:
        self._phrases = sorted({" ".join(words_of(phrase)) for phrase in phrases} - {""})
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hearing")
        self._decoder: subprocess.Popen[bytes] | None = None

    async def warm(self) -> None:
        """Load the acoustic model now (about half a second) rather than at the first utterance."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._running)

    async def recognise(self, pcm: bytes) -> Recognition:
        """What was said."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._decode, pcm)

    def close(self) -> None:
        """Let thread and process go."""
        self._thread.shutdown(wait=False)
        if self._decoder is not None:
            _stop(self._decoder)

    def _decode(self, pcm: bytes) -> Recognition:
        decoder = self._running()
        assert decoder.stdin is not None
        assert decoder.stdout is not None
        decoder.stdin.write(len(pcm).to_bytes(4, "big") + pcm)
        decoder.stdin.flush()
        text, confidence = json.loads(decoder.stdout.readline())
        return Recognition(text, confidence)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._decoder is None:
            command = [sys.executable, "-P", str(DECODER)]
            decoder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            weakref.finalize(self, _stop, decoder)
            assert decoder.stdin is not None
            assert decoder.stdout is not None
            decoder.stdin.write(json.dumps(self._phrases).encode() + b"\n")
            decoder.stdin.flush()
            left_out = int(decoder.stdout.readline())
            if left_out:
                log.warning("phrases left out of the vocabulary", extra={"count": left_out})
            self._decoder = decoder
        return self._decoder


def _stop(decoder: "subprocess.Popen[bytes]") -> None:
    """It ends with its input; what it is about does not matter any more."""
    for pipe in (decoder.stdin, decoder.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    decoder.kill()
    decoder.wait()
