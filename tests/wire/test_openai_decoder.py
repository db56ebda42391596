"""The decoder, fed with recorded messages and with nonsense."""

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.call.events import (
    Event,
    Outcome,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    Transcribed,
)
from media_tier.providers.openai_decoder import OpenAiDecoder
from media_tier.providers.openai_reports import (
    ErrorReported,
    Notice,
    SessionConfigured,
    SessionOpened,
    ToolMalformed,
    tokens_of,
)
from shared.contracts.records.call import UsageEntry, UsageKind
from shared.domain.pricing import Tokens
from tests.wire.openai_fixtures import seed
from tests.wire.openai_fixtures import settings as call_settings

RECORDINGS = Path(__file__).parent.parent / "recordings" / "openai"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.jsonl"))


class Played:
    """A recording, decoded."""

    def __init__(self, name: str, sent_ms: int = 3000) -> None:
        self.audio: list[tuple[str, str, bytes]] = []
        self.usage: list[UsageEntry] = []
        given = call_settings(vad={"prefix_padding_ms": 300, "silence_duration_ms": 700})
        self.decoder = OpenAiDecoder(seed(given=given), self._on_audio, self.usage.append)
        self.decoder.sent_bytes = sent_ms * 48
        self.told: list[Event | Notice] = []
        for line in (RECORDINGS / f"{name}.jsonl").read_bytes().splitlines():
            self.told.extend(self.decoder.feed(line))

    def _on_audio(self, response_id: str, item_id: str, pcm: bytes) -> None:
        self.audio.append((response_id, item_id, pcm))


def test_a_turn() -> None:
    played = Played("turn")
    assert played.told == [
        SessionOpened(1756324625.0),
        SessionConfigured(),
        # 3000 ms were sent; the position includes 300 ms before the speech, and 700 ms after it.
        SpeechStarted("item_u1", 1700, 1),
        SpeechStopped("item_u1", 1700, 1),
        ResponseStarted("resp_1", "greeting", 1),
        ResponseTranscribed("resp_1", "item_a1", "Hi", 0, False, 1),
        Transcribed("item_u1", "Hel", False, None, 1),
        ResponseTranscribed("resp_1", "item_a1", " there", 200, False, 1),
        Transcribed("item_u1", "Hello.", False, None, 1),
        Transcribed("item_u1", "Hello.", True, math.exp((-0.1 - 0.3) / 2), 1),
        ResponseTranscribed("resp_1", "item_a1", "", 500, True, 1),
        ResponseEnded("resp_1", Outcome.COMPLETED, {"item_a1": 500}, "", 1),
    ]
    assert [(response, item, len(pcm)) for response, item, pcm in played.audio] == [
        ("resp_1", "item_a1", 9600),
        ("resp_1", "item_a1", 14400),
    ]
    heard, reply = played.usage
    assert (heard.usage_id, heard.kind, heard.cost_usd) == ("item_u1", UsageKind.TRANSCRIPTION, Decimal("0.0000975"))
    assert (reply.usage_id, reply.kind, reply.cost_usd) == ("resp_1", UsageKind.REPLY, Decimal("0.0072056"))
    assert (reply.text_in, reply.text_in_cached, reply.audio_in, reply.text_out, reply.audio_out) == (
        119,
        64,
        13,
        30,
        91,
    )
    assert played.decoder.answers.is_complete("item_a1") and not played.decoder.answers.any_active()


def test_a_barge_in() -> None:
    played = Played("barge_in", sent_ms=700)
    assert played.told == [
        ResponseStarted("resp_2", None, 1),
        ResponseTranscribed("resp_2", "item_a2", "Once upon", 0, False, 1),
        SpeechStarted("item_u2", 0, 1),
        ResponseTranscribed("resp_2", "item_a2", "", 400, True, 1),
        ResponseInterrupted("resp_2", 1),
        ResponseEnded("resp_2", Outcome.CANCELLED, {"item_a2": 400}, "turn_detected", 1),
        SpeechStopped("item_u2", 500, 1),
        Transcribed("item_u2", None, True, None, 1),
    ]
    # Sound that comes late is handed on, counted, and all generation is paid for.
    assert [len(pcm) for _, _, pcm in played.audio] == [19200, 4800]
    assert played.decoder.answers.received_ms("item_a2") == 500
    assert not played.decoder.answers.is_complete("item_a2")
    assert [entry.usage_id for entry in played.usage] == ["resp_2", "resp_3"]


def test_tools() -> None:
    assert Played("tools").told == [
        ResponseStarted("resp_4", None, 1),
        ToolRequested("call_1", "lookup", {"number": "42"}, "resp_4", 1),
        ToolRequested("call_2", "lookup", {}, "resp_4", 1),
        ToolMalformed("call_4", "resp_4"),
        ResponseEnded("resp_4", Outcome.COMPLETED, {}, "", 1),
        ResponseStarted("resp_5", None, 1),
        ResponseInterrupted("resp_5", 1),
        ResponseEnded("resp_5", Outcome.CANCELLED, {}, "turn_detected", 1),
    ]


def test_beta_names() -> None:
    played = Played("beta_names")
    assert played.told == [
        SessionOpened(None),
        ResponseStarted("resp_6", None, 1),
        ResponseTranscribed("resp_6", "item_a6", "Good", 0, False, 1),
        ResponseTranscribed("resp_6", "item_a6", " day", 100, True, 1),
        ResponseEnded("resp_6", Outcome.INCOMPLETE, {"item_a6": 100}, "max_output_tokens", 1),
    ]
    assert (played.usage[0].text_in_cached, played.usage[0].audio_in_cached) == (8, 7)


def test_oddities() -> None:
    played = Played("oddities")
    refused = "invalid_request_error"
    assert played.told == [
        ResponseStarted("resp_7", None, 1),
        ErrorReported("response_cancel_not_active", refused, "ours-9", benign=True),
        ErrorReported("conversation_already_has_active_response", refused, "ours-10", benign=True),
        ErrorReported(refused, refused, benign=True),
        ErrorReported("unknown_parameter", refused, param="session.include[0]"),
        ErrorReported("insufficient_quota", "insufficient_quota", fatal=True),
        ResponseEnded("resp_7", Outcome.FAILED, {"item_p1": 2, "item_p2": 40}, "inference_rate_limit_exceeded", 1),
        Transcribed("item_u7", "", True, None, 1),
    ]
    assert [len(pcm) for _, _, pcm in played.audio] == [48, 48, 1920]
    assert played.usage == []


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({}, Tokens()),
        ({"input_tokens": 5, "output_tokens": 7}, Tokens(text_in=5, text_out=7)),
        (
            {"input_tokens": 10, "input_token_details": {"audio_tokens": 4, "image_tokens": 2, "cached_tokens": 3}},
            Tokens(text_in=6, text_in_cached=3, audio_in=4),
        ),
        ({"input_tokens": 1, "input_token_details": {"audio_tokens": 4}}, Tokens(audio_in=4)),
    ],
)
def test_usage_without_all_details_is_still_counted(usage: dict[str, Any], tokens: Tokens) -> None:
    assert tokens_of(usage) == tokens


def ignore(*_: object) -> None: ...


json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9**9), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=20)
def test_no_message_raises(name: str, data: st.DataObject) -> None:
    """Every field of every recorded message is lost, or replaced by nonsense."""
    decoder = OpenAiDecoder(seed(), ignore, ignore)
    for line in (RECORDINGS / f"{name}.jsonl").read_bytes().splitlines():
        event: Any = orjson.loads(line)
        holder = event
        for _ in range(data.draw(st.integers(0, 3))):
            deeper = [value for value in holder.values() if isinstance(value, dict) and value]
            holder = data.draw(st.sampled_from(deeper)) if deeper else holder
        field = data.draw(st.sampled_from(sorted(holder)))
        if data.draw(st.booleans()):
            del holder[field]
        else:
            holder[field] = data.draw(json)
        decoder.feed(orjson.dumps(event))


@pytest.mark.parametrize("message", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"type":7}', b'{"type":[]}'])
def test_what_is_no_event_is_ignored(message: bytes) -> None:
    assert OpenAiDecoder(seed(), ignore, ignore).feed(message) == ()
