"""OpenAI Realtime as a RealtimeModel: one WebSocket for each connection of a call.

Invariants: a connection that ends without our asking sends exactly one ProviderFailed and then nothing; one response
is generated at a time, further requests wait for its end; an item is never truncated beyond what was received.
"""

import asyncio
import logging
import ssl as ssl_module
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from media_tier.call.events import Event, ProviderExpiring, ProviderFailed, ToolRequested
from media_tier.ports import Clock, ProviderListener, ProviderUnavailable, RealtimeModel, SessionSeed
from media_tier.providers import openai_wire as wire
from media_tier.providers.openai_decoder import OpenAiDecoder
from media_tier.providers.openai_reports import (
    ErrorReported,
    Notice,
    SessionConfigured,
    SessionOpened,
    ToolMalformed,
)
from media_tier.providers.openai_requests import ResponseRequests
from media_tier.providers.socket import open_vendor_socket
from media_tier.providers.vendor_session import OpenSocket, Socket, Vendor, opened
from shared.contracts.records.call import Role
from shared.contracts.settings.ai_model import Capabilities

BASE_URL = "wss://api.openai.com/v1"
SETUP_SECONDS = 10.0
WARN_BEFORE_SECONDS = 300.0
"""A 60 min session is renewed from minute 55 on."""
EXPIRED_CLOSE = 1001

log = logging.getLogger(__name__)


class OpenAiRealtimeModel(RealtimeModel):
    """Connects calls to OpenAI Realtime.

    `epoch` gives seconds since the epoch, to understand the expiry the server announces; without it the model's
    `max_connection_seconds` is relied on alone. `ssl` None: the system's trust store.
    """

    def __init__(
        self,
        api_key: str,
        websocket_base_url: str | None,
        clock: Clock,
        *,
        epoch: Callable[[], float] | None = None,
        ssl: ssl_module.SSLContext | None = None,
        setup_seconds: float = SETUP_SECONDS,
        open_socket: OpenSocket = open_vendor_socket,
    ) -> None:
        base_url = (websocket_base_url or BASE_URL).rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}"}
        self._clock, self._epoch = clock, epoch
        self._vendor = Vendor(f"{base_url}/realtime", headers, ssl, setup_seconds, open_socket, clock)

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> "OpenAiConnection":
        """Open, configure and seed a session. Raises ProviderUnavailable; sends no event before it returns."""
        url = f"{self._vendor.url}?model={quote(seed.model.id, safe='')}"
        connection = OpenAiConnection(seed, listener, self._clock, self._epoch)
        return await opened(connection, replace(self._vendor, url=url))


class OpenAiConnection:
    """A RealtimeConnection. Made by OpenAiRealtimeModel.connect."""

    def __init__(
        self, seed: SessionSeed, listener: ProviderListener, clock: Clock, epoch: Callable[[], float] | None
    ) -> None:
        self._seed, self._listener, self._epoch = seed, listener, epoch
        self._socket: Socket | None = None
        self._decoder = OpenAiDecoder(seed, listener.on_audio, listener.on_usage)
        later = asyncio.get_running_loop().call_later
        self._requests = ResponseRequests(self._decoder.answers, self._send, clock, later)
        self._setup: asyncio.Queue[Notice | ProviderUnavailable] | None = asyncio.Queue()
        self._over = False
        self._expiry: asyncio.TimerHandle | None = None
        self._expires_at: float | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do, from the catalogue."""
        return self._seed.model.capabilities

    def send_audio(self, pcm: bytes) -> None:
        """Caller's sound, PCM16 24 kHz."""
        if self._socket is not None and not self._over:
            self._decoder.sent_bytes += len(pcm)
            self._socket.send(wire.append(pcm))

    def add_context(self, role: Role, text: str) -> None:
        """Tell what was said; no answer is asked for."""
        if text.strip():
            self._send(wire.said(role, text))

    def request_response(self, tag: str, instructions: str | None) -> None:
        """Ask for a response now, or once the one being generated is over."""
        whole = None if instructions is None else f"{self._seed.instructions}\n\n{instructions}".strip()
        self._requests.ask(tag, whole)

    def cancel(self, response_id: str) -> None:
        """Stop a response; nothing is sent when it is already over (a late cancel could hit the next one)."""
        self._requests.cancel(response_id)

    def truncate(self, response_id: str, item_id: str, played_ms: int) -> None:
        """Keep what was heard of an item. Nothing is sent for items without sound and those heard to the end."""
        answers = self._decoder.answers
        received_ms = answers.received_ms(item_id)
        if received_ms is None or (answers.is_complete(item_id) and played_ms >= received_ms):
            return
        heard_ms = min(max(played_ms, 0), received_ms)
        self._send(wire.truncate(item_id, heard_ms) if heard_ms else wire.delete(item_id))

    def submit_tool_result(self, call_id: str, name: str, output: dict[str, Any], request_response: bool) -> None:
        """Answer a tool call; the model goes on with the last answer of the set."""
        self._send(wire.tool_output(call_id, output))
        if request_response:
            self._requests.ask_to_go_on()

    async def close(self) -> None:
        """Let go; no event follows."""
        self._end()
        if self._socket is not None:
            await self._socket.close()
        if self._closing is not None:
            await self._closing

    async def set_up(self, socket: Socket) -> None:
        """Configure and seed the session. Raises ProviderUnavailable; unbounded in time."""
        assert self._setup is not None
        self._socket = socket
        await self._await_notice(SessionOpened)
        self._send(wire.session_update(self._seed))
        if not await self._await_notice(SessionConfigured, optional="session.include"):
            # Log probabilities are asked for, but this transcription model has none.
            self._send(wire.session_update(self._seed, confidence=False))
            await self._await_notice(SessionConfigured)
        for message in wire.history(self._seed):
            self._send(message)
        self._setup = None
        self._watch_expiry()

    async def _await_notice(self, awaited: type[Notice], optional: str | None = None) -> bool:
        """Wait for a step of the setup; False when it was refused because of the parameter `optional`."""
        assert self._setup is not None
        while True:
            notice = await self._setup.get()
            if isinstance(notice, ProviderUnavailable):
                raise notice
            if isinstance(notice, awaited):
                return True
            if isinstance(notice, ErrorReported) and not notice.benign:
                if optional is not None and notice.param.startswith(optional):
                    return False
                fatal = notice.fatal or notice.kind == "invalid_request_error"
                raise ProviderUnavailable(notice.code, "The provider refused the session.", fatal=fatal)

    def on_message(self, message: bytes) -> None:
        """Called by the socket."""
        if not self._over:
            self._hand_on(self._decoder.feed(message))

    def on_closed(self, code: int, reason: str) -> None:
        """Called by the socket: the connection ended, and not by us."""
        name = "expired" if code == EXPIRED_CLOSE else f"closed_{code}"
        if self._setup is not None:
            self._setup.put_nowait(ProviderUnavailable(name, "The provider closed the connection."))
        else:
            self._fail(name, "The provider closed the connection.", fatal=False)

    def _hand_on(self, told: Sequence[Event | Notice]) -> None:
        for what in told:
            if self._over:
                return
            match what:
                case SessionOpened():
                    self._expires_at = what.expires_at
                    self._note(what)
                case SessionConfigured():
                    self._note(what)
                case ErrorReported():
                    self._complain(what)
                case ToolMalformed():
                    error = {"error": "The arguments were not a JSON object."}
                    # With calls beside it that can be run, the last of their results lets the model go on.
                    alone = not any(isinstance(other, ToolRequested) for other in told)
                    self.submit_tool_result(what.call_id, "", error, request_response=alone)
                case _:
                    self._listener.on_event(what)
        self._requests.flush()

    def _note(self, notice: Notice) -> None:
        if self._setup is not None:
            self._setup.put_nowait(notice)

    def _complain(self, error: ErrorReported) -> None:
        if self._setup is not None:
            self._setup.put_nowait(error)
        elif error.fatal:
            self._fail(error.code, "The provider refused to go on.", fatal=True)
        else:
            for event in self._requests.refused(error, self._seed.connection):
                self._listener.on_event(event)
            if not error.benign:
                log.warning("OpenAI reported an error", extra={"code": error.code, "call_id": self._seed.call_id})

    def _fail(self, code: str, message: str, *, fatal: bool) -> None:
        if self._over:
            return
        self._end()
        if self._socket is not None:
            self._closing = asyncio.get_running_loop().create_task(self._socket.close())
        self._listener.on_event(ProviderFailed(self._seed.connection, code, message, fatal))

    def _end(self) -> None:
        self._over = True
        if self._expiry is not None:
            self._expiry.cancel()

    def _send(self, message: bytes) -> None:
        if self._socket is not None and not self._over:
            self._socket.send(message)

    def _watch_expiry(self) -> None:
        seconds = float(self._seed.model.capabilities.max_connection_seconds)
        if self._epoch is not None and self._expires_at is not None:
            announced = self._expires_at - self._epoch()
            # A time that has passed already says more about the clocks than about the session.
            seconds = min(seconds, announced) if announced > 0 else seconds
        warning = min(WARN_BEFORE_SECONDS, seconds)
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(seconds - warning, self._warn_of_expiry, warning)

    def _warn_of_expiry(self, seconds: float) -> None:
        if not self._over:
            self._listener.on_event(ProviderExpiring(self._seed.connection, seconds))
