"""Hearing, offline: voice activity from energy, and words from a small vocabulary (pocketsphinx with a grammar).

What is not in the vocabulary is heard as nothing rather than as something else.
"""

import asyncio
import tempfile
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pocketsphinx
import soxr

from media_tier.providers.simulated.scenarios import words_of

RATE = 24_000
FRAME = RATE // 50
MIN_LEVEL = 260.0
"""Mean absolute sample value below which nothing is speech."""
BEGIN_FRAMES = 3
EDGE_SECONDS = 0.3
HISS = 40.0
LONGEST_FRAMES = 50 * 30


class Began:
    """Speech began `ago_ms` before what was pushed last."""

    def __init__(self, ago_ms: int) -> None:
        self.ago_ms = ago_ms


class Ended:
    """Speech ended `ago_ms` before what was pushed last; `pcm` is the utterance."""

    def __init__(self, ago_ms: int, pcm: bytes) -> None:
        self.ago_ms, self.pcm = ago_ms, pcm


class Ear:
    """Finds utterances in a stream of PCM16 24 kHz."""

    def __init__(self, *, silence_ms: int = 700, prefix_ms: int = 300, sensitivity: float = 0.5) -> None:
        self._silence_frames = max(1, silence_ms // 20)
        self._prefix: deque[bytes] = deque(maxlen=max(BEGIN_FRAMES, prefix_ms // 20))
        self._factor = 4.0 - 2.0 * sensitivity
        self._floor = 40.0
        self._rest = b""
        self._voiced = 0
        self._quiet = 0
        self._speech: list[bytes] | None = None

    def push(self, pcm: bytes) -> list[Began | Ended]:
        """Take more sound; returns what it showed."""
        found: list[Began | Ended] = []
        data = self._rest + pcm
        size = FRAME * 2
        whole = len(data) // size * size
        self._rest = data[whole:]
        for at in range(0, whole, size):
            event = self._frame(data[at : at + size])
            if event is not None:
                found.append(event)
        return found

    def _frame(self, frame: bytes) -> Began | Ended | None:
        level = float(np.abs(np.frombuffer(frame, dtype=np.int16).astype(np.int32)).mean())
        voiced = level > max(MIN_LEVEL, self._floor * self._factor)
        if self._speech is None:
            if not voiced:
                self._floor += (level - self._floor) * 0.05
            self._prefix.append(frame)
            self._voiced = self._voiced + 1 if voiced else 0
            if self._voiced < BEGIN_FRAMES:
                return None
            self._speech, self._quiet = list(self._prefix), 0
            self._prefix.clear()
            return Began(self._voiced * 20)
        self._speech.append(frame)
        self._quiet = 0 if voiced else self._quiet + 1
        if self._quiet < self._silence_frames and len(self._speech) < LONGEST_FRAMES:
            return None
        kept = max(1, len(self._speech) - self._quiet + 10)
        pcm, quiet = b"".join(self._speech[:kept]), self._quiet
        self._speech, self._voiced = None, 0
        return Ended(quiet * 20, pcm)


class Recogniser:
    """Understands the given phrases; about 20 ms for each utterance, on a thread of its own."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._phrases = {" ".join(words_of(phrase)) for phrase in phrases}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hearing")
        self._decoder: pocketsphinx.Decoder | None = None
        self._random = np.random.default_rng(7)

    async def recognise(self, pcm: bytes) -> str:
        """The phrase that was said, "" if it was none of them."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._decode, pcm)

    def _decode(self, pcm: bytes) -> str:
        decoder = self._decoder = self._decoder or self._make()
        sound = soxr.resample(np.frombuffer(pcm, dtype=np.int16), RATE, 16_000).astype(np.float64)
        edge: npt.NDArray[np.float64] = np.zeros(round(EDGE_SECONDS * 16_000))
        # The decoder's noise tracking breaks on digital silence: surround the words with a faint hiss.
        framed = np.concatenate([edge, sound, edge])
        framed += self._random.normal(0.0, HISS, len(framed))
        decoder.start_utt()
        decoder.process_raw(np.clip(framed, -32768, 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        text = "" if hypothesis is None else str(hypothesis.hypstr)
        return text if text in self._phrases else ""

    def _make(self) -> pocketsphinx.Decoder:
        with tempfile.TemporaryDirectory() as folder:
            grammar = Path(folder) / "phrases.jsgf"
            grammar.write_text(
                f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {' | '.join(sorted(self._phrases))} ;\n"
            )
            return pocketsphinx.Decoder(
                jsgf=str(grammar), samprate=16_000, loglevel="FATAL", fwdflat=False, bestpath=False
            )
