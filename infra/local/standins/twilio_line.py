"""The lines of the Twilio stand-in, in real time: to a media stream, between two people, from a voice to a person."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from infra.local.standins.twilio_people import Person
from infra.local.standins.twilio_stream import FRAME, FRAME_MS, MediaStream
from infra.local.standins.twilio_webhooks import signature
from media_tier.audio import g711
from media_tier.audio.resampling import Resampler
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.speech import SpeechRenderer

HANDSHAKE_FAILED = 31920
NO_CLOSE_FRAME = 1006
ANNOUNCER = VoiceSettings(voice_id="espeak:en-us+f3")


async def frames() -> AsyncIterator[None]:
    """Every 20 ms, without drift."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        yield
        due += FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due - loop.time()))


async def talk(one: Person, other: Person, seconds: float) -> None:
    """Connect two people."""
    left = round(seconds * 1000 / FRAME_MS)
    async for _ in frames():
        if left <= 0:
            return
        left -= 1
        other.hear(one.speak())
        one.hear(other.speak())


async def play(person: Person, speech: SpeechRenderer, text: str) -> None:
    """Let a person hear a text."""
    pcm = await speech.render(model_id="twilio", voice=ANNOUNCER, text=text)
    mulaw = g711.encode(Resampler(24_000, 8_000).push(pcm))
    at = 0
    async for _ in frames():
        if at >= len(mulaw):
            return
        person.speak()
        person.hear(mulaw[at : at + FRAME].ljust(FRAME, b"\xff"))
        at += FRAME


class StreamLine:
    """One person on a media stream of our server. `error` is Twilio's code if it could not be opened."""

    def __init__(self, media: MediaStream, person: Callable[[], Person]) -> None:
        self._media, self._person = media, person
        self._socket: ClientConnection | None = None
        self.error: int | None = None

    async def open(self, url: str, auth_token: str, at: tuple[str, int] | None = None) -> bool:
        """Whether our server took the stream; `at` is where it listens, if the address leads elsewhere."""
        elsewhere: dict[str, Any] = {} if at is None else {"host": at[0], "port": at[1]}
        headers = {"x-twilio-signature": signature(auth_token, url, {})}
        try:
            self._socket = await connect(
                url,
                additional_headers=headers,
                compression=None,
                ping_interval=None,
                max_size=2**20,
                close_timeout=2,
                **elsewhere,
            )
        except (OSError, InvalidHandshake, InvalidMessage, TimeoutError):
            self.error = HANDSHAKE_FAILED
        return self._socket is not None

    async def run(self, bare: Callable[[], bool]) -> bool:
        """Until our server closes; answers whether the line was lost. When cancelled the call is over: `stop` follows,
        unless `bare` says that the socket just closes."""
        socket = self._socket
        assert socket is not None
        try:
            await self._talk(socket)
        except asyncio.CancelledError:
            with contextlib.suppress(ConnectionClosed):
                if not bare():
                    await socket.send(self._media.stop())
            raise
        finally:
            self._socket = None
            await socket.close()
        return socket.close_code == NO_CLOSE_FRAME

    async def press(self, digit: str) -> None:
        """A key."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(self._media.digit(digit))

    def drop(self) -> None:
        """The socket breaks."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _talk(self, socket: ClientConnection) -> None:
        listening = asyncio.ensure_future(self._listen(socket))
        try:
            with contextlib.suppress(ConnectionClosed):
                for message in self._media.opening():
                    await socket.send(message)
                async for _ in frames():
                    if listening.done():
                        return
                    person = self._person()
                    heard, messages = self._media.frame(person.speak())
                    person.hear(heard)
                    for message in messages:
                        await socket.send(message)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                for answer in self._media.take(text):
                    await socket.send(answer)
