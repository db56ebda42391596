"""The widget's socket protocol, byte by byte."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from media_tier.legs.web_wire import BadMessage, MessageTooBig, encode_audio, encode_error, parse
from shared.contracts.messages.widget_socket import (
    MAX_MESSAGE_BYTES,
    Audio,
    End,
    Error,
    Mute,
    Ping,
    QualityReport,
    ServerMessage,
    Stopped,
)


def _dumps(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


@given(pcm=st.binary(max_size=4000).map(lambda b: b[: len(b) // 2 * 2]))
@settings(max_examples=50)
def test_audio_survives_both_ways(pcm: bytes) -> None:
    assert parse(encode_audio(pcm)) == pcm
    data = base64.b64encode(pcm).decode()
    assert parse(_dumps({"data": data, "type": "audio"})) == pcm
    assert parse(json.dumps({"type": "audio", "data": data}, indent=1).encode()) == pcm
    model = TypeAdapter[Any](ServerMessage).validate_json(encode_audio(pcm))
    assert isinstance(model, Audio)
    assert base64.b64decode(model.data) == pcm


def test_escaped_slashes_are_still_base64() -> None:
    pcm = b"\xff\xff\xff\xff"
    escaped = base64.b64encode(pcm).replace(b"/", b"\\/")
    assert b"\\/" in escaped
    assert parse(b'{"type":"audio","data":"' + escaped + b'"}') == pcm


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "end"}, End()),
        ({"type": "mute", "on": True}, Mute(on=True)),
        ({"type": "played", "samples": 480}, 480),
        ({"type": "played", "samples": 0}, 0),
        ({"samples": 480, "type": "played"}, 480),
        ({"type": "played", "samples": 10**17}, 10**17),
        ({"samples": 0, "type": "stopped"}, Stopped(samples=0)),
        ({"type": "ping", "t": 12}, Ping(t=12)),
        ({"type": "quality", "rttMs": 40.5, "underruns": 1}, QualityReport(rttMs=40.5, underruns=1)),
    ],
)
def test_every_other_message(message: dict[str, Any], expected: object) -> None:
    assert parse(_dumps(message)) == expected


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b'{"type":"ping","t":NaN}', "bad_json"),
        (b"[" * 30_000 + b"]" * 30_000, "bad_json"),
        (b"null", "bad_message"),
        (b"[]", "bad_message"),
        (b'{"type":"ping","t":-1}', "bad_message"),
        (b'{"type":"ping","t":true}', "bad_message"),
        (b'{"type":"connected"}', "bad_message"),
        (b'{"type":"end","more":1}', "bad_message"),
        (b'{"type":"mute","on":"yes"}', "bad_message"),
        (b'{"type":"played","samples":1.0}', "bad_message"),
        (b'{"type":"played","samples":-1}', "bad_message"),
        (b'{"type":"played","samples":"1"}', "bad_message"),
        (b'{"type":"played","samples":1,"more":1}', "bad_message"),
        (b'{"type":"played","samples":01}', "bad_json"),
        (b'{"type":"played","samples":1}\n}', "bad_json"),
        (b'{"type":"played","samples":true}', "bad_message"),
        (b'{"type":"audio"}', "bad_message"),
        (b'{"type":"audio","data":7}', "bad_message"),
        (b'{"type":"audio","data":"AAA"}', "bad_audio"),
        (b'{"type":"audio","data":"A A="}', "bad_audio"),
        (b'{"type":"audio","data":"AA=="}', "bad_audio"),
        (b'{"data":"AA==","type":"audio"}', "bad_audio"),
        ('{"data":"ÄÄÄÄ","type":"audio"}'.encode(), "bad_audio"),
        ('{"type":"audio","data":"ÄÄ"}'.encode(), "bad_audio"),
    ],
)
def test_what_breaks_the_protocol_is_named(message: bytes, code: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parse(message)
    assert caught.value.code == code


def test_infinity_cannot_be_smuggled_in() -> None:
    with pytest.raises(BadMessage):
        parse(b'{"type":"ping","t":1e999}')
    with pytest.raises(BadMessage):
        parse(b'{"type":"played","samples":' + b"9" * 400 + b"}")


def test_the_cap_is_exact() -> None:
    room = MAX_MESSAGE_BYTES - len(encode_audio(b""))
    fits = b"\0" * (room // 4 * 3 // 2 * 2)
    assert parse(encode_audio(fits)) == fits
    with pytest.raises(MessageTooBig):
        parse(b" " * (MAX_MESSAGE_BYTES + 1))


@given(message=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=100)
def test_nothing_but_bad_message_escapes(message: bytes) -> None:
    for candidate in (message, b'{"type":"audio","data":"' + message + b'"}'):
        try:
            parse(candidate)
        except BadMessage as bad:
            assert bad.code in {"bad_json", "bad_message", "bad_audio"}


def test_errors_have_the_documented_form() -> None:
    assert Error.model_validate_json(encode_error("full", "No room.")) == Error(code="full", message="No room.")
