"""A WhatsApp user rings from a browser: webhook, queue, media process and Meta's stand-in as `make run` starts them."""

import asyncio
import base64
import contextlib
import json
import re
from typing import Any

import aiohttp
import numpy as np
import pytest

from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.settings.call_settings import VoiceSettings
from tests.e2e.conftest import Running
from tests.media.whatsapp_peer import until

pytestmark = pytest.mark.platform

NUMBER = "15550100001"
FRAME = 960
"""Bytes of 20 ms."""
QUESTION = "what are your business hours"


class Phone:
    """The browser's side of `/whatsapp-phone`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._saying = b""
        self.messages: list[dict[str, Any]] = []
        self.heard = bytearray()
        self.tasks = [asyncio.ensure_future(self._speak()), asyncio.ensure_future(self._listen())]

    def say(self, pcm: bytes) -> None:
        self._saying += pcm

    async def _speak(self) -> None:
        while not self._socket.closed:
            frame, self._saying = self._saying[:FRAME].ljust(FRAME, b"\0"), self._saying[FRAME:]
            await self._socket.send_json({"type": "audio", "data": base64.b64encode(frame).decode()})
            await asyncio.sleep(0.02)

    async def _listen(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if told["type"] == "audio":
                self.heard += base64.b64decode(told["data"])
            else:
                self.messages.append(told)

    async def quiet(self, seconds: float) -> None:
        """Wait until the far end has been silent for so long."""
        await until(lambda: len(self.heard) >= 48_000 and self.level(seconds) <= 200, 40)

    def level(self, seconds: float) -> int:
        """The loudest sample lately."""
        tail = bytes(self.heard[-int(seconds * 24_000) * 2 :])
        return int(np.abs(np.frombuffer(tail, "<i2").astype(int)).max(initial=0))


async def test_a_whatsapp_user_is_greeted_asks_and_is_answered(platform: Running) -> None:
    speech = EspeakSpeech()
    question = await speech.render(model_id="simulated", voice=VoiceSettings(voice_id="espeak:en-us"), text=QUESTION)
    speech.close()
    address = f"{platform.url.replace('http', 'ws', 1)}/whatsapp-phone"
    async with aiohttp.ClientSession() as http, http.ws_connect(address, params={"to": NUMBER}) as socket:
        phone = Phone(socket)
        await phone.quiet(2.0)
        assert [message["type"] for message in phone.messages] == ["ringing", "connected"]
        greeted = len(phone.heard)
        assert np.abs(np.frombuffer(bytes(phone.heard), "<i2").astype(int)).max() > 3000
        phone.say(question)
        await until(lambda: phone.level(0.2) >= 1000, 20)
        assert len(phone.heard) - greeted > len(question) * 0.8, "the answer follows the question"
        await socket.send_json({"type": "end"})
        await asyncio.wait({phone.tasks[1]}, timeout=5)
        assert phone.messages[-1] == {"type": "call_ended", "status": "COMPLETED"}
        for task in phone.tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError):
                await task
    ended = re.compile(r'call ended.*"reason":"user_ended"')
    await until(lambda: ended.search(platform.log("media-1") + platform.log("media-2")), 10)
    await asyncio.sleep(2.5)  # what follows a hang-up
    lines = (platform.log("media-1") + platform.log("media-2")).splitlines()
    assert [line for line in lines if "meta" in line or "Traceback" in line] == []
