"""The process that understands utterances. Run as a file by `hearing.Recogniser`; imports nothing of the project.

It is a process because pocketsphinx holds Python's lock while it searches, for a tenth of a second and more, in which
nobody's sound would move.

It reads a line with its phrases (JSON) and answers how many of them it left out; then it reads utterances, each after
its length in four bytes (PCM16 mono 24 kHz), and answers each with a line `[text, confidence]`. It ends with its input.
"""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pocketsphinx
import soxr
from numpy.typing import NDArray

SAMPLE_RATE, DECODER_RATE = 24_000, 16_000
EDGE_SECONDS = 0.3
HISS = 40.0
SHORT, LONG = -0.125, 0.08
"""How much better (log ratio per frame) a phrase must explain the sound than free phonemes do: up to two words, more.
Measured with seven voices: known phrases from -0.106 and 0.112 upwards, unknown ones up to -0.143 and 0.052."""
SHORT_WORDS = 2


class PhraseDecoder:
    """Two searches run over each utterance: a grammar of the phrases, and free phonemes. A phrase counts only if it
    explains the sound well enough beside the phonemes. Phrases with words the dictionary lacks are left out."""

    def __init__(self, phrases: Sequence[str]) -> None:
        # No language model of its own: the searches are added below.
        self._decoder = pocketsphinx.Decoder(
            lm=None, samprate=DECODER_RATE, loglevel="FATAL", fwdflat=False, bestpath=False
        )
        self._random = np.random.default_rng(7)
        self.known = [p for p in phrases if all(self._decoder.lookup_word(word) for word in p.split())]
        grammar = f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {' | '.join(self.known)} ;\n"
        self._decoder.add_jsgf_string("phrases", grammar)
        model = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us-phone.lm.bin"
        self._decoder.add_allphone_file("phonemes", str(model))

    def decode(self, pcm: bytes) -> tuple[str, float]:
        """The phrase, "" for anything else, and a confidence (0-1) from the acoustic scores."""
        sound = np.frombuffer(pcm[: len(pcm) & ~1], np.int16)
        if not sound.any():
            return "", 0.0
        speech: NDArray[np.float64] = soxr.resample(sound.astype(np.float64), SAMPLE_RATE, DECODER_RATE)
        # The decoder's noise tracking breaks on digital silence: surround the words with a faint hiss.
        framed = np.pad(speech, round(EDGE_SECONDS * DECODER_RATE))
        framed += self._random.normal(0.0, HISS, len(framed))
        data = np.clip(framed, -32768, 32767).astype(np.int16).tobytes()
        text, score = self._search("phrases", data)
        _, free = self._search("phonemes", data)
        if not text or score <= 0.0 or free <= 0.0:
            return "", 0.0
        margin = math.log(score / free) - (SHORT if len(text.split()) <= SHORT_WORDS else LONG)
        confidence = 1 / (1 + math.exp(-20 * margin))
        return (text if margin >= 0 and text in self.known else ""), round(confidence, 3)

    def _search(self, name: str, data: bytes) -> tuple[str, float]:
        self._decoder.activate_search(name)
        self._decoder.start_utt()
        self._decoder.process_raw(data, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return ("", 0.0) if found is None else (str(found.hypstr), float(found.score))


def main() -> None:
    """Answer until the input ends."""
    source, answers = sys.stdin.buffer, sys.stdout
    phrases = json.loads(source.readline() or b"[]")
    decoder = PhraseDecoder(phrases)
    print(len(phrases) - len(decoder.known), file=answers, flush=True)
    while len(size := source.read(4)) == 4:
        pcm = source.read(int.from_bytes(size, "big"))
        print(json.dumps(decoder.decode(pcm)), file=answers, flush=True)


if __name__ == "__main__":
    main()
