"""The widget's socket messages as bytes. Pure; the two audio messages are scanned and built by hand.

The form is shared/contracts/messages/widget_socket.py; this module must agree with it (its tests compare).
"""

import binascii
from dataclasses import dataclass
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

AUDIO_HEAD = b'{"type":"audio","data":"'
AUDIO_TAIL = b'"}'
_adapter: TypeAdapter[Any] = TypeAdapter(ClientMessage)

Control = End | Mute | Played | Stopped | Ping | QualityReport


class BadMessage(Exception):
    """A message that does not have the documented form; `code` is told to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Sound:
    """PCM16 24 kHz mono from the caller."""

    pcm: bytes


def parse(message: bytes) -> Sound | Control:
    """Read one message of the client, or raise BadMessage."""
    if message.startswith(AUDIO_HEAD) and message.endswith(AUDIO_TAIL):
        return Sound(_decode(message[len(AUDIO_HEAD) : -len(AUDIO_TAIL)]))
    if len(message) > MAX_MESSAGE_BYTES:
        raise BadMessage("too_big", "The message is larger than 64 KiB.")
    try:
        parsed = _adapter.validate_python(orjson.loads(message))
    except orjson.JSONDecodeError as error:
        raise BadMessage("malformed", "The message is not JSON.") from error
    except ValidationError as error:
        raise BadMessage("invalid", "The message has no known form.") from error
    if isinstance(parsed, Audio):
        return Sound(_decode(parsed.data.encode()))
    control: Control = parsed
    return control


def audio(pcm: bytes) -> bytes:
    """A chunk of sound for the client."""
    return AUDIO_HEAD + pybase64.b64encode(pcm) + AUDIO_TAIL


def encode(message: dict[str, Any]) -> bytes:
    """Any other message for the client."""
    return orjson.dumps(message)


def _decode(data: bytes) -> bytes:
    try:
        pcm = pybase64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadMessage("bad_audio", "The audio is not base64.") from error
    if not pcm or len(pcm) % 2:
        raise BadMessage("bad_audio", "Audio must be whole 16-bit samples.")
    return pcm
