"""Speech from text as Gemini's `generateContent` gives it, over plain HTTP on loopback: sentences rendered ahead."""

import asyncio
import base64
import contextlib
import json
import re
from http import HTTPStatus
from typing import Any

from google.genai import types
from pydantic import ValidationError

from infra.local.standins.conversation import BrainMaker, StandInScript
from shared.domain.catalogue import GEMINI_VOICES

LARGEST_BODY = 1 << 20
LONGEST_HEADERS = 64
_PATH = re.compile(r"/v1(?:beta|alpha)?/models/(?P<model>[\w.-]+):generateContent")


class GeminiSpeechServer:
    """`start`, then POST to `url`. `requests` keeps (path, body)."""

    def __init__(self, make_brain: BrainMaker, keys: frozenset[str]) -> None:
        self._brain = make_brain(StandInScript(), 700)
        self._keys = keys
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.refuse_status: int | None = None
        """HTTP status with which everything is refused."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.url = f"http://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            path, headers, body = await _request(reader)
            status, answer = await self._answer(path, headers, body)
            content = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content)
            await writer.drain()
        writer.close()
        self._writers.discard(writer)

    async def _answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[HTTPStatus, dict[str, Any]]:
        if self.refuse_status is not None:
            return _error(HTTPStatus(self.refuse_status), "Refused.")
        if headers.get("x-goog-api-key") not in self._keys:
            return _error(HTTPStatus.BAD_REQUEST, "API key not valid. Please pass a valid API key.")
        if _PATH.fullmatch(path) is None:
            return _error(HTTPStatus.NOT_FOUND, "Not found.")
        try:
            asked = json.loads(body)
            self.requests.append((path, asked))
            text = "".join(part["text"] for content in asked["contents"] for part in content["parts"])
            config = types.GenerationConfig.model_validate(asked["generationConfig"])
            speech = config.speech_config
            assert speech is not None and speech.voice_config is not None
            prebuilt = speech.voice_config.prebuilt_voice_config
            voice = str(prebuilt.voice_name) if prebuilt is not None else ""
        except (ValueError, KeyError, TypeError, AssertionError, ValidationError):
            return _error(HTTPStatus.BAD_REQUEST, "Invalid JSON payload received.")
        if voice not in {known.id for known in GEMINI_VOICES} or config.response_modalities != [types.Modality.AUDIO]:
            return _error(HTTPStatus.BAD_REQUEST, f"Voice {voice} is not available, or the modality is not AUDIO.")
        pcm = b"".join(chunk.pcm for chunk in await self._brain.speak(text, voice))
        inline = {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": base64.b64encode(pcm).decode()}
        content = {"role": "model", "parts": [{"inlineData": inline}]}
        return HTTPStatus.OK, {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """The path without its query, the headers in lower case, and the body. Raises ValueError."""
    _, target, _ = (await reader.readline()).decode("ascii").split(" ")
    headers: dict[str, str] = {}
    for _ in range(LONGEST_HEADERS):
        name, colon, value = (await reader.readline()).decode("latin-1").strip().partition(":")
        if not colon:
            break
        headers[name.lower()] = value.strip()
    size = int(headers.get("content-length", "0"))
    if size > LARGEST_BODY:
        raise ValueError("too large")
    return target.partition("?")[0], headers, await reader.readexactly(size)


def _error(status: HTTPStatus, message: str) -> tuple[HTTPStatus, dict[str, Any]]:
    return status, {"error": {"code": status.value, "message": message, "status": status.name}}
