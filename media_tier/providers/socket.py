"""The WebSocket a provider adapter talks through, the same for every vendor.

picows instead of the vendors' SDK connections: a frame costs a fraction of the CPU, and a process holds 200 calls on a
core. Invariant: whatever ends the connection other than our own `close()` is reported exactly once to `on_closed`.
"""

import asyncio
import ssl as ssl_module
from collections.abc import Callable, Mapping
from typing import Any

from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from media_tier.ports import ProviderUnavailable

MAX_MESSAGE_BYTES = 16 * 2**20
MAX_UNSENT_BYTES = 4 * 2**20
"""About a minute of sound that the peer does not take: it is as good as dead."""
PING_AFTER_SECONDS = 4.0
PONG_WITHIN_SECONDS = 4.0
"""A silent peer is found dead within 8 s."""
CLOSE_WITHIN_SECONDS = 1.0
ABNORMAL = 1006
"""RFC 6455, 7.4.1: the connection went away without a close frame."""

_REFUSALS_FOR_GOOD = frozenset({401, 403})
_TEXT = WSMsgType.TEXT
_DATA = (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION)


class VendorSocket(WSListener):
    """One client connection, made by open_vendor_socket. Text and binary messages are alike: vendors mix them."""

    def __init__(self, on_message: Callable[[bytes], None], on_closed: Callable[[int, str], None]) -> None:
        self._on_message = on_message
        self._on_closed = on_closed
        self._transport: WSTransport | None = None
        self._fragments: list[bytes] = []
        self._fragments_size = 0
        self._asked_to_close = False
        self._told = False

    def send(self, data: bytes | str) -> None:
        """Queue one text message. Does nothing once the connection is gone."""
        transport = self._transport
        if transport is None or self._asked_to_close or transport.is_disconnected:
            return
        transport.send(_TEXT, data)
        if transport.underlying_transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            transport.disconnect(graceful=False)

    async def close(self) -> None:
        """Say goodbye and let go; `on_closed` is not called. Bounded in time, may be called twice."""
        transport, self._asked_to_close = self._transport, True
        if transport is None or transport.is_disconnected:
            return
        transport.send_close(WSCloseCode.OK)
        try:
            # A connection that broke by a local failure raises that failure again here; it is over either way.
            await asyncio.wait_for(
                asyncio.gather(transport.wait_disconnected(), return_exceptions=True), CLOSE_WITHIN_SECONDS
            )
        except TimeoutError:
            transport.disconnect(graceful=False)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Called by picows."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Called by picows."""
        kind = frame.msg_type
        if kind in _DATA:
            if self._asked_to_close or transport.is_close_frame_sent:
                return
            if frame.fin and not self._fragments:
                self._on_message(frame.get_payload_as_bytes())
            else:
                self._gather(transport, frame)
        elif kind == WSMsgType.CLOSE:
            if not transport.is_close_frame_sent:
                code = _number(frame.get_close_code())
                transport.send_close(WSCloseCode.OK if code < 1000 else frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Called by picows."""
        if self._asked_to_close or self._told:
            return
        self._told = True
        handshake = transport.close_handshake
        received = handshake.recv if handshake is not None else None
        if received is None:
            self._on_closed(ABNORMAL, "")
        else:
            self._on_closed(_number(received.code) or ABNORMAL, received.reason or "")

    def _gather(self, transport: WSTransport, frame: WSFrame) -> None:
        part = frame.get_payload_as_bytes()
        self._fragments_size += len(part)
        if self._fragments_size > MAX_MESSAGE_BYTES:
            self._fragments.clear()
            transport.send_close(WSCloseCode.MESSAGE_TOO_BIG)
            transport.disconnect()
            return
        self._fragments.append(part)
        if frame.fin:
            whole = b"".join(self._fragments)
            self._fragments.clear()
            self._fragments_size = 0
            self._on_message(whole)


def _number(code: object) -> int:
    """picows hands out its enum for the codes of the RFC and a bare int for a vendor's own."""
    value: Any = getattr(code, "value", code)
    return int(value)


async def open_vendor_socket(
    url: str,
    *,
    headers: Mapping[str, str],
    ssl: ssl_module.SSLContext | None,
    on_message: Callable[[bytes], None],
    on_closed: Callable[[int, str], None],
    timeout: float = 10.0,  # noqa: ASYNC109  # bounds the handshake inside picows too
) -> VendorSocket:
    """Connect to a `ws://` or `wss://` address (`ssl` None: the system's trust store).

    `on_message` gets each whole message, `on_closed` the close code and reason of an end we did not ask for (1006 when
    there was no close frame). No compression; Nagle off. Raises ProviderUnavailable: `http_<status>` when the upgrade
    is refused (401 and 403 fatal), `timeout`, or `unreachable`.
    """
    try:
        async with asyncio.timeout(timeout):
            _, listener = await ws_connect(
                lambda: VendorSocket(on_message, on_closed),
                url,
                ssl_context=ssl,
                extra_headers=headers,
                websocket_handshake_timeout=timeout,
                max_frame_size=MAX_MESSAGE_BYTES,
                max_redirects=0,
                enable_auto_ping=True,
                auto_ping_idle_timeout=PING_AFTER_SECONDS,
                auto_ping_reply_timeout=PONG_WITHIN_SECONDS,
                auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
            )
    except WSHandshakeError as refusal:
        status = int(refusal.response.status) if refusal.response is not None else 0
        code = f"http_{status}" if status else "handshake"
        raise ProviderUnavailable(code, "The connection was refused.", fatal=status in _REFUSALS_FOR_GOOD) from refusal
    except TimeoutError as late:
        raise ProviderUnavailable("timeout", "The provider did not answer in time.") from late
    except OSError as unreachable:
        raise ProviderUnavailable("unreachable", "The provider cannot be reached.") from unreachable
    if not isinstance(listener, VendorSocket):
        # picows forgets the listener of a connection that went away in the very moment it was upgraded.
        raise ProviderUnavailable("unreachable", "The provider let go of the connection at once.")
    return listener
