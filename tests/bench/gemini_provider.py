"""A light stand-in for Gemini Live, in its own process: the conversation of `tests.bench.provider` in its words.

    python -m tests.bench.gemini_provider PORT

Hears 16 kHz and speaks 24 kHz, in pieces of 40 ms, five of them for each 200 ms heard.
"""

import json
import sys
from typing import Any

import pybase64
import uvloop

from tests.bench.audible_stamps import PCM_16K, PCM_24K
from tests.bench.provider import (
    CALLER_STEP,
    SPOKEN_STEPS,
    STEP_MS,
    TEXT,
    AudibleSounds,
    Conversation,
    serve,
)

_DATA = b'"data":"'
_PIECE_MS = 40
_SOUND = b'{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"%s"}}]}}}'


class GeminiConversation(Conversation):
    """One call's connection."""

    def _greet(self) -> None:
        """The caller of the API speaks first."""

    def _message(self, message: bytes) -> None:
        if message.startswith(b'{"realtime_input":{"audio"'):
            start = message.index(_DATA) + len(_DATA)
            self._hear(message[start : message.index(b'"', start)])
        elif message.startswith(b'{"setup"'):
            self._send({"setupComplete": {}})

    def _advance(self, turn: int, step: int) -> None:
        if step == CALLER_STEP:
            self._activity("ACTIVITY_START", 400)
            self._content({"inputTranscription": {"text": "and then what"}})
            self._activity("ACTIVITY_END", 0)
        elif turn == 0:
            return
        elif step < SPOKEN_STEPS:
            for _ in range(STEP_MS // _PIECE_MS):
                self._transport.send(TEXT, _SOUND % pybase64.b64encode(self._sounds.said()))
            self._content({"outputTranscription": {"text": " so"}})
        elif step == SPOKEN_STEPS:
            self._content({"generationComplete": True})
            self._content({"turnComplete": True})

    def _activity(self, kind: str, ago_ms: int) -> None:
        offset = f"{(self._step * STEP_MS - ago_ms) / 1000:.3f}s"
        self._send({"voiceActivity": {"type": kind, "audioOffset": offset}})

    def _content(self, content: dict[str, Any]) -> None:
        self._send({"serverContent": content})

    def _send(self, event: dict[str, Any]) -> None:
        self._transport.send(TEXT, json.dumps(event).encode())


if __name__ == "__main__":
    sounds = AudibleSounds(PCM_16K, PCM_24K, _PIECE_MS)
    uvloop.run(serve(int(sys.argv[1]), lambda: GeminiConversation(sounds)))
