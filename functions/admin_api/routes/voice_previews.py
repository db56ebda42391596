"""Hearing a voice before it is chosen: a short text as a WAV file, rendered once and kept."""

import asyncio
from typing import Annotated, Any

from fastapi import Response
from pydantic import Field

from functions.admin_api.access import AdminApi, Api, By, Operations
from functions.admin_api.requests import Schema
from shared.contracts.settings.call_settings import VoiceSettings
from shared.domain.permissions import Actor, Permission
from shared.domain.recording_layout import wav_header
from shared.services import speaking

operations = Operations()
WAV: dict[int | str, dict[str, Any]] = {200: {"content": {"audio/wav": {}}}}


class PreviewIn(Schema):
    """Whose voice, how it is set, and what it shall say (nothing: the usual sentence); as long as a greeting may be."""

    ai_model_id: Annotated[str, Field(min_length=1, max_length=80)]
    voice: VoiceSettings
    text: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")] = speaking.PREVIEW


@operations.post("/voice-previews", Permission.MODELS_READ, response_class=Response, responses=WAV)
def preview_voice(api: Api, by: By, body: PreviewIn) -> Response:
    return _spoken(api, by, body)


@operations.post("/fleet/voice-previews", Permission.FLEET_MODELS, response_class=Response, responses=WAV)
def preview_fleet_voice(api: Api, by: By, body: PreviewIn) -> Response:
    return _spoken(api, by, body)


def _spoken(api: AdminApi, by: Actor, body: PreviewIn) -> Response:
    pcm = asyncio.run(speaking.preview(api.speaking, by.user_id, body.ai_model_id, body.voice, body.text.strip()))
    return Response(wav_header(len(pcm) // 2, channels=1) + pcm, media_type="audio/wav")
