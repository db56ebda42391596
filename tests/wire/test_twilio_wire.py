"""Media Streams' messages: recorded calls, what is refused, and that nothing else ever escapes."""

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.legs.twilio_wire import (
    MAX_MESSAGE_BYTES,
    CallerSound,
    Connected,
    DtmfPressed,
    Ignored,
    Incoming,
    Mark,
    MessageTooBig,
    Start,
    Stop,
    StreamCodec,
    parse,
)
from media_tier.legs.web_wire import BadMessage

RECORDINGS = Path(__file__).parents[1] / "recordings" / "twilio"
ACCOUNT, CALL, STREAM = "AC" + "1" * 32, "CA" + "2" * 32, "MZ" + "3" * 32
CODEC = StreamCodec(STREAM)
FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


def recorded(name: str, side: str) -> list[bytes]:
    rows = map(json.loads, (RECORDINGS / f"{name}.jsonl").read_text().splitlines())
    return [row["message"].encode() for row in rows if row["side"] == side]


EVERYTHING = [*recorded("call", "twilio"), *recorded("oddities", "twilio")]


def read(message: bytes) -> Incoming:
    """As the leg reads: the short way first."""
    mulaw = CODEC.sound(message)
    return parse(message) if mulaw is None else CallerSound(STREAM, mulaw)


def media(payload: str, **more: Any) -> bytes:
    body = {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": payload, **more}
    return orjson.dumps({"event": "media", "sequenceNumber": "2", "media": body, "streamSid": STREAM})


def start(**more: Any) -> bytes:
    body = {"accountSid": ACCOUNT, "streamSid": STREAM, "callSid": CALL, "tracks": ["inbound"], "mediaFormat": FORMAT}
    return orjson.dumps({"event": "start", "sequenceNumber": "1", "start": body | more, "streamSid": STREAM})


def test_a_whole_call() -> None:
    connected, began, first, second, mark, digit, third, stop = map(read, recorded("call", "twilio"))
    assert isinstance(connected, Connected)
    assert isinstance(began, Start)
    assert (began.start.account_sid, began.start.call_sid) == (ACCOUNT, CALL)
    assert began.start.parameters == {"sessionId": "s-1"}
    assert first == third == CallerSound(STREAM, b"\xff" * 160)
    assert isinstance(second, CallerSound)
    assert len(second.mulaw) == 160
    assert isinstance(mark, Mark)
    assert mark.mark.name == "0:1"
    assert isinstance(digit, DtmfPressed)
    assert digit.dtmf.digit == "1"
    assert isinstance(stop, Stop)


def test_twilios_own_wording_takes_the_short_way() -> None:
    sounds = [message for message in recorded("call", "twilio") if b'"media"' in message and b"payload" in message]
    assert len(sounds) == 3
    for message in sounds:
        mulaw = CODEC.sound(message)
        assert mulaw is not None
        assert parse(message) == CallerSound(STREAM, mulaw)


def test_other_wordings_and_kinds_are_understood_or_left_alone() -> None:
    _, began, turned_round, far_track, empty, unknown, digit, _ = recorded("oddities", "twilio")
    assert isinstance(read(began), Start)
    assert CODEC.sound(turned_round) is None
    sound = read(turned_round)
    assert isinstance(sound, CallerSound)
    assert len(sound.mulaw) == 480
    assert read(far_track) == Ignored()
    assert read(empty) == CallerSound(STREAM, b"")
    assert read(unknown) == Ignored()
    assert isinstance(read(digit), DtmfPressed)


def test_what_we_send_is_worded_as_recorded() -> None:
    sound, mark = recorded("call", "us")
    assert CODEC.media(base64.b64decode(json.loads(sound)["media"]["payload"])) == sound
    assert CODEC.mark("0:1") == mark
    assert recorded("barge_in", "us")[-1] == CODEC.clear


def test_escaped_slashes_take_the_long_way() -> None:
    message = media("/w==").replace(b"/w==", rb"\/w==")
    assert CODEC.sound(message) is None
    assert parse(message) == CallerSound(STREAM, b"\xff")


def test_another_streams_sound_never_takes_the_short_way() -> None:
    message = media("/w==").replace(b"MZ3", b"MZ4")
    assert CODEC.sound(message) is None
    assert parse(message) == CallerSound("MZ4" + "3" * 31, b"\xff")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"[]", "bad_message"),
        (b"7", "bad_message"),
        (b"{}", "bad_message"),
        (b'{"event":7}', "bad_message"),
        (b'{"event":"connected","protocol":"SIP"}', "bad_message"),
        (b'{"event":"mark","streamSid":"MZ","mark":{"name":"x"}}', "bad_message"),
        (orjson.dumps({"event": "mark", "streamSid": STREAM, "mark": {}}), "bad_message"),
        (orjson.dumps({"event": "mark", "streamSid": STREAM, "mark": {"name": "x" * 129}}), "bad_message"),
        (orjson.dumps({"event": "dtmf", "streamSid": STREAM, "dtmf": {"digit": "12"}}), "bad_message"),
        (start(accountSid="AC1"), "bad_message"),
        (start(callSid=None), "bad_message"),
        (start(mediaFormat=FORMAT | {"encoding": "audio/l16"}), "bad_message"),
        (start(mediaFormat=FORMAT | {"sampleRate": 16000}), "bad_message"),
        (start(customParameters={"a": "x" * 501}), "bad_message"),
        (start(customParameters={str(number): "" for number in range(33)}), "bad_message"),
        (start(customParameters={"a": 1}), "bad_message"),
        (media("no!base64"), "bad_audio"),
        (media("/w="), "bad_audio"),
        (media("ä" * 4), "bad_audio"),
        (media("/w==", track=1), "bad_message"),
        (media("A" * MAX_MESSAGE_BYTES), "too_big"),
    ],
)
def test_malformed_messages_are_refused(message: bytes, code: str) -> None:
    with pytest.raises(BadMessage) as refused:
        read(message)
    assert refused.value.code == code


def test_too_big_is_its_own_kind() -> None:
    with pytest.raises(MessageTooBig):
        parse(b" " * (MAX_MESSAGE_BYTES + 1))


@settings(max_examples=100)
@given(noise=st.binary(max_size=200), message=st.sampled_from(EVERYTHING), data=st.data())
def test_nothing_but_a_refusal_escapes(noise: bytes, message: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(message)))
    for mangled in (noise, message[:at] + noise + message[at:], message[:at], message[at:]):
        with contextlib.suppress(BadMessage):
            assert isinstance(read(mangled), Incoming)


@settings(max_examples=60)
@given(st.binary(max_size=2000))
def test_any_sound_comes_through_both_ways(mulaw: bytes) -> None:
    sent = json.loads(CODEC.media(mulaw))
    assert sent["streamSid"] == STREAM
    assert base64.b64decode(sent["media"]["payload"]) == mulaw
    assert CODEC.sound(media(sent["media"]["payload"])) == mulaw


def test_a_payload_cannot_smuggle_in_another_message() -> None:
    smuggled = media('/w==","x":"').replace(rb"\"", b'"')
    assert CODEC.sound(smuggled) is None
    assert parse(smuggled) == CallerSound(STREAM, b"\xff")


def test_our_own_marks_take_the_short_way_and_nothing_else_does() -> None:
    back = orjson.dumps({"event": "mark", "sequenceNumber": "4", "streamSid": STREAM, "mark": {"name": "0:12"}})
    assert CODEC.mark_back(back) == "0:12"
    assert CODEC.mark_back(back.replace(b"0:12", b'a\\"b')) is None
    assert CODEC.mark_back(back.replace(STREAM.encode(), b"MZ" + b"4" * 32)) is None
    assert CODEC.mark_back(back.replace(b'"mark",', b'"dtmf",')) is None
    assert orjson.loads(CODEC.mark("0:12")) == {"event": "mark", "streamSid": STREAM, "mark": {"name": "0:12"}}
