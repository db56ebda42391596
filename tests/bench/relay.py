"""The least a media process could do: hand sound from a widget to the provider and back, nothing else.

    python -m tests.bench.relay PORT PROVIDER_PORT

The yardstick for the real one: no admission, no pacing, no recording, no state.
"""

import asyncio
import sys

import picows
import uvloop

_TEXT, _CLOSE = picows.WSMsgType.TEXT, picows.WSMsgType.CLOSE
_HEAD = b'{"type":"audio","data":"'
_DELTA = b'"delta":"'


class _Provider(picows.WSListener):
    """The provider's side of one call."""

    def __init__(self, widget: picows.WSTransport) -> None:
        self._widget = widget

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        message = frame.get_payload_as_bytes()
        if message.startswith(b'{"type":"response.output_audio.delta"'):
            start = message.index(_DELTA) + len(_DELTA)
            self._widget.send(_TEXT, _HEAD + message[start:])


class _Widget(picows.WSListener):
    """The caller's side of one call."""

    def __init__(self, provider_port: int) -> None:
        self._provider_port = provider_port
        self._provider: picows.WSTransport | None = None
        self._task: asyncio.Task[None] | None = None

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._task = asyncio.get_running_loop().create_task(self._connect(transport))

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == _CLOSE:
            transport.disconnect()
        elif frame.msg_type == _TEXT and self._provider is not None:
            message = frame.get_payload_as_bytes()
            if message.startswith(_HEAD):
                self._provider.send(_TEXT, b'{"type":"input_audio_buffer.append","audio":"' + message[len(_HEAD) :])

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        if self._provider is not None:
            self._provider.disconnect()

    async def _connect(self, widget: picows.WSTransport) -> None:
        url = f"ws://127.0.0.1:{self._provider_port}/"
        self._provider, _ = await picows.ws_connect(lambda: _Provider(widget), url)
        widget.send(_TEXT, b'{"type":"connected","sessionId":"s","callId":"c","resumeToken":"r"}')


async def main(port: int, provider_port: int) -> None:
    """Serve until killed."""

    def upgrade(request: picows.WSUpgradeRequest) -> picows.WSUpgradeResponseWithListener:
        agreed = picows.WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": "call.v1"})
        return picows.WSUpgradeResponseWithListener(agreed, _Widget(provider_port))

    await picows.ws_create_server(upgrade, "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
