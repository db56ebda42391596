"""A light stand-in for OpenAI Realtime, in its own process: a conversation that never pauses.

    python -m tests.bench.provider PORT

Counts time by the sound it gets. After five seconds the caller is heard to speak; from then on turns of five seconds
follow each other: four in which the AI speaks, 200 ms of sound for each 200 ms heard, with its words, then one in
which the caller does. Prints the delays of what reached it as JSON when told to terminate;
SIGUSR1 forgets them.
"""

import asyncio
import json
import signal
import sys
from typing import Any

import picows
import pybase64
import uvloop

from tests.bench.stamps import age_ms, stamped, summary

_TEXT = picows.WSMsgType.TEXT
_APPEND = b'"audio":"'
_DELTA_BYTES = 9600
_STEP_MS = 200
_TURN_STEPS = 25
_SPOKEN_STEPS = 20
_CALLER_STEP = 24
delays: list[float] = []


class _Conversation(picows.WSListener):
    """One call's connection."""

    def __init__(self) -> None:
        self._bytes = 0
        self._step = 0
        self._transport: picows.WSTransport

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        self._send({"type": "session.created", "session": {"id": "s"}})

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type == _TEXT:
            self._message(frame.get_payload_as_bytes())

    def _message(self, message: bytes) -> None:
        if b"input_audio_buffer.append" not in message[:200]:
            if b"session.update" in message[:200]:
                self._send({"type": "session.updated", "session": {"id": "s"}})
            return
        start = message.index(_APPEND) + len(_APPEND)
        end = message.index(b'"', start)
        age = age_ms(message[start : start + 24])
        if age is not None:
            delays.append(age)
        self._bytes += (end - start) * 3 // 4
        while self._bytes >= (self._step + 1) * _DELTA_BYTES:
            self._step += 1
            self._advance(*divmod(self._step, _TURN_STEPS))

    def _advance(self, turn: int, step: int) -> None:
        response, item = f"resp_{turn}", f"item_{turn}"
        if step == _CALLER_STEP:
            self._caller(f"said_{turn}")
        elif turn == 0:
            return
        elif step < _SPOKEN_STEPS:
            if step == 0:
                body = {"id": response, "status": "in_progress", "metadata": None}
                self._send({"type": "response.created", "response": body})
                self._send({"type": "response.output_item.added", "response_id": response, "item": {"id": item}})
                self._send({"type": "conversation.item.added", "item": {"id": item, "type": "message"}})
            self._transport.send(
                _TEXT,
                b'{"type":"response.output_audio.delta","event_id":"e","response_id":"%s","item_id":"%s",'
                b'"output_index":0,"content_index":0,"delta":"%s"}'
                % (response.encode(), item.encode(), pybase64.b64encode(stamped(_DELTA_BYTES))),
            )
            said = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
            self._send({"type": "response.output_audio_transcript.delta", "delta": " so", **said})
        elif step == _SPOKEN_STEPS:
            self._done(response, item)

    def _done(self, response: str, item: str) -> None:
        said = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self._send({"type": "response.output_audio.done", **said})
        self._send({"type": "response.output_audio_transcript.done", "transcript": " so" * _SPOKEN_STEPS, **said})
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
        heard_ms = self._step * _STEP_MS
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
        self._transport.send(_TEXT, json.dumps({"event_id": "e", **event}).encode())


async def main(port: int) -> None:
    """Serve until terminated."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, delays.clear)
    await picows.ws_create_server(lambda request: _Conversation(), "127.0.0.1", port)
    print("ready", flush=True)
    await stop.wait()
    print(json.dumps(summary(delays)), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
