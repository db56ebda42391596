"""Twilio's side of calls in real time, in its own process: 20 ms messages out, sound in, marks back once played.

    python -m tests.bench.phone_load PORT CALLS SECONDS STREAMS_FILE

STREAMS_FILE holds "path signature" lines, one per call; without them the relay's port is called anyhow. One wheel turns
all phones, a few every two milliseconds, because a timer for each would cost more than what is measured. Prints the
delays of what reached the phones as JSON.
"""

import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path

import picows
import pybase64
import uvloop

from tests.bench.audible_stamps import MULAW, Stamps
from tests.bench.stamps import summary

_TEXT = picows.WSMsgType.TEXT
_STAMPS = Stamps(MULAW, 20)
_STARTED_PER_SECOND = 50
_WARM_UP_SECONDS = 12
"""Until the last call's greeting is over and its conversation goes on."""
_SLOTS = 10
_PERIOD = 0.02
_PAYLOAD = b'"payload":"'
_NAME = b'"name":"'
ACCOUNT_SID = "AC" + "1" * 32


class Phone(picows.WSListener):
    """One stream: holds what it gets, plays it in real time, and sends each mark back when it is reached."""

    delays: list[float] = []  # noqa: RUF012 - shared by all phones on purpose

    def __init__(self, number: int) -> None:
        sid = f"MZ{number:032x}"
        self.lost, self.closed_with, self.marks_back, self.cleared = False, 0, 0, 0
        self.hung_up = False
        self._call_sid, self._sid = f"CA{number:032x}", sid
        self._transport: picows.WSTransport | None = None
        self._frames = 0
        self._playing_until = 0.0
        self._marks: deque[tuple[float, bytes]] = deque()
        self._tail = f'"}},"streamSid":"{sid}"}}'.encode()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            self.lost, self.closed_with = not self.hung_up, int(frame.get_close_code().value)
            transport.disconnect()
        elif frame.msg_type == _TEXT:
            self._message(frame.get_payload_as_bytes())

    def _message(self, message: bytes) -> None:
        if message.startswith(b'{"event":"media"'):
            at = message.index(_PAYLOAD) + len(_PAYLOAD)
            mulaw = pybase64.b64decode(message[at : message.index(b'"', at)])
            stamp = _STAMPS.read(mulaw)
            if stamp is not None:
                self.delays.append(stamp[0])
            self._playing_until = max(self._playing_until, time.monotonic()) + len(mulaw) / MULAW.rate
        elif message.startswith(b'{"event":"mark"'):
            at = message.index(_NAME) + len(_NAME)
            self._marks.append((self._playing_until, message[at : message.index(b'"', at)]))
        elif message.startswith(b'{"event":"clear"'):
            self.cleared += 1
            self._playing_until = 0.0
            self._send_marks(float("inf"))

    def _send_marks(self, now: float) -> None:
        while self._marks and self._marks[0][0] <= now and self._transport is not None:
            _, name = self._marks.popleft()
            self.marks_back += 1
            self._transport.send(
                _TEXT,
                b'{"event":"mark","sequenceNumber":"%d","streamSid":"%s","mark":{"name":"%s"}}'
                % (self._frames + 2, self._sid.encode(), name),
            )

    async def call(self, url: str, signature: str) -> None:
        """Connect and say whose stream this is."""
        headers = {"X-Twilio-Signature": signature} if signature else {}
        transport, _ = await picows.ws_connect(lambda: self, url, extra_headers=headers)
        transport.send(_TEXT, b'{"event":"connected","protocol":"Call","version":"1.0.0"}')
        start = {
            "event": "start",
            "sequenceNumber": "1",
            "start": {
                "accountSid": ACCOUNT_SID,
                "streamSid": self._sid,
                "callSid": self._call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": {},
            },
            "streamSid": self._sid,
        }
        transport.send(_TEXT, json.dumps(start, separators=(",", ":")).encode())
        self._transport = transport

    def turn(self, now: float) -> None:
        """Send 20 ms, and the marks that were reached."""
        transport = self._transport
        if transport is None or self.lost:
            return
        self._frames += 1
        number = self._frames
        transport.send(
            _TEXT,
            b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d",'
            b'"payload":"%s%s' % (number + 1, number, number * 20, pybase64.b64encode(_STAMPS.chunk()), self._tail),
        )
        if self._marks:
            self._send_marks(now)

    def hang_up(self) -> None:
        """The caller is gone."""
        self.hung_up = True
        if self._transport is not None:
            self._transport.send(_TEXT, b'{"event":"stop","sequenceNumber":"0","stop":{%s' % self._tail[2:])
            self._transport.disconnect()


async def _wheel(phones: list[Phone], over: asyncio.Event) -> None:
    due, slot = time.monotonic(), 0
    while not over.is_set():
        now = time.monotonic()
        for phone in phones[slot::_SLOTS]:
            phone.turn(now)
        slot = (slot + 1) % _SLOTS
        due += _PERIOD / _SLOTS
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def main(port: int, calls: int, seconds: float, streams: list[tuple[str, str]]) -> None:
    """Start the calls, say "steady" once all talk, let them all end together `seconds` later."""
    over = asyncio.Event()
    phones = [Phone(number) for number in range(calls)]
    wheel = asyncio.create_task(_wheel(phones, over))
    connecting = []
    for number, phone in enumerate(phones):
        path, signature = streams[number] if streams else ("/", "")
        connecting.append(asyncio.create_task(phone.call(f"ws://127.0.0.1:{port}{path}", signature)))
        await asyncio.sleep(1 / _STARTED_PER_SECOND)
    results = await asyncio.gather(*connecting, return_exceptions=True)
    await asyncio.sleep(_WARM_UP_SECONDS)
    Phone.delays.clear()
    print("steady", flush=True)
    await asyncio.sleep(seconds)
    summed = summary(Phone.delays)
    lost = [phone.closed_with for phone in phones if phone.lost]
    over.set()
    await wheel
    for phone in phones:
        phone.hang_up()
    failed = [repr(result) for result in results if isinstance(result, BaseException)]
    report = summed | {"failed": len(failed), "lost": len(lost)}
    report["marks"] = sum(phone.marks_back for phone in phones) / calls
    print(json.dumps(report | {"first_failure": failed[0] if failed else None, "codes": sorted(set(lost))}), flush=True)


if __name__ == "__main__":
    lines = Path(sys.argv[4]).read_text().splitlines() if len(sys.argv) > 4 else []
    pairs = [(line.split()[0], line.split()[1]) for line in lines if line.strip()]
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), pairs))
