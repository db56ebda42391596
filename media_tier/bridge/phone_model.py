"""A model that speaks PCM16 at 24 kHz, for calls in µ-law at 8 kHz."""

from dataclasses import replace
from typing import Any

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K
from media_tier.audio.resampling import Resampler
from media_tier.call.events import Event
from media_tier.ports import ProviderListener, RealtimeConnection, RealtimeModel, SessionSeed
from shared.contracts.records.call import Role, UsageEntry
from shared.contracts.settings.ai_model import Capabilities


class PhoneModel:
    """Implements ports.RealtimeModel over another one; sound is converted as it passes, frame by frame."""

    def __init__(self, model: RealtimeModel) -> None:
        self._model = model

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> RealtimeConnection:
        """As the other one does."""
        connection = await self._model.connect(replace(seed, audio=PCM_24K), _PhoneListener(listener))
        return _PhoneConnection(connection)


class _PhoneListener:
    """From the model to the phone; each item has a filter of its own."""

    def __init__(self, listener: ProviderListener) -> None:
        self._listener = listener
        self._item_id: str | None = None
        self._down: Resampler

    def on_event(self, event: Event) -> None:
        self._listener.on_event(event)

    def on_audio(self, response_id: str, item_id: str, pcm: bytes) -> None:
        if item_id != self._item_id:
            self._item_id, self._down = item_id, Resampler(PCM_24K.rate, MULAW_8K.rate)
        mulaw = g711.encode(self._down.push(pcm))
        if mulaw:
            self._listener.on_audio(response_id, item_id, mulaw)

    def on_usage(self, usage: UsageEntry) -> None:
        self._listener.on_usage(usage)


class _PhoneConnection:
    """From the phone to the model."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection
        self._up = Resampler(MULAW_8K.rate, PCM_24K.rate)

    @property
    def capabilities(self) -> Capabilities:
        return self._connection.capabilities

    def send_audio(self, pcm: bytes) -> None:
        self._connection.send_audio(self._up.push(g711.decode(pcm)))

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
