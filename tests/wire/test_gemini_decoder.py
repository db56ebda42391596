"""Exchanges with Gemini Live, replayed through the decoder.

They are put together from the messages and orders that the vendor and the users of its API describe. A line of one is
what we did (`sent_ms` of sound, `asked` with a tag, `answered` tools, `settle` after silence) or what the server said
(`server`), and what the call was told of it (`told`, in words of `brief`).
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from media_tier.call import events as on
from media_tier.providers.gemini_decoder import GeminiDecoder, SetUp, Sound, Told
from shared.contracts.records.call import UsageEntry
from tests.wire.gemini_fixtures import seed

RECORDINGS = sorted((Path(__file__).parent.parent / "recordings" / "gemini").glob("*.jsonl"))


def brief(told: Told) -> str:
    """One line for what was told."""
    match told:
        case SetUp():
            return "set up"
        case Sound():
            return f"sound {told.item_id} {len(told.pcm)}"
        case UsageEntry():
            return f"usage {told.usage_id} {told.text_in}/{told.audio_in} {told.text_out}/{told.audio_out}"
        case on.SpeechStarted():
            return f"speech {told.turn_id} {told.ago_ms} ms ago"
        case on.SpeechStopped():
            return f"silence {told.turn_id} {told.ago_ms} ms ago"
        case on.Transcribed():
            return f"heard {told.turn_id} {told.text!r}{' final' if told.final else ''}"
        case on.ResponseStarted():
            return f"response {told.response_id}" + (f" tag {told.tag}" if told.tag else "")
        case on.ResponseTranscribed():
            return f"words {told.item_id} {told.text!r} at {told.audio_ms}{' final' if told.final else ''}"
        case on.ResponseEnded():
            lengths = "".join(f" {item} {ms} ms" for item, ms in told.audio_ms.items())
            return f"end {told.response_id} {told.outcome}{lengths}" + (f" {told.code}" if told.code else "")
        case on.ResponseInterrupted():
            return f"interrupted {told.response_id}"
        case on.ToolRequested():
            return f"tool {told.call_id} {told.name} {json.dumps(told.arguments)} of {told.response_id}"
        case on.ToolsCancelled():
            return f"cancelled {' '.join(told.call_ids)}"
        case on.ProviderResumable():
            return f"handle {told.handle}"
        case on.ProviderExpiring():
            return f"expires in {told.seconds:g} s"
    raise AssertionError(told)


def play(decoder: GeminiDecoder, line: dict[str, Any]) -> list[str]:
    """Do what a line of a recording says."""
    if "server" in line:
        return [brief(told) for told in decoder.feed(json.dumps(line["server"]).encode())]
    if "sent_ms" in line:
        decoder.sent_ms = line["sent_ms"]
    if "asked" in line:
        decoder.asked(line["asked"])
    if line.get("answered"):
        decoder.tools_answered()
    return [brief(told) for told in decoder.settle()] if line.get("settle") else []


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_tells_the_call_the_same_as_ever(recording: Path) -> None:
    decoder = GeminiDecoder(seed())
    lines = [json.loads(text) for text in recording.read_text().splitlines()]
    assert len(lines) > 3
    for number, line in enumerate(lines, 1):
        assert play(decoder, line) == line.get("told", []), f"{recording.name}, line {number}"


def test_there_are_recordings() -> None:
    assert len(RECORDINGS) >= 8


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"somethingNew":{"a":1}}',
        b'{"serverContent":{"groundingMetadata":{},"interimInputTranscription":{"text":"x"}}}',
        b'{"serverContent":7}',
        b'{"serverContent":{"modelTurn":{"parts":[{"text":"thinking","thought":true}]}}}',
        b'{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"!"}}]}}}',
        b'{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}}',
        b'{"voiceActivity":{"type":"ACTIVITY_END"}}',
        b'{"voiceActivity":{"type":"ACTIVITY_SOMETHING"}}',
        b'{"sessionResumptionUpdate":{"resumable":false}}',
        b'{"sessionResumptionUpdate":{"newHandle":"h"}}',
        b'{"serverContent":{"turnComplete":true}}',
        b'{"serverContent":{"generationComplete":true}}',
        b'{"toolCallCancellation":{"ids":[]}}',
        b'{"usageMetadata":{"promptTokenCount":"many"}}',
    ],
)
def test_what_says_nothing_is_ignored(message: bytes) -> None:
    assert GeminiDecoder(seed()).feed(message) == []


def test_one_bad_part_does_not_lose_the_parts_before_it() -> None:
    message = b'{"voiceActivity":{"type":"ACTIVITY_START"},"serverContent":{"modelTurn":{"parts":7}}}'
    assert [brief(told) for told in GeminiDecoder(seed()).feed(message)] == ["speech g1-t1 0 ms ago"]


_PARTS: list[dict[str, Any]] = [
    {"voiceActivity": {"type": "ACTIVITY_START", "audioOffset": "0.5s"}},
    {"voiceActivity": {"type": "ACTIVITY_END", "audioOffset": "0.9s"}},
    {"serverContent": {"inputTranscription": {"text": "hi "}}},
    {"serverContent": {"interrupted": True}},
    {"serverContent": {"outputTranscription": {"text": "yes "}}},
    {"serverContent": {"modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm", "data": "AAAA"}}]}}},
    {"serverContent": {"generationComplete": True}},
    {"serverContent": {"turnComplete": True}},
    {"toolCall": {"functionCalls": [{"id": "c-1", "name": "lookup", "args": {}}]}},
    {"toolCallCancellation": {"ids": ["c-1"]}},
]


@examples(max_examples=100)
@given(st.lists(st.sampled_from(_PARTS), max_size=40))
def test_whatever_comes_is_told_in_order(messages: list[dict[str, Any]]) -> None:
    decoder = GeminiDecoder(seed())
    told = [one for message in messages for one in decoder.feed(json.dumps(message).encode())]
    open_response: str | None = None
    speaking: str | None = None
    for one in told:
        match one:
            case on.ResponseStarted():
                assert open_response is None
                open_response = one.response_id
            case on.ResponseEnded():
                assert one.response_id == open_response
                open_response = None
            case Sound() | on.ToolRequested():
                assert one.response_id == open_response
            case on.SpeechStarted():
                assert speaking is None
                speaking = one.turn_id
            case on.SpeechStopped():
                assert one.turn_id == speaking
                speaking = None
            case on.Transcribed():
                assert any(isinstance(e, on.SpeechStarted) and e.turn_id == one.turn_id for e in told)
