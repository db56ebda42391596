"""A light stand-in for OpenAI Realtime, in its own process: a conversation that never pauses.

    python -m tests.bench.provider PORT [mulaw]

Counts time by the sound it gets. After five seconds the caller is heard to speak; from then on turns of five seconds
follow each other: four in which the AI speaks, 200 ms of sound for each 200 ms heard, with its words, then one in
which the caller does. Prints the delays of what reached it as JSON when told to terminate;
SIGUSR1 forgets them. `mulaw`: a phone's sound and stamps instead of a widget's.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from typing import Any

import picows
import pybase64
import uvloop

from tests.bench.audible_stamps import MULAW, PCM_24K, Sound, Stamps
from tests.bench.stamps import age_ms, stamped, summary

TEXT = picows.WSMsgType.TEXT
STEP_MS = 200
TURN_STEPS = 25
SPOKEN_STEPS = 20
CALLER_STEP = 24
_APPEND = b'"audio":"'
delays: list[float] = []
filters: list[float] = []
"""By how many milliseconds sound has moved within its frame."""


class Sounds:
    """What is said and heard; `heard` takes a base64 frame and keeps its delay."""

    def __init__(self, sound: Sound = PCM_24K) -> None:
        self.step_bytes = STEP_MS * sound.rate // 1000 * sound.width

    def said(self) -> bytes:
        """A step of sound."""
        return stamped(self.step_bytes)

    def heard(self, frame: bytes) -> None:
        """The caller's sound."""
        age = age_ms(frame[:24])
        if age is not None:
            delays.append(age)


class AudibleSounds(Sounds):
    """The same with stamps that can be heard."""

    def __init__(self, heard: Sound, said: Sound, piece_ms: int = STEP_MS) -> None:
        super().__init__(heard)
        self._heard, self._said = Stamps(heard, 20), Stamps(said, piece_ms)

    def said(self) -> bytes:
        return self._said.chunk()

    def heard(self, frame: bytes) -> None:
        stamp = self._heard.read(pybase64.b64decode(frame))
        if stamp is not None:
            delays.append(stamp[0])
            filters.append(stamp[1])


class Conversation(picows.WSListener):
    """One call's connection."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds
        self._bytes = 0
        self._step = 0
        self._transport: picows.WSTransport

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        self._greet()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type in (TEXT, picows.WSMsgType.BINARY):
            self._message(frame.get_payload_as_bytes())

    def _greet(self) -> None:
        self._send({"type": "session.created", "session": {"id": "s"}})

    def _message(self, message: bytes) -> None:
        if b"input_audio_buffer.append" in message[:200]:
            start = message.index(_APPEND) + len(_APPEND)
            self._hear(message[start : message.index(b'"', start)])
        elif b"session.update" in message[:200]:
            self._send({"type": "session.updated", "session": {"id": "s"}})

    def _hear(self, frame: bytes) -> None:
        self._sounds.heard(frame)
        self._bytes += len(frame) * 3 // 4 - frame.count(b"=", -2)
        while self._bytes >= (self._step + 1) * self._sounds.step_bytes:
            self._step += 1
            self._advance(*divmod(self._step, TURN_STEPS))

    def _advance(self, turn: int, step: int) -> None:
        response, item = f"resp_{turn}", f"item_{turn}"
        if step == CALLER_STEP:
            self._caller(f"said_{turn}")
        elif turn == 0:
            return
        elif step < SPOKEN_STEPS:
            if step == 0:
                body = {"id": response, "status": "in_progress", "metadata": None}
                self._send({"type": "response.created", "response": body})
                self._send({"type": "response.output_item.added", "response_id": response, "item": {"id": item}})
                self._send({"type": "conversation.item.added", "item": {"id": item, "type": "message"}})
            self._transport.send(
                TEXT,
                b'{"type":"response.output_audio.delta","event_id":"e","response_id":"%s","item_id":"%s",'
                b'"output_index":0,"content_index":0,"delta":"%s"}'
                % (response.encode(), item.encode(), pybase64.b64encode(self._sounds.said())),
            )
            said = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
            self._send({"type": "response.output_audio_transcript.delta", "delta": " so", **said})
        elif step == SPOKEN_STEPS:
            self._done(response, item)

    def _done(self, response: str, item: str) -> None:
        said = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self._send({"type": "response.output_audio.done", **said})
        self._send({"type": "response.output_audio_transcript.done", "transcript": " so" * SPOKEN_STEPS, **said})
        message = {"id": item, "type": "message", "status": "completed", "role": "assistant"}
        self._send({"type": "response.output_item.done", "response_id": response, "item": message})
        usage = {
            "input_tokens": 900,
            "output_tokens": 100,
            "input_token_details": {"text_tokens": 300, "audio_tokens": 600, "cached_tokens": 512},
            "output_token_details": {"text_tokens": 20, "audio_tokens": 80},
        }
        body = {"id": response, "status": "completed", "output": [message], "usage": usage}
        self._send({"type": "response.done", "response": body})

    def _caller(self, item: str) -> None:
        heard_ms = self._step * STEP_MS
        started = {"audio_start_ms": heard_ms - 400, "item_id": item}
        self._send({"type": "input_audio_buffer.speech_started", **started})
        self._send({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": heard_ms, "item_id": item})
        self._send({"type": "input_audio_buffer.committed", "item_id": item})
        heard = {"item_id": item, "content_index": 0}
        kind = "conversation.item.input_audio_transcription"
        self._send({"type": f"{kind}.delta", "delta": "and then", **heard})
        usage = {"type": "duration", "seconds": 1}
        self._send({"type": f"{kind}.completed", "transcript": "and then what", "usage": usage, **heard})

    def _send(self, event: dict[str, Any]) -> None:
        self._transport.send(TEXT, json.dumps({"event_id": "e", **event}).encode())


async def serve(port: int, conversation: Callable[[], Conversation]) -> None:
    """Serve until terminated, then print what was measured."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, delays.clear)
    await picows.ws_create_server(lambda request: conversation(), "127.0.0.1", port)
    print("ready", flush=True)
    await stop.wait()
    print(json.dumps(summary(delays) | {"filter": summary(filters)["p50"]}), flush=True)


if __name__ == "__main__":
    sounds = AudibleSounds(MULAW, MULAW) if sys.argv[2:] == ["mulaw"] else Sounds()
    uvloop.run(serve(int(sys.argv[1]), lambda: Conversation(sounds)))
