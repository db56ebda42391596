"""Twilio Media Streams as bytes, for the phone leg: no state, no I/O.

Messages are JSON text (twilio.com/docs/voice/media-streams/websocket-messages). Those that come and go many times a
second are cut out and put together by hand, everything else goes through the models below. Invariant: whatever
arrives, `parse` returns a message or raises `BadMessage`; nothing else escapes. Sound is µ-law, 8 kHz mono.
"""

import binascii
import re
from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
import pybase64
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from media_tier.legs.web_wire import BadMessage

MAX_MESSAGE_BYTES = 64 * 1024
MAX_PARAMETER_CHARACTERS = 500
"""Twilio's own limit for name and value of a `<Parameter>` together."""
MAX_PARAMETERS = 32

_MEDIA = b'{"event":"media"'
_MARK = b'{"event":"mark"'
_NAME = re.compile(rb"[0-9]{1,20}:[0-9]{1,20}")
"""What we call marks."""
_INBOUND = b'"track":"inbound"'
_PAYLOAD = b'"payload":"'
_PAYLOAD_LENGTH = len(_PAYLOAD)
_SEARCHED = 256
"""The payload begins within so many bytes of the messages Twilio writes."""


class MessageTooBig(BadMessage):
    """More than MAX_MESSAGE_BYTES."""

    def __init__(self) -> None:
        super().__init__("too_big", f"A message holds at most {MAX_MESSAGE_BYTES} bytes.")


class _Message(BaseModel):
    """Twilio adds fields without notice; they are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


StreamSid = Annotated[str, Field(pattern=r"^MZ[0-9a-fA-F]{32}$")]
CallSid = Annotated[str, Field(pattern=r"^CA[0-9a-fA-F]{32}$")]
AccountSid = Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
Text = Annotated[str, Field(max_length=MAX_PARAMETER_CHARACTERS)]


class Connected(_Message):
    """The first message."""

    event: Literal["connected"]
    protocol: Literal["Call"]


class MediaFormat(_Message):
    """What the sound is; nothing else is sent."""

    encoding: Literal["audio/x-mulaw"]
    sample_rate: Annotated[Literal[8000], Field(alias="sampleRate")]
    channels: Literal[1]


class StartMetadata(_Message):
    """Whose stream it is."""

    account_sid: Annotated[AccountSid, Field(alias="accountSid")]
    stream_sid: Annotated[StreamSid, Field(alias="streamSid")]
    call_sid: Annotated[CallSid, Field(alias="callSid")]
    tracks: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=4)]
    media_format: Annotated[MediaFormat, Field(alias="mediaFormat")]
    parameters: Annotated[
        dict[Text, Text], Field(alias="customParameters", max_length=MAX_PARAMETERS, default_factory=dict)
    ]


class _OfStream(_Message):
    stream_sid: Annotated[StreamSid, Field(alias="streamSid")]


class Start(_OfStream):
    """The second message, once."""

    event: Literal["start"]
    start: StartMetadata


class MediaPayload(_Message):
    """20 ms as far as anybody saw; nothing promises it."""

    track: Annotated[str, Field(max_length=20)]
    payload: Annotated[str, Field(max_length=MAX_MESSAGE_BYTES)]


class Media(_OfStream):
    """Sound."""

    event: Literal["media"]
    media: MediaPayload


class DtmfDigit(_Message):
    """One key."""

    digit: Annotated[str, Field(pattern=r"^[0-9*#A-D]$")]


class DtmfPressed(_OfStream):
    """The caller pressed a key."""

    event: Literal["dtmf"]
    dtmf: DtmfDigit


class MarkName(_Message):
    """What we called it."""

    name: Annotated[str, Field(min_length=1, max_length=128)]


class Mark(_OfStream):
    """Everything sent before this mark was played, or flushed."""

    event: Literal["mark"]
    mark: MarkName


class Stop(_OfStream):
    """The call is over, or went on to other TwiML."""

    event: Literal["stop"]


@dataclass(frozen=True, slots=True)
class CallerSound:
    """Decoded sound of the stream `stream_sid`: µ-law 8 kHz, possibly none."""

    stream_sid: str
    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Ignored:
    """A well-formed message of a kind or track that does not concern us."""


Incoming = Connected | Start | CallerSound | DtmfPressed | Mark | Stop | Ignored

_message: TypeAdapter[Connected | Start | Media | DtmfPressed | Mark | Stop] = TypeAdapter(
    Annotated[Connected | Start | Media | DtmfPressed | Mark | Stop, Field(discriminator="event")]
)
_KNOWN = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})


class StreamCodec:
    """The messages of one stream, whose sid is known."""

    __slots__ = ("_back", "_head", "_mark", "_tail", "_tail_at", "clear", "stream_sid")

    def __init__(self, stream_sid: str) -> None:
        sid = stream_sid.encode()
        self.stream_sid = stream_sid
        self._head = b'{"event":"media","streamSid":"' + sid + b'","media":{"payload":"'
        self._tail = b'"},"streamSid":"' + sid + b'"}'
        self._tail_at = -len(self._tail)
        self._mark = b'{"event":"mark","streamSid":"' + sid + b'","mark":{"name":"'
        self._back = b'"streamSid":"' + sid + b'","mark":{"name":"'
        self.clear = b'{"event":"clear","streamSid":"' + sid + b'"}'
        """Drop what is buffered; all marks come back at once."""

    def media(self, mulaw: bytes) -> bytes:
        """The message that plays this."""
        return self._head + pybase64.b64encode(mulaw) + b'"}}'

    def mark(self, name: str) -> bytes:
        """The message that comes back once everything sent so far was played."""
        return self._mark + name.encode() + b'"}}'

    def mark_back(self, message: bytes) -> str | None:
        """The name in a mark worded as Twilio words them; None: `parse` must look at it."""
        if not message.startswith(_MARK) or not message.endswith(b'"}}'):
            return None
        at = message.find(self._back, len(_MARK), _SEARCHED)
        name = message[at + len(self._back) : -3]
        return name.decode() if at >= 0 and _NAME.fullmatch(name) else None

    def sound(self, message: bytes) -> bytes | None:
        """The µ-law of a media message worded as Twilio words them; None: `parse` must look at it."""
        if not message.startswith(_MEDIA) or not message.endswith(self._tail) or len(message) > MAX_MESSAGE_BYTES:
            return None
        at = message.find(_PAYLOAD, 0, _SEARCHED)
        if at < 0 or message.find(_INBOUND, 0, at) < 0:
            return None
        try:
            return pybase64.b64decode(message[at + _PAYLOAD_LENGTH : self._tail_at], validate=True)
        except binascii.Error:
            return None


def parse(message: bytes) -> Incoming:
    """Read one text message of Twilio; raises BadMessage."""
    if len(message) > MAX_MESSAGE_BYTES:
        raise MessageTooBig
    try:
        decoded = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise BadMessage("bad_json", "The message is not valid JSON.") from None
    event = decoded.get("event") if isinstance(decoded, dict) else None
    if not isinstance(event, str):
        raise BadMessage("bad_message", "A message is an object that names its event.")
    if event not in _KNOWN:
        return Ignored()
    try:
        parsed = _message.validate_python(decoded)
    except ValidationError:
        raise BadMessage("bad_message", "The message is not as Media Streams describe it.") from None
    if not isinstance(parsed, Media):
        return parsed
    try:
        mulaw = pybase64.b64decode(parsed.media.payload, validate=True)
    except ValueError:  # binascii.Error, or characters outside ASCII
        raise BadMessage("bad_audio", "The payload is not valid base64.") from None
    return CallerSound(parsed.stream_sid, mulaw) if parsed.media.track == "inbound" else Ignored()
