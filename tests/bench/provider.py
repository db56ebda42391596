"""A light stand-in for OpenAI Realtime, in its own process: answers every 200 ms of sound with 200 ms at once.

    python -m tests.bench.provider PORT

Prints the delays of what reached it as JSON when told to terminate.
"""

import asyncio
import json
import signal
import sys

import picows
import pybase64
import uvloop

from tests.bench.stamps import age_ms, stamped, summary

_APPEND = b'"audio":"'
_DELTA_BYTES = 9600
delays: list[float] = []


class _Conversation(picows.WSListener):
    """One call's connection."""

    def __init__(self) -> None:
        self._unanswered = 0
        self._responses = 0

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        transport.send(picows.WSMsgType.TEXT, b'{"type":"session.created","event_id":"e0","session":{"id":"s"}}')

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type == picows.WSMsgType.TEXT:
            self._message(transport, frame.get_payload_as_bytes())

    def _message(self, transport: picows.WSTransport, message: bytes) -> None:
        if b"input_audio_buffer.append" not in message[:200]:
            if b"session.update" in message[:200]:
                transport.send(
                    picows.WSMsgType.TEXT, b'{"type":"session.updated","event_id":"e1","session":{"id":"s"}}'
                )
            return
        start = message.index(_APPEND) + len(_APPEND)
        end = message.index(b'"', start)
        age = age_ms(message[start : start + 24])
        if age is not None:
            delays.append(age)
        self._unanswered += (end - start) * 3 // 4
        while self._unanswered >= _DELTA_BYTES:
            self._unanswered -= _DELTA_BYTES
            self._responses += 1
            transport.send(
                picows.WSMsgType.TEXT,
                b'{"type":"response.output_audio.delta","event_id":"e","response_id":"r1","item_id":"i1",'
                b'"output_index":0,"content_index":0,"delta":"' + pybase64.b64encode(stamped(_DELTA_BYTES)) + b'"}',
            )


async def main(port: int) -> None:
    """Serve until terminated."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await picows.ws_create_server(lambda request: _Conversation(), "127.0.0.1", port)
    print("ready", flush=True)
    await stop.wait()
    print(json.dumps(summary(delays)), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
