"""Callers who break the rules, over bare sockets: no client library would send what they send.

Each attack takes what it needs to join and answers how it ended: the close code, and the code and sentence of the last
error message before it. All of them block and are bounded by TIMEOUT.
"""

import contextlib
import json
import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

from media_tier.legs.web_wire import encode_audio

TIMEOUT = 30.0
TEXT, BINARY, CONTINUATION, CLOSE = 0x81, 0x82, 0x80, 0x88
PING = b'{"type":"ping","t":1}'
SECOND_OF_SOUND = 48_000
ACCOUNT_SID, STREAM_SID = "AC" + "1" * 32, "MZ" + "3" * 32


@dataclass(frozen=True, slots=True)
class Ending:
    """A close code or HTTP status, and what was said about it. 0: the line was cut."""

    code: int
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What it takes to join: where, which session, with which token, from which site; for a carrier's stream, by whose
    `account` and `signature`, and for which call.
    """

    port: int
    session_id: str
    token: str
    origin: str
    account: str = ""
    signature: str = ""
    call_sid: str = ""

    @property
    def head(self) -> str:
        """What differs in the upgrade's request."""
        if self.account:
            path = f"/api/webhooks/twilio/stream/{self.account}/{self.session_id}.{self.token}"
            return f"GET {path} HTTP/1.1\r\nX-Twilio-Signature: {self.signature}\r\n"
        offered = f"call.v1, token.{self.token}"
        path = f"/api/widget/call/{self.session_id}/ws"
        return f"GET {path} HTTP/1.1\r\nOrigin: {self.origin}\r\nSec-WebSocket-Protocol: {offered}\r\n"


def frame(payload: bytes, first: int = TEXT) -> bytes:
    """One masked client frame (mask zero)."""
    size = len(payload)
    if size < 126:
        head = bytes([first, 0x80 | size])
    elif size < 2**16:
        head = bytes([first, 0xFE]) + size.to_bytes(2)
    else:
        head = bytes([first, 0xFF]) + size.to_bytes(8)
    return head + bytes(4) + payload


class Line:
    """A connection that was upgraded. `reads` False: nothing is read before `listen`."""

    def __init__(self, ticket: Ticket, *, reads: bool = True, receive_buffer: int = 0) -> None:
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(("127.0.0.1", ticket.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(
            f"{ticket.head}Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        self._heard = bytearray()
        self._reader: threading.Thread | None = None
        if reads:
            self.listen()

    @property
    def over(self) -> bool:
        """The far end was heard to go."""
        return self._reader is not None and not self._reader.is_alive()

    def listen(self) -> None:
        """Read from now on."""
        if self._reader is not None:
            return
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(1 << 18):
                self._heard += data

    def send(self, data: bytes) -> bool:
        """Send bytes as they are; False once the far end is gone."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def joined(self) -> bool:
        """Wait until the call goes on, or the line is over."""
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and not self.over:
            if b'"type":"connected"' in self._heard:
                return True
            time.sleep(0.002)
        return False

    def ending(self) -> Ending:
        """Wait for the close frame, or for the end without one."""
        until = time.monotonic() + TIMEOUT
        while not (ending := self._ending()).code and not self.over and time.monotonic() < until:
            time.sleep(0.005)
        self.drop()
        return ending if ending.code else self._ending()

    def _ending(self) -> Ending:
        code, said = 0, {"code": "", "message": ""}
        head, _, frames = bytes(self._heard).partition(b"\r\n\r\n")
        if head and not head.startswith(b"HTTP/1.1 101"):
            return Ending(int(head.split(b" ")[1]))
        for first, payload in _frames(frames):
            if first & 0x0F == 8:
                code = int.from_bytes(payload[:2])
            elif payload.startswith(b'{"type":"error"'):
                said = json.loads(payload)
        return Ending(code, said["code"], said["message"])

    def drop(self) -> None:
        """Let go."""
        self._socket.close()


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + 2 <= len(data):
        first, size, head = data[at], data[at + 1] & 0x7F, 2
        if size == 126:
            size, head = int.from_bytes(data[at + 2 : at + 4]), 4
        elif size == 127:
            size, head = int.from_bytes(data[at + 2 : at + 10]), 10
        if at + head + size > len(data):
            break
        found.append((first, data[at + head : at + head + size]))
        at += head + size
    return found


def says(ticket: Ticket, *messages: bytes) -> Ending:
    """Joins, sends these bytes and waits for the end."""
    line = Line(ticket)
    if line.joined():
        for message in messages:
            if not line.send(message):
                break
    return line.ending()


def streams(ticket: Ticket, *messages: bytes) -> Ending:
    """Sends these on a carrier's stream as soon as it may, and waits for the end."""
    line = Line(ticket)
    for message in messages:
        if not line.send(message):
            break
    return line.ending()


def event(kind: str, **more: Any) -> bytes:
    """A message of Twilio's."""
    return frame(json.dumps({"event": kind, "streamSid": STREAM_SID, **more}).encode())


def start(ticket: Ticket, account_sid: str = ACCOUNT_SID) -> bytes:
    """`connected` and `start`."""
    told = {"accountSid": account_sid, "streamSid": STREAM_SID, "callSid": ticket.call_sid, "tracks": ["inbound"]}
    sound = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    return event("connected", protocol="Call", version="1.0.0") + event(
        "start", sequenceNumber="1", start={**told, "mediaFormat": sound, "customParameters": {}}
    )


def media(payload: str) -> bytes:
    """Sound of the caller."""
    return event("media", media={"track": "inbound", "chunk": "1", "timestamp": "20", "payload": payload})


def floods(ticket: Ticket, message: bytes, megabytes: int = 2048) -> Ending:
    """Joins and sends this over and over, as fast as the line takes it, long after it was told to stop."""
    line = Line(ticket)
    if line.joined():
        volley = message * max(1, (1 << 18) // len(message))
        for _ in range(megabytes * 1_000_000 // len(volley)):
            if not line.send(volley):
                break
    return line.ending()


def joins_only(ticket: Ticket) -> Ending:
    """Tries to join, and waits for the end."""
    return Line(ticket).ending()


def hangs_up(ticket: Ticket) -> Ending:
    """Joins and says goodbye: nothing is wrong with it."""
    return says(ticket, frame((1000).to_bytes(2), CLOSE))


def falls_silent(ticket: Ticket) -> Ending:
    """Joins and sends nothing more, as a device whose network went away does."""
    line = Line(ticket)
    line.joined()
    return line.ending()


def reads_slowly(ticket: Ticket, seconds: float = 8.0) -> Ending:
    """Joins, speaks, and reads nothing for a while; then reads all of it but never answers a ping."""
    line = Line(ticket, reads=False, receive_buffer=4096)
    speech = frame(encode_audio(bytes(SECOND_OF_SOUND // 50)))
    began = time.monotonic()
    while not line.over and time.monotonic() < began + TIMEOUT and line.send(speech):
        if time.monotonic() > began + seconds:
            line.listen()
        time.sleep(0.02)
    return line.ending()


def half_a_request(ticket: Ticket) -> Ending:
    """Begins a request and never ends it."""
    with socket.create_connection(("127.0.0.1", ticket.port), TIMEOUT) as half:
        half.sendall(b"GET /api/widget/call/x/ws HTTP/1.1\r\nHost: h\r\nUpgra")
        with contextlib.suppress(ConnectionResetError):
            assert half.recv(1024) == b""
    return Ending(0)


def silent_sockets(ticket: Ticket, count: int = 700) -> Ending:
    """Opens more connections than may be half open at once and says nothing on any: the oldest is cut at once."""
    held: list[socket.socket] = []
    try:
        held.extend(socket.create_connection(("127.0.0.1", ticket.port), TIMEOUT) for _ in range(count))
        with contextlib.suppress(ConnectionResetError):
            assert held[0].recv(1) == b""
    finally:
        for connection in held:
            connection.close()
    return Ending(0)


def garbage(size: int) -> bytes:
    """A message of random letters."""
    return os.urandom(size // 2 + 1).hex().encode()[:size]
