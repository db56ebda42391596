"""A voice of tones, an ear for loudness, words from a list: the quick, deterministic brain of a stand-in, for tests."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from infra.local.standins.conversation import BYTES_PER_MS, Began, Brain, Ended, Reply, StandInScript
from media_tier.call.commands import HistoryItem
from shared.contracts.records.call import Role

RATE = 24_000
FRAME_MS = 20
LOUD = 500.0
BEGIN_FRAMES = 3
MS_PER_LETTER = 20


def tone(ms: int, hertz: float = 440.0) -> bytes:
    """A sine of half the full scale."""
    wave = np.sin(2 * np.pi * hertz * np.arange(RATE * ms // 1000) / RATE)
    return (wave * 16_000).astype("<i2").tobytes()


def silence(ms: int) -> bytes:
    """Nothing."""
    return bytes(ms * BYTES_PER_MS)


class ToneVoice:
    """Says a sentence as one tone, 20 ms for each letter; the pitch follows from the words."""

    async def speak(self, text: str, voice: str) -> bytes:
        """The tone of `text`."""
        return tone(MS_PER_LETTER * len(text), 300.0 + sum(map(ord, text)) % 500)


class EnergyEar:
    """Loud is speech. Says so after 60 ms of it, and that it ended after `silence_ms` without."""

    def __init__(self, silence_ms: int) -> None:
        self._needed = max(1, silence_ms // FRAME_MS)
        self._rest = b""
        self._recent: deque[bytes] = deque(maxlen=BEGIN_FRAMES)
        self._loud = 0
        self._quiet = 0
        self._speech: list[bytes] | None = None

    def push(self, pcm24k: bytes) -> list[Began | Ended]:
        """Take more sound."""
        found: list[Began | Ended] = []
        data, size = self._rest + pcm24k, FRAME_MS * BYTES_PER_MS
        whole = len(data) // size * size
        self._rest = data[whole:]
        for at in range(0, whole, size):
            event = self._frame(data[at : at + size])
            if event is not None:
                # What follows in the same push has been heard too.
                later = (len(data) - at - size) // BYTES_PER_MS
                found.append(
                    Began(event.ago_ms + later) if isinstance(event, Began) else Ended(event.ago_ms + later, event.pcm)
                )
        return found

    def _frame(self, frame: bytes) -> Began | Ended | None:
        loud = float(np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).mean()) > LOUD
        if self._speech is None:
            self._recent.append(frame)
            self._loud = self._loud + 1 if loud else 0
            if self._loud < BEGIN_FRAMES:
                return None
            self._speech, self._quiet = list(self._recent), 0
            return Began(self._loud * FRAME_MS)
        self._speech.append(frame)
        self._quiet = 0 if loud else self._quiet + 1
        if self._quiet < self._needed:
            return None
        pcm = b"".join(self._speech[: len(self._speech) - self._quiet])
        self._speech, self._loud = None, 0
        return Ended(self._quiet * FRAME_MS, pcm)


class ScriptedRecogniser:
    """Understands the utterances as the given texts, in order; then as nothing."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = deque(texts)

    async def recognise(self, pcm: bytes) -> str:
        """The next text."""
        return self._texts.popleft() if self._texts else ""


class Parrot:
    """Repeats what it hears."""

    def reply(self, text: str, history: Sequence[HistoryItem] = ()) -> Reply:
        """Says it back."""
        return Reply(f"You said {text}" if text else "Hello there, how are you")

    def reply_to_tool(self, name: str, output: Mapping[str, Any]) -> Reply:
        """Says what came of it."""
        return Reply(f"The tool {name} is done")

    def go_on(self, history: Sequence[HistoryItem]) -> Reply:
        """Repeats what the caller said last, if nobody said anything since."""
        unanswered = history and history[-1].role is Role.USER
        return self.reply(history[-1].text if unanswered else "")


class ToneBrains:
    """Makes brains of tones; `texts` are what the caller's utterances mean, over all connections."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._recogniser = ScriptedRecogniser(texts)

    def __call__(self, script: StandInScript, silence_ms: int) -> Brain:
        """A BrainMaker."""
        return Brain(EnergyEar(silence_ms), self._recogniser, ToneVoice(), Parrot(), script)
