"""The widget's socket protocol as bytes, for the web leg: no state, no I/O.

Invariant: whatever arrives, `parse` returns a message or raises `BadMessage`; nothing else escapes. Sound and its
acknowledgement exactly as our client writes them are cut out by hand, everything else goes through the models of
`messages.widget_socket`.
"""

import binascii
import math
import re
from typing import Any

import orjson
import pybase64
from pydantic import TypeAdapter, ValidationError

from shared.contracts.messages.widget_socket import (
    MAX_MESSAGE_BYTES,
    Audio,
    ClientMessage,
    End,
    Mute,
    Ping,
    Played,
    QualityReport,
    Stopped,
)

_AUDIO_HEAD = b'{"type":"audio","data":"'
_AUDIO_TAIL = b'"}'
_HEAD_LENGTH = len(_AUDIO_HEAD)
_PLAYED = re.compile(rb'\{"type":"played","samples":([1-9][0-9]{0,14})\}')

STOP_AUDIO = b'{"type":"stop_audio"}'

_client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class BadMessage(Exception):
    """A message that breaks the protocol. `code` is for programs, `message` for people; neither quotes the input."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class MessageTooBig(BadMessage):
    """More than MAX_MESSAGE_BYTES."""

    def __init__(self) -> None:
        super().__init__("too_big", f"A message holds at most {MAX_MESSAGE_BYTES} bytes.")


Incoming = bytes | int | End | Mute | Stopped | Ping | QualityReport
"""`bytes` is the caller's sound: PCM16 little-endian mono 24 kHz, an even number of bytes, possibly none.

`int` is the client's counter of samples played.
"""


def parse(message: bytes) -> Incoming:
    """Read one text message of the client; raises BadMessage."""
    if len(message) > MAX_MESSAGE_BYTES:
        raise MessageTooBig
    if message.startswith(_AUDIO_HEAD) and message.endswith(_AUDIO_TAIL):
        try:
            pcm = pybase64.b64decode(memoryview(message)[_HEAD_LENGTH:-2], validate=True)
        except binascii.Error:
            return _parse_any(message)  # JSON allows "\/" inside base64, and keys may follow
        return _audio(pcm)
    played = _PLAYED.fullmatch(message)
    return _parse_any(message) if played is None else int(played[1])


def _parse_any(message: bytes) -> Incoming:
    try:
        decoded = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise BadMessage("bad_json", "The message is not valid JSON.") from None
    try:
        parsed = _client_message.validate_python(decoded, strict=True)
    except ValidationError:
        raise BadMessage("bad_message", "The message is none of those the client may send.") from None
    if isinstance(parsed, Audio):
        try:
            return _audio(pybase64.b64decode(parsed.data, validate=True))
        except ValueError:  # binascii.Error, or characters outside ASCII
            raise BadMessage("bad_audio", "The audio is not valid base64.") from None
    if isinstance(parsed, Played):
        return parsed.samples
    if isinstance(parsed, Ping) and not math.isfinite(parsed.t):
        raise BadMessage("bad_message", "The time of a ping is a finite number.")
    return parsed


def _audio(pcm: bytes) -> bytes:
    if len(pcm) & 1:
        raise BadMessage("bad_audio", "Audio is 16 bit: its length in bytes is even.")
    return pcm


def encode_audio(pcm: bytes) -> bytes:
    """The audio message holding this PCM16."""
    return b"".join((_AUDIO_HEAD, pybase64.b64encode(pcm), _AUDIO_TAIL))


def encode(message: dict[str, Any]) -> bytes:
    """Any other message of the server."""
    return orjson.dumps(message)


def encode_error(code: str, message: str) -> bytes:
    """The error message; `message` is read by people."""
    return orjson.dumps({"type": "error", "code": code, "message": message})
