"""Google's own SDK, unmodified, talks with the stand-in over TLS, and finds it as strict as the real server."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.genai import Client, errors, types
from google.genai.live import AsyncSession

from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.tones import ToneVoice, silence, tone
from media_tier.audio.resampling import Resampler
from tests.wire.gemini_fixtures import certificate, standing_in

CONFIG: dict[str, Any] = {
    "response_modalities": ["AUDIO"],
    "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Puck"}}},
    "input_audio_transcription": {},
    "output_audio_transcription": {},
    "session_resumption": {},
    "realtime_input_config": {"automatic_activity_detection": {"silence_duration_ms": 100}},
    "tools": [
        {
            "function_declarations": [
                {
                    "name": "lookup",
                    "description": "d",
                    "behavior": "BLOCKING",
                    "parameters": {"type": "OBJECT", "properties": {"q": {"type": "STRING"}}},
                }
            ]
        }
    ],
}


def config(**changes: Any) -> types.LiveConnectConfig:
    """A session's configuration, with changes."""
    return types.LiveConnectConfig(**{**CONFIG, **changes})


def client(stand_in: GeminiStandIn, api_key: str = "local") -> Client:
    """The SDK as anybody would configure it."""
    context = certificate().client_context()
    return Client(
        api_key=api_key,
        http_options=types.HttpOptions(
            base_url=stand_in.url, api_version="v1beta", async_client_args={"ssl": context, "max_size": None}
        ),
    )


async def messages(session: AsyncSession) -> AsyncIterator[types.LiveServerMessage]:
    """Every message up to the end of a turn, at most 5 s."""
    async with asyncio.timeout(5):
        async for message in session.receive():
            yield message


async def say(session: AsyncSession, pcm24k: bytes) -> None:
    """Speak into the session."""
    pcm = Resampler(24_000, 16_000).push(pcm24k)
    for start in range(0, len(pcm), 640):
        blob = types.Blob(data=pcm[start : start + 640], mime_type="audio/pcm;rate=16000")
        await session.send_realtime_input(audio=blob)


async def test_a_spoken_turn() -> None:
    async with (
        standing_in(["hello there"]) as stand_in,
        client(stand_in).aio.live.connect(model="gemini-3.8-live", config=config()) as session,
    ):
        assert session.setup_complete is not None
        await say(session, tone(200) + silence(160))
        seen = [message async for message in messages(session)]
        path, headers = stand_in.requests[0]
    activities = [message.voice_activity for message in seen if message.voice_activity]
    assert [str(activity.voice_activity_type) for activity in activities] == [
        "VoiceActivityType.ACTIVITY_START",
        "VoiceActivityType.ACTIVITY_END",
    ]
    contents = [message.server_content for message in seen if message.server_content]
    heard = "".join(c.input_transcription.text or "" for c in contents if c.input_transcription)
    said = "".join(c.output_transcription.text or "" for c in contents if c.output_transcription)
    assert (heard, said) == ("hello there", "You said hello there")
    parts = [part for c in contents if c.model_turn for part in c.model_turn.parts or ()]
    sound = b"".join(part.inline_data.data or b"" for part in parts if part.inline_data)
    assert sound == await ToneVoice().speak("You said hello there", "Puck")
    ends = [name for c in contents for name in ("generation_complete", "turn_complete") if getattr(c, name)]
    assert ends == ["generation_complete", "turn_complete"]
    usage = next(message.usage_metadata for message in seen if message.usage_metadata)
    details = sum(part.token_count or 0 for part in usage.prompt_tokens_details or ())
    assert 25 <= (usage.prompt_token_count or 0) - details <= 51
    assert path == "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    assert headers["x-goog-api-key"] == "local"


async def test_a_tool_and_typed_text() -> None:
    async with (
        standing_in(tools={1: ("lookup", {"q": "x"})}) as stand_in,
        client(stand_in).aio.live.connect(model="gemini-3.8-live", config=config()) as session,
    ):
        await session.send_client_content(turns=types.UserContent("look it up"), turn_complete=True)
        async for message in messages(session):
            if message.tool_call:
                assert message.tool_call.function_calls
                (call,) = message.tool_call.function_calls
                assert (call.name, call.args) == ("lookup", {"q": "x"})
                response = types.FunctionResponse(id=call.id, name=call.name, response={"output": "found"})
                await session.send_tool_response(function_responses=[response])
        said = [
            message["serverContent"]["outputTranscription"]["text"]
            for message in stand_in.told()
            if "outputTranscription" in message.get("serverContent", {})
        ]
    assert "".join(said) == "The tool lookup is done"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"thinking_config": {"thinking_level": "LOW"}}, "Thinking level is not supported"),
        ({"response_modalities": ["TEXT"]}, "non-audio"),
        ({"speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "fable"}}}}, "fable"),
        (
            {"session_resumption": {"handle": "h"}, "history_config": {"initial_history_in_client_content": True}},
            "invalid argument",
        ),
    ],
)
async def test_setups_the_model_refuses(changes: dict[str, Any], reason: str) -> None:
    async with standing_in() as stand_in:
        with pytest.raises(errors.APIError, match=reason) as refused:
            async with client(stand_in).aio.live.connect(model="gemini-3.8-live", config=config(**changes)):
                pass
    assert refused.value.code == 1007


async def test_affective_dialog_opens_and_dies_with_the_first_input() -> None:
    dying = config(enable_affective_dialog=True)
    async with (
        standing_in() as stand_in,
        client(stand_in).aio.live.connect(model="gemini-3.8-live", config=dying) as session,
    ):
        await session.send_client_content(turns=types.UserContent("hello"), turn_complete=True)
        with pytest.raises(errors.APIError) as died:
            async for _ in messages(session):
                pass
    assert died.value.code == 1007


async def test_a_resumed_session_must_not_be_told_its_history() -> None:
    async with standing_in() as stand_in:
        async with client(stand_in).aio.live.connect(model="gemini-3.8-live", config=config()) as session:
            await session.send_client_content(turns=types.UserContent("hello"), turn_complete=True)
            async for _ in messages(session):
                pass
        handle = next(iter(stand_in.handles))
        resumed = config(session_resumption={"handle": handle})
        async with client(stand_in).aio.live.connect(model="gemini-3.8-live", config=resumed) as session:
            turns: list[types.Content | types.ContentDict] = [types.UserContent("hello"), types.ModelContent("hi")]
            await session.send_client_content(turns=turns, turn_complete=True)
            with pytest.raises(errors.APIError) as refused:
                async for _ in messages(session):
                    pass
    assert refused.value.code == 1007


async def test_a_wrong_key_closes_the_session() -> None:
    async with standing_in() as stand_in:
        with pytest.raises(errors.APIError, match="API key not valid"):
            async with client(stand_in, "wrong").aio.live.connect(model="gemini-3.8-live", config=config()):
                pass


def test_the_certificate_stands_strict_verification() -> None:
    context = certificate().client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
