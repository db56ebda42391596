"""Gemini Live as a RealtimeModel: one WebSocket for each connection of a call.

Invariants: a connection that ends without our asking sends exactly one ProviderFailed and then nothing; while the model
generates or waits for a tool nothing but sound and tool results is sent, because any other input cuts it off. There is
no way to cancel or to truncate: the model's capabilities say so.
"""

import asyncio
import ssl as ssl_module
from collections.abc import Sequence
from typing import Any

from media_tier.audio.resampling import Resampler
from media_tier.call.events import ProviderFailed
from media_tier.ports import Clock, ProviderListener, ProviderUnavailable, RealtimeModel, SessionSeed
from media_tier.providers import gemini_wire as wire
from media_tier.providers.gemini_decoder import GeminiDecoder, SetUp, Sound, Told
from media_tier.providers.gemini_outbox import Outbox
from media_tier.providers.socket import open_vendor_socket
from media_tier.providers.vendor_session import OpenSocket, Socket, Vendor, opened
from shared.contracts.records.call import Role, UsageEntry
from shared.contracts.settings.ai_model import Capabilities

BASE_URL = "https://generativelanguage.googleapis.com"
API_VERSION = "v1beta"
SETUP_SECONDS = 10.0
QUIET_SECONDS = 0.7
"""The caller's words are final when none were added for so long after the end of the turn."""
NOTHING_SECONDS = 6.0
"""A turn without any words by then was a noise."""
REFUSALS = frozenset({1007, 1008})
"""Close codes for a message the server does not take: while setting up, our configuration or the handle."""


class GeminiLiveModel(RealtimeModel):
    """Connects calls to Gemini Live.

    `base_url` is https (None: Google's own); `ssl_context` None: the system's trust store.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None,
        clock: Clock,
        *,
        ssl_context: ssl_module.SSLContext | None = None,
        api_version: str = API_VERSION,
        setup_seconds: float = SETUP_SECONDS,
        open_socket: OpenSocket = open_vendor_socket,
    ) -> None:
        base = (base_url or BASE_URL).rstrip("/")
        url = "ws" + base.removeprefix("http").removeprefix("ws") + wire.path(api_version)
        self._vendor = Vendor(url, {"x-goog-api-key": api_key}, ssl_context, setup_seconds, open_socket, clock)

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> "GeminiConnection":
        """Open, configure and seed a session. Raises ProviderUnavailable; sends no event before it returns."""
        return await opened(GeminiConnection(seed, listener), self._vendor)


class GeminiConnection:
    """A RealtimeConnection. Made by GeminiLiveModel.connect."""

    def __init__(self, seed: SessionSeed, listener: ProviderListener) -> None:
        self._seed, self._listener = seed, listener
        self._loop = asyncio.get_running_loop()
        self._socket: Socket | None = None
        self._decoder = GeminiDecoder(seed)
        self._rate = seed.model.capabilities.input_rate
        heard = seed.caller_audio or seed.audio
        self._bytes_per_ms = heard.bytes_per_ms
        self._resampler = None if self._rate == heard.rate else Resampler(heard.rate, self._rate)
        self._configured: asyncio.Future[None] = self._loop.create_future()
        self._in_use = False
        """`connect` is returning: whatever happens from now on is an event."""
        self._early: list[Told] = []
        """Told before `connect` returned, when nobody expects events yet."""
        self._lost: ProviderUnavailable | None = None
        self._over = False
        self._outbox = Outbox(self._decoder, self._send)
        self._quiet: tuple[tuple[str, int], asyncio.TimerHandle] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do, from the catalogue."""
        return self._seed.model.capabilities

    def send_audio(self, pcm: bytes) -> None:
        """Caller's sound, PCM16 as the seed says."""
        if self._socket is None or self._over:
            return
        self._decoder.sent_ms += len(pcm) / self._bytes_per_ms
        wanted = pcm if self._resampler is None else self._resampler.push(pcm)
        if wanted:
            self._socket.send(wire.audio(wanted, self._rate))

    def add_context(self, role: Role, text: str) -> None:
        """Tell what was said, once the model is silent; no answer is asked for."""
        if text.strip():
            self._outbox.context(wire.context(role, text))

    def request_response(self, tag: str, instructions: str | None) -> None:
        """Ask for a response, once the model is silent."""
        self._outbox.request(tag, wire.request(instructions))

    def cancel(self, response_id: str) -> None:
        """Nothing: the model cannot be told."""

    def truncate(self, response_id: str, item_id: str, played_ms: int) -> None:
        """Nothing: the model assumes that it was heard in real time."""

    def submit_tool_result(self, call_id: str, name: str, output: dict[str, Any], request_response: bool) -> None:
        """Answer a tool call. The results of a set go out together; the model then goes on by itself."""
        self._outbox.tool_result(call_id, name, output)

    async def close(self) -> None:
        """Let go; no event follows."""
        self._end()
        if self._socket is not None:
            await self._socket.close()

    async def set_up(self, socket: Socket) -> None:
        """Configure and seed the session. Raises ProviderUnavailable; unbounded in time."""
        self._socket, seed = socket, self._seed
        self._send(wire.setup(seed))
        await self._configured
        if self._lost is not None:
            raise self._lost
        opening = wire.history(seed) if seed.resume_handle is None else wire.lost_tools(seed)
        if opening is not None:
            self._send(opening)
        self._in_use = True
        self._outbox.open()
        self._loop.call_soon(self._hand_on, self._early)

    def on_message(self, message: bytes) -> None:
        """Called by the socket."""
        if self._over:
            return
        self._hand_on(self._decoder.feed(message))
        self._outbox.flush()
        self._listen_for_quiet()

    def on_closed(self, code: int, reason: str) -> None:
        """Called by the socket: the connection ended, and not by us."""
        if self._over:
            return
        no_quota = "quota" in reason.lower()
        name = "no_quota" if no_quota else f"closed_{code}"
        refused = code in REFUSALS
        resume_refused = refused and self._seed.resume_handle is not None and not self._decoder.has_answered
        self._end()
        if self._in_use:
            message = "The provider closed the connection."
            event = ProviderFailed(self._seed.connection, name, message, no_quota, resume_refused)
            self._listener.on_event(event)
            return
        fatal = no_quota or (refused and not resume_refused)
        message = "The provider refused the session."
        self._lost = ProviderUnavailable(name, message, fatal=fatal, resume_refused=resume_refused)
        if not self._configured.done():
            self._configured.set_result(None)

    def _hand_on(self, told: Sequence[Told]) -> None:
        for what in told:
            if self._over:
                return
            match what:
                case Sound():
                    self._listener.on_audio(what.response_id, what.item_id, what.pcm)
                case UsageEntry():
                    self._listener.on_usage(what)
                case SetUp():
                    if not self._configured.done():
                        self._configured.set_result(None)
                case _ if self._in_use:
                    self._listener.on_event(what)
                case _:
                    self._early.append(what)

    def _listen_for_quiet(self) -> None:
        unsettled = self._decoder.turns.unsettled
        if self._quiet is not None:
            key, timer = self._quiet
            if key == unsettled:
                return
            timer.cancel()
            self._quiet = None
        if unsettled is not None and not self._over:
            wait = QUIET_SECONDS if unsettled[1] else NOTHING_SECONDS
            self._quiet = (unsettled, self._loop.call_later(wait, self._settle))

    def _settle(self) -> None:
        self._quiet = None
        if not self._over:
            self._hand_on(self._decoder.settle())
            self._outbox.flush()

    def _send(self, message: bytes) -> None:
        if self._socket is not None and not self._over:
            self._socket.send(message)

    def _end(self) -> None:
        self._over = True
        if self._quiet is not None:
            self._quiet[1].cancel()
