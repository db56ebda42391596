"""Speech of constant levels: each thing a caller says has its own, so that a stand-in understands it after resampling.

Cheap enough for an hour of it: an ear that looks at one sample of each frame, and answers that are silence of a length.
"""

import struct
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.standins.conversation import BYTES_PER_MS, Began, Brain, Ended, Reply, StandInScript
from media_tier.call.commands import HistoryItem
from media_tier.call.heard import estimated_ms
from shared.contracts.records.call import Role

FRAME_BYTES = 20 * BYTES_PER_MS
BEGIN_FRAMES = 3
LOWEST, STEP = 2000, 40
LOUD = 500

STORY = " ".join(["We began by the harbour and repaired tents and ropes, and over the years"] * 4) + " we grew."


def spoken(number: int, ms: int) -> bytes:
    """The caller says the text of this number."""
    return struct.pack("<h", LOWEST + STEP * number) * (ms * BYTES_PER_MS // 2)


class LevelEar:
    """Finds utterances; `silence_ms` of quiet end one."""

    def __init__(self, silence_ms: int) -> None:
        self._needed = silence_ms // 20
        self._rest = b""
        self._loud = self._quiet = 0
        self._speech: list[bytes] | None = None

    def push(self, pcm24k: bytes) -> list[Began | Ended]:
        found: list[Began | Ended] = []
        data = self._rest + pcm24k
        whole = len(data) // FRAME_BYTES * FRAME_BYTES
        self._rest = data[whole:]
        for at in range(0, whole, FRAME_BYTES):
            (level,) = struct.unpack_from("<h", data, at + FRAME_BYTES // 2)
            after_ms = (len(data) - at - FRAME_BYTES) // BYTES_PER_MS
            if self._speech is None:
                self._loud = self._loud + 1 if level > LOUD else 0
                if self._loud >= BEGIN_FRAMES:
                    self._speech, self._quiet = [], 0
                    found.append(Began(self._loud * 20 + after_ms))
                continue
            self._speech.append(data[at : at + FRAME_BYTES])
            self._quiet = 0 if level > LOUD else self._quiet + 1
            if self._quiet >= self._needed:
                loud = self._speech[: len(self._speech) - self._quiet]
                found.append(Ended(self._quiet * 20 + after_ms, b"".join(loud)))
                self._speech, self._loud = None, 0
        return found


class LevelRecogniser:
    """Knows which text belongs to which level."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    async def recognise(self, pcm: bytes) -> str:
        levels = sorted(array("h", pcm))
        number = round((levels[len(levels) // 2] - LOWEST) / STEP) if levels else -1
        return self._texts[number] if 0 <= number < len(self._texts) else ""


class QuietVoice:
    """Takes as long as a person would."""

    async def speak(self, text: str, voice: str) -> bytes:
        return bytes(estimated_ms(text) * BYTES_PER_MS)


class Shop:
    """What the model answers: to questions from its memory of the conversation, to orders from a tool, and a story."""

    def reply(self, text: str, history: Sequence[HistoryItem] = ()) -> Reply:
        number = number_of(text)
        if "order" in text:
            return Reply("", ("check_order_status", {"order_number": number}))
        if "story" in text:
            return Reply(STORY)
        asked = next((line.text for line in reversed(history) if line.role is Role.USER), "")
        return Reply(answer(number_of(asked), number))

    def reply_to_tool(self, name: str, output: Mapping[str, Any]) -> Reply:
        return Reply(status(str(output.get("order_number", ""))))

    def go_on(self, history: Sequence[HistoryItem]) -> Reply:
        if history and history[-1].role is Role.USER:
            return self.reply(history[-1].text, history[:-1])
        return Reply("I am listening again.")


def number_of(text: str) -> str:
    """The number in what the caller says; every utterance has one."""
    return "".join(filter(str.isdigit, text))


def answer(before: str, number: str) -> str:
    """The answer to a question, which tells what was asked before it."""
    return f"After {before or 'nothing'} comes {number}, as you know."


def status(number: str) -> str:
    """What is said of an order."""
    return f"Your order {number} is on its way."


class LevelBrains:
    """A BrainMaker over the texts the caller may say."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._recogniser = LevelRecogniser(texts)

    def __call__(self, script: StandInScript, silence_ms: int) -> Brain:
        return Brain(LevelEar(silence_ms), self._recogniser, QuietVoice(), Shop(), script)
