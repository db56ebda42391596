"""Twilio's side of a media stream in tests, by hand: every message can be right or wrong."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from media_tier.app import Server
from media_tier.legs.twilio_gate import StreamGate, signature_of
from shared.contracts.settings.integration import IntegrationAccount, TwilioAccount
from shared.services.sessions import hash_token

ACCOUNT, CALL, STREAM = "AC" + "1" * 32, "CA" + "2" * 32, "MZ" + "3" * 32
ACCOUNT_ID, TOKEN = "acc-1", "auth-token"
PUBLIC = "https://calls.example.com"
PATH = f"/api/webhooks/twilio/stream/{ACCOUNT_ID}/s-1.ticket"
FRAME = bytes(range(128, 248)) + bytes(range(40))
CONNECTED = {"event": "connected", "protocol": "Call", "version": "1.0.0"}


@dataclass
class Accounts:
    """Implements CarrierAccounts; counts what it is asked."""

    tokens: dict[str, str] = field(default_factory=lambda: {ACCOUNT_ID: TOKEN})
    asked: list[str] = field(default_factory=list)
    failure: Exception | None = None
    gate: asyncio.Event | None = None

    async def account(self, account_id: str) -> IntegrationAccount | None:
        """As in the port."""
        self.asked.append(account_id)
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if account_id not in self.tokens:
            return None
        return TwilioAccount(
            company_id="co", account_id=account_id, name="Phone", account_sid=ACCOUNT, phone_number="+15005550001"
        )

    async def secret(self, company_id: str, account_id: str, field: str) -> str | None:
        """As in the port."""
        assert (company_id, field) == ("co", "auth_token")
        return self.tokens.get(account_id)


@dataclass
class AnyTicket:
    """Implements Tickets; refuses the tokens it is told to."""

    refused: tuple[str, ...] = ()

    async def expects(self, session_id: str, token_hash: str, origin: str, now: datetime) -> bool:
        """As in the port."""
        assert (session_id, origin) == ("s-1", f"twilio:{ACCOUNT_ID}")
        return token_hash not in map(hash_token, self.refused)


def gate_of(
    accounts: Accounts, tickets: AnyTicket | None = None, clock: Callable[[], float] = time.monotonic
) -> StreamGate:
    """A gate behind the public address of these tests."""
    return StreamGate(accounts, tickets or AnyTicket(), PUBLIC, clock, lambda: datetime.now(UTC))


def signed(path: str = PATH, token: str = TOKEN) -> dict[str, str]:
    """The header Twilio sends."""
    return {"x-twilio-signature": signature_of(token, "wss://calls.example.com" + path)}


def stream(server: Server, path: str = PATH, headers: dict[str, str] | None = None) -> Any:
    """An upgrade, to be entered as a context."""
    return websockets.connect(
        f"ws://127.0.0.1:{server.port}{path}",
        additional_headers=signed(path) if headers is None else headers,
        compression=None,
        ping_interval=None,
        close_timeout=1,
    )


def start(**more: Any) -> dict[str, Any]:
    """The second message."""
    body = {
        "accountSid": ACCOUNT,
        "streamSid": STREAM,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {},
    }
    return {"event": "start", "sequenceNumber": "1", "start": body | more, "streamSid": STREAM}


def media(mulaw: bytes = FRAME, stream_sid: str = STREAM) -> dict[str, Any]:
    """Sound of the caller."""
    body = {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": base64.b64encode(mulaw).decode()}
    return {"event": "media", "sequenceNumber": "2", "media": body, "streamSid": stream_sid}


def event(kind: str, **more: Any) -> dict[str, Any]:
    """Any other message."""
    return {"event": kind, "sequenceNumber": "3", "streamSid": STREAM, **more}


async def say(socket: ClientConnection, *messages: dict[str, Any] | str | bytes) -> None:
    """Send messages worded as Twilio words them."""
    for message in messages:
        await socket.send(json.dumps(message, separators=(",", ":")) if isinstance(message, dict) else message)


async def heard(socket: ClientConnection, seconds: float = 5.0) -> dict[str, Any]:
    """The next message of ours."""
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), seconds))
    return message


async def closed(socket: ClientConnection) -> int | None:
    """Read to the end; the close code."""
    try:
        async with asyncio.timeout(5):
            while True:
                await socket.recv()
    except websockets.ConnectionClosed:
        return socket.close_code
