"""A model that speaks PCM16 at 24 kHz and hears that or 16 kHz, for calls in µ-law at 8 kHz.

Nothing is held back: what arrives together is converted together, everything else as it comes.
"""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K, AudioFormat
from media_tier.audio.resampling import Resampler
from media_tier.call.events import Event, ResponseTranscribed
from media_tier.ports import ProviderListener, RealtimeConnection, RealtimeModel, SessionSeed
from shared.contracts.records.call import Role, UsageEntry
from shared.contracts.settings.ai_model import Capabilities


class PhoneModel:
    """Implements ports.RealtimeModel over another one."""

    def __init__(self, model: RealtimeModel) -> None:
        self._model = model

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> RealtimeConnection:
        """As the other one does; raises what it raises."""
        heard = AudioFormat(seed.model.capabilities.input_rate, PCM_24K.width)
        wanted = replace(seed, audio=PCM_24K, caller_audio=heard)
        connection = await self._model.connect(wanted, _PhoneListener(listener))
        return _PhoneConnection(connection, heard)


class _PhoneListener:
    """From the model to the phone; each item has a filter of its own."""

    def __init__(self, listener: ProviderListener) -> None:
        self._listener = listener
        self._call_soon = asyncio.get_running_loop().call_soon
        self._whose: tuple[str, str] | None = None
        self._pieces: list[bytes] = []
        self._item_id: str | None = None
        self._down: Resampler

    def on_event(self, event: Event) -> None:
        """Words may overtake the sound beside them, nothing else may."""
        if self._pieces and not isinstance(event, ResponseTranscribed):
            self._flush()
        self._listener.on_event(event)

    def on_audio(self, response_id: str, item_id: str, pcm: bytes) -> None:
        """Models send many small pieces at a time, often in one segment: those are one chunk by the next turn."""
        if self._whose != (response_id, item_id):
            self._flush()
            self._whose = response_id, item_id
        if not self._pieces:
            self._call_soon(self._flush)
        self._pieces.append(pcm)

    def on_usage(self, usage: UsageEntry) -> None:
        self._listener.on_usage(usage)

    def _flush(self) -> None:
        if self._whose is None or not self._pieces:
            return
        response_id, item_id = self._whose
        pcm = b"".join(self._pieces)
        self._pieces.clear()
        if item_id != self._item_id:
            self._item_id, self._down = item_id, Resampler(PCM_24K.rate, MULAW_8K.rate)
        mulaw = g711.encode_samples(self._down.convert(np.frombuffer(pcm, "<i2")))
        if mulaw:
            self._listener.on_audio(response_id, item_id, mulaw)


class _PhoneConnection:
    """From the phone to the model."""

    def __init__(self, connection: RealtimeConnection, heard: AudioFormat) -> None:
        self._connection = connection
        self._up = Resampler(MULAW_8K.rate, heard.rate)

    @property
    def capabilities(self) -> Capabilities:
        return self._connection.capabilities

    def send_audio(self, pcm: bytes) -> None:
        self._connection.send_audio(self._up.convert(g711.samples(pcm)).tobytes())

    def add_context(self, role: Role, text: str) -> None:
        self._connection.add_context(role, text)

    def request_response(self, tag: str, instructions: str | None) -> None:
        self._connection.request_response(tag, instructions)

    def cancel(self, response_id: str) -> None:
        self._connection.cancel(response_id)

    def truncate(self, response_id: str, item_id: str, played_ms: int) -> None:
        self._connection.truncate(response_id, item_id, played_ms)

    def submit_tool_result(self, call_id: str, name: str, output: dict[str, Any], request_response: bool) -> None:
        self._connection.submit_tool_result(call_id, name, output, request_response)

    async def close(self) -> None:
        await self._connection.close()
