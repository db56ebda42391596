"""Speech from text by Gemini's speech model, for sentences rendered ahead in the voice a Gemini call speaks with.

The voices are those of Gemini Live. Source: ai.google.dev/gemini-api/docs/speech-generation.
"""

import re

import httpx2
from google.genai import Client, errors, types
from google.genai.client import AsyncClient

from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechFailed

MODEL = "gemini-3.8-flash-lite-tts"
RATE = 24_000
TIMEOUT_SECONDS = 30.0
ATTEMPTS = 3

_SOUND = re.compile(r"audio/(?:l16|pcm)\b.*\brate=(?P<rate>\d+)", re.IGNORECASE)


class GeminiSpeech:
    """A `SpeechRenderer`. `base_url` None: Google's own."""

    def __init__(self, api_key: str, base_url: str | None = None, api_version: str = "v1beta") -> None:
        self._api_key = api_key
        self._base_url, self._api_version = base_url, api_version

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        """PCM16 mono 24 kHz of `text`. `model_id` does not matter: Live models share their voices with this one.

        Raises SpeechFailed. Speed and pitch are not offered by the model.
        """
        config = types.GenerateContentConfig(
            response_modalities=["AUDIO"],
            speech_config=types.SpeechConfig(
                voice_config=types.VoiceConfig(
                    prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=voice.voice_id)
                )
            ),
        )
        try:
            # One client for each rendering: its connections belong to the event loop they were made on.
            async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
                response = await self._client(http).models.generate_content(model=MODEL, contents=text, config=config)
        except errors.APIError as refused:
            raise SpeechFailed(f"Gemini refused to speak: {refused.code} {refused.status}") from refused
        except (httpx2.HTTPError, OSError) as unreachable:
            raise SpeechFailed("Gemini cannot be reached.") from unreachable
        return _sound(response)

    def _client(self, http: httpx2.AsyncClient) -> AsyncClient:
        # Given no client of its own the SDK would take aiohttp where that is installed, whose errors are others.
        options = types.HttpOptions(
            base_url=self._base_url,
            api_version=self._api_version,
            timeout=round(TIMEOUT_SECONDS * 1000),
            retry_options=types.HttpRetryOptions(attempts=ATTEMPTS),
            httpx_async_client=http,
        )
        return Client(api_key=self._api_key, http_options=options).aio


def _sound(response: types.GenerateContentResponse) -> bytes:
    content = response.candidates[0].content if response.candidates else None
    pcm = bytearray()
    for part in (content.parts if content is not None else None) or ():
        blob = part.inline_data
        if blob is None or not blob.data:
            continue
        kind = _SOUND.match(blob.mime_type or "")
        if kind is None or int(kind["rate"]) != RATE:
            raise SpeechFailed(f"Gemini answered with {blob.mime_type}, not PCM at {RATE} Hz.")
        pcm += blob.data
    if not pcm or len(pcm) % 2:
        raise SpeechFailed("Gemini answered without sound.")
    return bytes(pcm)
