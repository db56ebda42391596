"""The least a media process could do for a phone: hand µ-law from Twilio to the provider and back, nothing else.

    python -m tests.bench.phone_relay PORT PROVIDER_PORT

The yardstick for the real one: no signature, no pacing, no marks, no recording, no state.
"""

import asyncio
import sys

import picows
import uvloop

_TEXT, _CLOSE = picows.WSMsgType.TEXT, picows.WSMsgType.CLOSE
_MEDIA = b'{"event":"media"'
_START = b'{"event":"start"'
_PAYLOAD = b'"payload":"'
_SID = b'"streamSid":"'
_DELTA = b'"delta":"'


class _Provider(picows.WSListener):
    """The provider's side of one call."""

    def __init__(self, phone: picows.WSTransport, stream_sid: bytes) -> None:
        self._phone = phone
        self._head = b'{"event":"media","streamSid":"' + stream_sid + b'","media":{"payload":"'

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        message = frame.get_payload_as_bytes()
        if message.startswith(b'{"type":"response.output_audio.delta"'):
            start = message.index(_DELTA) + len(_DELTA)
            self._phone.send(_TEXT, self._head + message[start:] + b"}")


class _Phone(picows.WSListener):
    """The caller's side of one call."""

    def __init__(self, provider_port: int) -> None:
        self._provider_port = provider_port
        self._provider: picows.WSTransport | None = None
        self._task: asyncio.Task[None] | None = None

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == _CLOSE:
            transport.disconnect()
        elif frame.msg_type == _TEXT:
            message = frame.get_payload_as_bytes()
            if message.startswith(_MEDIA) and self._provider is not None:
                start = message.index(_PAYLOAD) + len(_PAYLOAD)
                payload = message[start : message.index(b'"', start)]
                self._provider.send(_TEXT, b'{"type":"input_audio_buffer.append","audio":"' + payload + b'"}')
            elif message.startswith(_START):
                at = message.index(_SID) + len(_SID)
                connecting = self._connect(transport, message[at : at + 34])
                self._task = asyncio.get_running_loop().create_task(connecting)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        if self._provider is not None:
            self._provider.disconnect()

    async def _connect(self, phone: picows.WSTransport, stream_sid: bytes) -> None:
        url = f"ws://127.0.0.1:{self._provider_port}/"
        self._provider, _ = await picows.ws_connect(lambda: _Provider(phone, stream_sid), url)


async def main(port: int, provider_port: int) -> None:
    """Serve until killed."""
    await picows.ws_create_server(lambda request: _Phone(provider_port), "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
