"""Twilio's side of one bidirectional media stream, without socket or clock: what it says, holds and plays.

Frames are 20 ms. Marks come back when everything before them was played, at once if nothing is held, and all together
on `clear`. Malformed messages are warning 31950, noted once; the stream goes on.
"""

import base64
import binascii
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FRAME_MS = 20
FRAME = 160
SILENCE = b"\xff" * FRAME
MALFORMED = 31950


@dataclass
class MediaStream:
    """`take` what our server sent, `frame` every 20 ms; both answer the messages Twilio sends then."""

    account_sid: str
    call_sid: str
    stream_sid: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    warnings: list[int] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    """Everything well-formed our server sent, sound included."""
    cleared: int = 0
    flushed_ms: float = 0.0
    _held: deque[bytes | str] = field(default_factory=deque)
    _sequence: int = 0
    _chunk: int = 0

    def _message(self, event: str, **more: Any) -> str:
        self._sequence += 1
        body = {"event": event, "sequenceNumber": str(self._sequence), **more, "streamSid": self.stream_sid}
        return json.dumps(body, separators=(",", ":"))

    def opening(self) -> list[str]:
        """`connected` and `start`."""
        start = {
            "accountSid": self.account_sid,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(self.parameters),
        }
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        return [json.dumps(connected, separators=(",", ":")), self._message("start", start=start)]

    def digit(self, digit: str) -> str:
        """The caller pressed a key."""
        return self._message("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        """The stream ends, and not by us."""
        return self._message("stop", stop={"accountSid": self.account_sid, "callSid": self.call_sid})

    def frame(self, spoken: bytes) -> tuple[bytes, list[str]]:
        """20 ms pass: the caller spoke this; answers what the caller heard meanwhile, and the messages."""
        self._chunk += 1
        media = {"track": "inbound", "chunk": str(self._chunk), "timestamp": str(self._chunk * FRAME_MS)}
        messages = [self._message("media", media={**media, "payload": base64.b64encode(spoken).decode()})]
        heard = bytearray()
        while self._held and (len(heard) < FRAME or isinstance(self._held[0], str)):
            piece = self._held.popleft()
            if isinstance(piece, str):
                messages.append(self._mark(piece))
                continue
            room = FRAME - len(heard)
            heard += piece[:room]
            if piece[room:]:
                self._held.appendleft(piece[room:])
        return bytes(heard).ljust(FRAME, b"\xff"), messages

    @property
    def holds_ms(self) -> float:
        """Sound that waits to be played."""
        return sum(len(piece) for piece in self._held if isinstance(piece, bytes)) / 8

    def take(self, text: str | bytes) -> list[str]:
        """One message of our server."""
        try:
            if isinstance(text, bytes):
                raise ValueError("messages are text")
            message = json.loads(text)
            if message["streamSid"] != self.stream_sid:
                raise ValueError("another stream")
            answers = self._take(message)
        except (ValueError, KeyError, TypeError, binascii.Error):
            if MALFORMED not in self.warnings:
                self.warnings.append(MALFORMED)
            return []
        self.received.append(message)
        return answers

    def _take(self, message: dict[str, Any]) -> list[str]:
        if message["event"] == "media":
            self._held.append(base64.b64decode(message["media"]["payload"], validate=True))
            return []
        if message["event"] == "mark":
            name = message["mark"]["name"]
            if not isinstance(name, str) or not name:
                raise ValueError("a mark without a name")
            if not any(isinstance(piece, bytes) for piece in self._held):
                return [self._mark(name)]
            self._held.append(name)
            return []
        if message["event"] != "clear":
            raise ValueError("an unknown event")
        self.cleared += 1
        self.flushed_ms += self.holds_ms
        marks = [piece for piece in self._held if isinstance(piece, str)]
        self._held.clear()
        return [self._mark(name) for name in marks]

    def _mark(self, name: str) -> str:
        return self._message("mark", mark={"name": name})
