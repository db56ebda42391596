"""Widgets in real time, in their own process: 20 ms messages out, sound in, `played` five times a second.

    python -m tests.bench.load PORT CALLS SECONDS [SESSIONS_FILE]

SESSIONS_FILE holds "session-id token" lines, one per call; without it any id and token are used. Prints the delays of
what reached the widgets as JSON.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import picows
import uvloop

from media_tier.legs.web_wire import encode_audio
from tests.bench.stamps import age_ms, stamped, summary

_TEXT = picows.WSMsgType.TEXT
_HEAD = b'{"type":"audio","data":"'
_FRAME_BYTES = 960
_RATE = 24_000
_STARTED_PER_SECOND = 40
_WARM_UP_SECONDS = 12
"""Until the last call's greeting is over and its conversation goes on."""


class Widget(picows.WSListener):
    """One caller: plays what it gets in real time and says so."""

    delays: list[float] = []  # noqa: RUF012 - shared by all widgets on purpose

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.lost = False
        self.closed_with = 0
        self.received = 0
        self.played = 0
        self._transport: picows.WSTransport | None = None
        self._playing_until = 0.0

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            self.lost, self.closed_with = True, int(frame.get_close_code().value)
            transport.disconnect()
        elif frame.msg_type == _TEXT:
            self._message(transport, frame.get_payload_as_bytes())

    def _message(self, transport: picows.WSTransport, message: bytes) -> None:
        if message.startswith(_HEAD):
            age = age_ms(message[len(_HEAD) : len(_HEAD) + 24])
            if age is not None:
                self.delays.append(age)
            samples = (len(message) - len(_HEAD) - 2) * 3 // 8
            self.received += samples
            self._playing_until = max(self._playing_until, time.monotonic()) + samples / _RATE
        elif message.startswith(b'{"type":"connected"'):
            self.connected.set()
        elif message.startswith(b'{"type":"stop_audio"'):
            self._acknowledge()
            self._playing_until = 0.0
            self.received = self.played
            transport.send(_TEXT, b'{"type":"stopped","samples":%d}' % self.played)

    def _acknowledge(self) -> None:
        left = max(0.0, self._playing_until - time.monotonic())
        self.played = max(self.played, self.received - int(left * _RATE))

    async def call(self, url: str, token: str, over: asyncio.Event) -> None:
        """Connect, talk until it is over, hang up."""
        headers = {"Sec-WebSocket-Protocol": f"call.v1, token.{token}", "Origin": "http://127.0.0.1"}
        transport, _ = await picows.ws_connect(lambda: self, url, extra_headers=headers)
        await asyncio.wait_for(self.connected.wait(), 20)
        due = time.monotonic()
        number = 0
        while not over.is_set() and not self.lost:
            transport.send(_TEXT, encode_audio(stamped(_FRAME_BYTES)))
            number += 1
            if number % 10 == 0 and self.played < self.received:
                self._acknowledge()
                transport.send(_TEXT, b'{"type":"played","samples":%d}' % self.played)
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        transport.send(_TEXT, b'{"type":"end"}')
        transport.disconnect()


async def main(port: int, calls: int, seconds: float, sessions: list[tuple[str, str]]) -> None:
    """Start the calls, say "steady" once all talk, let them all end together `seconds` later."""
    over = asyncio.Event()
    widgets = [Widget() for _ in range(calls)]
    tasks = []
    for index, widget in enumerate(widgets):
        session_id, token = sessions[index] if sessions else (f"bench-{index}", "bench")
        url = f"ws://127.0.0.1:{port}/api/widget/call/{session_id}/ws"
        tasks.append(asyncio.create_task(widget.call(url, token, over)))
        await asyncio.sleep(1 / _STARTED_PER_SECOND)
    await asyncio.sleep(_WARM_UP_SECONDS)
    Widget.delays.clear()
    print("steady", flush=True)
    await asyncio.sleep(seconds)
    summed = summary(Widget.delays)
    lost = [widget.closed_with for widget in widgets if widget.lost]
    over.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [repr(result) for result in results if isinstance(result, BaseException)]
    report = summed | {"failed": len(failed), "lost": len(lost)}
    print(json.dumps(report | {"first_failure": failed[0] if failed else None, "codes": sorted(set(lost))}), flush=True)


if __name__ == "__main__":
    lines = Path(sys.argv[4]).read_text().splitlines() if len(sys.argv) > 4 else []
    pairs = [(line.split()[0], line.split()[1]) for line in lines if line.strip()]
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), pairs))
