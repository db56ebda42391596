"""The stand-in, as OpenAI's own package sees it: event order, server VAD, refusals, numbers."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.exceptions import ConnectionClosedOK, InvalidStatus

from infra.local.standins.conversation import StandInScript, cut, verbatim
from infra.local.standins.openai_realtime import CAP_REASON, OpenAiStandIn
from infra.local.standins.tones import EnergyEar, ToneBrains, silence, tone
from tests.wire.openai_fixtures import assert_valid

SERVER_EVENTS: TypeAdapter[RealtimeServerEvent] = TypeAdapter(RealtimeServerEvent)
QUICK = StandInScript(speed_factor=100.0)
CALLER = tone(300) + silence(800)
RESPONSE = [
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


@pytest.fixture
async def stand_in() -> AsyncIterator[OpenAiStandIn]:
    """Everything it sends must be valid for OpenAI's own types."""
    async with OpenAiStandIn(ToneBrains(["good morning"]), QUICK) as server:
        yield server
    for side, event in server.log:
        if side == "server":
            assert SERVER_EVENTS.validate_python(event).type == event["type"]


def client(stand_in: OpenAiStandIn, key: str = "sk-local") -> AsyncOpenAI:
    return AsyncOpenAI(api_key=key, websocket_base_url=stand_in.url, base_url=stand_in.url.replace("ws:", "http:"))


class Line:
    """An SDK connection with a short way to talk and listen."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection

    async def say(self, kind: str, **fields: Any) -> None:
        await self._connection.send_raw(json.dumps({"type": kind, **fields}))

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(5):
            while not heard or heard[-1]["type"] not in kinds:
                heard.append(json.loads(await self._connection.recv_bytes()))
        return heard

    async def refused(self, kind: str, **fields: Any) -> dict[str, Any]:
        await self.say(kind, event_id="mine", **fields)
        error: dict[str, Any] = (await self.until("error"))[-1]["error"]
        assert error["event_id"] == "mine"
        return error


@pytest.fixture
async def line(stand_in: OpenAiStandIn) -> AsyncIterator[Line]:
    async with client(stand_in) as sdk, sdk.realtime.connect(model="gpt-realtime-2.1") as connection:
        line = Line(connection)
        await line.until("session.created")
        yield line


async def test_the_sdk_runs_a_turn_unmodified(stand_in: OpenAiStandIn) -> None:
    async with client(stand_in) as sdk, sdk.realtime.connect(model="gpt-realtime-2.1") as connection:
        created = await connection.recv()
        assert created.type == "session.created"
        detection: Any = {"type": "server_vad", "silence_duration_ms": 500, "prefix_padding_ms": 300}
        transcription: Any = {"model": "gpt-transcribe"}
        await connection.session.update(
            session={
                "type": "realtime",
                "audio": {"input": {"turn_detection": detection, "transcription": transcription}},
            }
        )
        await connection.input_audio_buffer.append(audio=base64.b64encode(silence(1000) + CALLER).decode())
        kinds, pcm, heard = [], b"", ""
        async for event in connection:
            kinds.append(event.type)
            if event.type == "response.output_audio.delta":
                pcm += base64.b64decode(event.delta)
            elif event.type == "input_audio_buffer.speech_started":
                assert event.audio_start_ms == 700
            elif event.type == "input_audio_buffer.speech_stopped":
                assert event.audio_end_ms == 1800
            elif event.type == "conversation.item.input_audio_transcription.completed":
                heard = event.transcript
            elif event.type == "response.done":
                usage = event.response.usage
                break
    assert heard == "good morning" and pcm == tone(20 * 21, 300.0 + sum(map(ord, "You said good morning")) % 500)
    assert kinds[:6] == [
        "session.updated",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    answer = kinds[kinds.index("response.created") :]
    assert list(dict.fromkeys(answer)) == RESPONSE
    assert usage is not None and usage.input_token_details is not None and usage.output_token_details is not None
    assert usage.total_tokens == (usage.input_tokens or 0) + (usage.output_tokens or 0)
    spent, made = usage.input_token_details, usage.output_token_details
    assert usage.input_tokens == (spent.text_tokens or 0) + (spent.audio_tokens or 0)
    assert usage.output_tokens == (made.text_tokens or 0) + (made.audio_tokens or 0)
    assert (spent.cached_tokens or 0) <= (usage.input_tokens or 0)


async def test_the_default_session_answers_by_itself(line: Line, stand_in: OpenAiStandIn) -> None:
    await line.say("input_audio_buffer.append", audio=base64.b64encode(CALLER).decode())
    assert "response.created" in [event["type"] for event in await line.until("response.done")]


async def test_speech_cuts_the_answer_off_and_late_sound_follows(line: Line, stand_in: OpenAiStandIn) -> None:
    await line.say("response.create", response={"instructions": f"Say exactly: {'la ' * 900}"})
    begun = (await line.until("response.output_audio.delta"))[-1]
    await line.say("input_audio_buffer.append", audio=base64.b64encode(tone(300)).decode())
    heard = await line.until("response.done")
    assert "input_audio_buffer.speech_started" in [event["type"] for event in heard]
    done = heard[-1]["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"} and done["usage"]
    late = (await line.until("response.output_audio.delta"))[-1]
    assert late["item_id"] == begun["item_id"]


async def test_speech_does_not_cut_off_where_that_is_switched_off(line: Line) -> None:
    detection = {"type": "server_vad", "interrupt_response": False, "silence_duration_ms": 100}
    await line.say("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": detection}}})
    await line.say("response.create", response={"instructions": f"Say exactly: {'la ' * 900}"})
    await line.until("response.output_audio.delta")
    await line.say("input_audio_buffer.append", audio=base64.b64encode(CALLER).decode())
    heard = await line.until("response.done")
    assert "input_audio_buffer.speech_stopped" in [event["type"] for event in heard]
    assert heard[-1]["response"]["status"] == "completed"


async def test_truncation_follows_the_real_rules(line: Line) -> None:
    await line.say("response.create", response={"instructions": "Say exactly: hello"})
    item = (await line.until("response.done"))[-1]["response"]["output"][0]["id"]
    refused = await line.refused("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=3760)
    assert refused["message"] == "Audio content of 100ms is already shorter than 3760ms"
    refused = await line.refused("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=0)
    assert refused["message"] == "Only model output audio messages can be truncated"
    refused = await line.refused("conversation.item.truncate", item_id="item_x", content_index=0, audio_end_ms=1)
    assert refused["code"] == "item_truncate_invalid_item_id"
    await line.say("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=60)
    assert (await line.until("conversation.item.truncated"))[-1]["audio_end_ms"] == 60
    await line.say("conversation.item.delete", item_id=item)
    await line.until("conversation.item.deleted")
    assert (await line.refused("conversation.item.retrieve", item_id=item))["param"] == "item_id"


@pytest.mark.parametrize(
    ("session", "param", "code"),
    [
        ({"instructions": "x"}, "session.type", "missing_required_parameter"),
        ({"type": "realtime", "audio": {"output": {"voice": "fable"}}}, "session.audio.output.voice", "invalid_value"),
        ({"type": "realtime", "audio": {"output": {"speed": 3}}}, "session.audio.output.speed", "invalid_value"),
        ({"type": "realtime", "model": "gpt-realtime"}, "session.model", "invalid_value"),
    ],
)
async def test_a_wrong_configuration_is_refused(line: Line, session: Any, param: str, code: str) -> None:
    error = await line.refused("session.update", session=session)
    assert (error["param"], error["code"]) == (param, code)


async def test_the_voice_is_fixed_once_it_was_heard(line: Line) -> None:
    change = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
    await line.say("session.update", session=change)
    await line.until("session.updated")
    await line.say("response.create", response={"instructions": "Say exactly: hello"})
    await line.until("response.done")
    change["audio"] = {"output": {"voice": "marin"}}
    assert (await line.refused("session.update", session=change))["code"] == "cannot_update_voice"


async def test_one_response_at_a_time_but_others_out_of_band(line: Line) -> None:
    long = {"instructions": f"Say exactly: {'la ' * 300}"}
    await line.say("response.create", response=long)
    await line.until("response.created")
    assert (await line.refused("response.create"))["code"] == "conversation_already_has_active_response"
    aside = {"conversation": "none", "input": [], "instructions": "Say exactly: aside", "metadata": {"kind": "x"}}
    await line.say("response.create", response=aside)
    done = (await line.until("response.done"))[-1]["response"]
    assert (done["metadata"], done["conversation_id"]) == ({"kind": "x"}, None)
    await line.say("response.cancel", response_id="resp_other")
    assert (await line.until("error"))[-1]["error"]["code"] == "response_cancel_not_active"
    await line.say("response.cancel")
    assert (await line.until("response.done"))[-1]["response"]["status_details"]["reason"] == "client_cancelled"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"type": "function_call_output", "call_id": "call_x", "output": "{}"}, "invalid_tool_call_id"),
        ({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "x"}]}, "invalid_value"),
        ({"type": "message", "role": "robot", "content": []}, "invalid_value"),
        ({"type": "poem"}, "invalid_value"),
    ],
)
async def test_items_that_make_no_sense_are_refused(line: Line, item: Any, code: str) -> None:
    assert (await line.refused("conversation.item.create", item=item))["code"] == code


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("response.invent", {}, "invalid_value"),
        ("input_audio_buffer.append", {"audio": "?"}, "invalid_value"),
        ("input_audio_buffer.commit", {}, "input_audio_buffer_commit_empty"),
        ("response.cancel", {}, "response_cancel_not_active"),
    ],
)
async def test_other_mistakes_are_refused(line: Line, kind: str, fields: dict[str, Any], code: str) -> None:
    assert (await line.refused(kind, **fields))["code"] == code


async def test_the_cap_closes_the_connection_with_the_real_words(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(cap_seconds=0.1)
    async with client(stand_in) as sdk, sdk.realtime.connect(model="gpt-realtime-2.1") as connection:
        await connection.recv()
        with pytest.raises(ConnectionClosedOK) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None and (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, CAP_REASON)


async def test_a_wrong_key_is_refused_at_the_door(stand_in: OpenAiStandIn) -> None:
    async with client(stand_in, "sk-wrong") as sdk:
        with pytest.raises(InvalidStatus) as refusal:
            async with sdk.realtime.connect(model="gpt-realtime-2.1"):
                pass
    assert refusal.value.response.status_code == 401


async def test_the_catalogue_names_models_and_their_shutdown(stand_in: OpenAiStandIn) -> None:
    async with client(stand_in) as sdk:
        listed = {entry.id: entry.shutdown_date async for entry in sdk.models.list()}
    assert listed == {"gpt-realtime-2.1": None, "gpt-realtime": "2027-01-20"}


@pytest.mark.parametrize("push_ms", [20, 7, 400])
def test_the_ear_finds_the_utterance_whatever_the_pieces(push_ms: int) -> None:
    ear, sound, at_ms, found = EnergyEar(200), silence(400) + tone(300) + silence(500), 0, []
    for start in range(0, len(sound), push_ms * 48):
        piece = sound[start : start + push_ms * 48]
        at_ms += len(piece) // 48
        found += [(type(event).__name__, at_ms - event.ago_ms) for event in ear.push(piece)]
    assert found == [("Began", 400), ("Ended", 700)]


def test_words_go_with_the_sound_in_which_they_end() -> None:
    text = "one two three four"
    chunks = list(cut(text, bytes(20 * 48 * len(text)), 100))
    assert "".join(word for chunk in chunks for word in chunk.words) == text
    assert b"".join(chunk.pcm for chunk in chunks) == bytes(20 * 48 * len(text))
    assert [chunk.words for chunk in chunks] == [("one",), (" two",), (" three",), (" four",)]


@pytest.mark.parametrize(
    ("instructions", "text"),
    [
        ("Be kind.\n\nSay exactly: Hello. How are you?", "Hello. How are you?"),
        ("Read this aloud exactly as written, nothing else: One.\nTwo.", "One.\nTwo."),
        ("Be brief.", None),
        (None, None),
    ],
)
def test_verbatim_instructions_are_recognised(instructions: str | None, text: str | None) -> None:
    assert verbatim(instructions) == text


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.create", "response": {"voice": "marin"}},
        {"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"vad": None}}}},
        {"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": "soon"},
        {"type": "response.audio.append"},
    ],
)
def test_the_check_of_our_messages_can_fail(event: dict[str, Any]) -> None:
    with pytest.raises((ValueError, AssertionError)):
        assert_valid(event)
