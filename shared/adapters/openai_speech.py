"""Sentences spoken ahead by OpenAI, in the voice a model uses on calls: greetings, warnings and voice previews.

A Realtime session without turn detection, because OpenAI's speech endpoint is switched off in January 2027 and lacks
the best voices. A realtime model is not bound to the wording, so what it says it said is compared with the text.
"""

import asyncio
import base64
import binascii
import json
import re
from typing import Any

from openai import AsyncOpenAI, OpenAIError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import WebSocketException

from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechFailed

RENDER_SECONDS = 30.0
ATTEMPTS = 2
"""A sentence said in other words is asked for once more."""
SPEED_RANGE = (0.25, 1.5)
MAX_MESSAGE_BYTES = 16 * 2**20

_WORD = re.compile(r"\w+(?:['’]\w+)?")


class OpenAiSpeech:
    """A SpeechRenderer. `websocket_base_url` None: OpenAI itself."""

    def __init__(self, api_key: str, websocket_base_url: str | None = None, *, seconds: float = RENDER_SECONDS) -> None:
        self._api_key, self._url, self._seconds = api_key, websocket_base_url, seconds

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        """PCM16 mono 24 kHz of exactly `text`. Raises SpeechFailed; its message names neither text nor key."""
        try:
            async with (
                asyncio.timeout(self._seconds),
                AsyncOpenAI(api_key=self._api_key, websocket_base_url=self._url) as client,
            ):
                for _ in range(ATTEMPTS):
                    pcm, said = await self._say(client, model_id, voice, text)
                    if words(said) == words(text) and pcm:
                        return pcm
        except TimeoutError as late:
            raise SpeechFailed("The provider did not speak in time.") from late
        except (OSError, OpenAIError, WebSocketException) as broken:
            raise SpeechFailed(f"The provider could not be used: {type(broken).__name__}.") from broken
        except (ValueError, KeyError, TypeError, binascii.Error) as odd:
            raise SpeechFailed("The provider sent something that was not understood.") from odd
        raise SpeechFailed("The provider said something else than the text.")

    async def _say(self, client: AsyncOpenAI, model_id: str, voice: VoiceSettings, text: str) -> tuple[bytes, str]:
        options: Any = {"max_size": MAX_MESSAGE_BYTES, "compression": None}
        async with client.realtime.connect(model=model_id, websocket_connection_options=options) as connection:
            await connection.session.update(session=_session(voice))
            await connection.response.create(
                response={
                    "conversation": "none",
                    "input": [],
                    "instructions": f"Read this aloud exactly as written, nothing else: {text}",
                }
            )
            return await _listen(connection)


async def _listen(connection: AsyncRealtimeConnection) -> tuple[bytes, str]:
    pcm, said = bytearray(), ""
    while True:
        event = json.loads(await connection.recv_bytes())
        match event["type"]:
            case "response.output_audio.delta":
                pcm += base64.b64decode(event["delta"], validate=True)
            case "response.output_audio_transcript.done":
                said = f"{said} {event['transcript']}"
            case "response.done":
                status = event["response"]["status"]
                if status != "completed":
                    details = event["response"].get("status_details") or {}
                    code = (details.get("error") or {}).get("code") or details.get("reason") or status
                    raise SpeechFailed(f"The provider did not speak: {code}.")
                return bytes(pcm), said
            case "error":
                raise SpeechFailed(f"The provider refused: {event['error'].get('code') or event['error']['type']}.")


def _session(voice: VoiceSettings) -> Any:
    low, high = SPEED_RANGE
    output = {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": voice.voice_id,
        "speed": min(max(voice.speed, low), high),
    }
    return {
        "type": "realtime",
        "output_modalities": ["audio"],
        "tools": [],
        "audio": {"input": {"turn_detection": None}, "output": output},
    }


def words(text: str) -> list[str]:
    """What has to be the same: the words, in order, whatever their case and the punctuation between them."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]
