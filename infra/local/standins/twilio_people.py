"""Who holds a telephone of the Twilio stand-in: speaks and hears 20 ms of µ-law at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, Self

from infra.local.standins.microphone import is_left_out
from infra.local.standins.twilio_stream import FRAME, SILENCE
from media_tier.audio import g711
from media_tier.audio.resampling import Resampler


class Person(Protocol):
    """Called every 20 ms of a call, on the event loop."""

    def speak(self) -> bytes:
        """The next 160 bytes of µ-law."""

    def hear(self, mulaw: bytes) -> None:
        """160 bytes of µ-law; silence comes too."""


@dataclass
class ScriptedPerson:
    """Says what it is told to, and remembers what it heard."""

    heard: bytearray = field(default_factory=bytearray)
    _microphone: bytearray = field(default_factory=bytearray)
    _down: Resampler = field(default_factory=lambda: Resampler(24_000, 8_000))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, pcm: bytes) -> None:
        """Speak after what is queued: PCM16 at 24 kHz; heard as a telephone passes it on."""
        self._microphone += g711.encode(self._down.push(pcm))

    @property
    def speaking(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._microphone)

    def speak(self) -> bytes:
        """See Person."""
        frame = bytes(self._microphone[:FRAME])
        del self._microphone[:FRAME]
        return frame.ljust(FRAME, b"\xff")

    def hear(self, mulaw: bytes) -> None:
        """See Person."""
        self.heard += mulaw
        self._changed.set()

    async def until(self, wanted: Callable[[Self], bool], seconds: float = 20.0) -> None:
        """Wait until something holds; looked at whenever 20 ms were heard."""
        async with asyncio.timeout(seconds):
            while not wanted(self):
                self._changed.clear()
                await self._changed.wait()


class BrowserPerson:
    """A person at a microphone and loudspeaker that speak PCM16 at 24 kHz, in pieces of any size."""

    MOST_WAITING = 8_000
    """A second: what a stalled browser sends at once is not worked off for ever after."""

    def __init__(self, play: Callable[[bytes], None]) -> None:
        """`play` is given what is heard."""
        self._play = play
        self._down, self._up = Resampler(24_000, 8_000), Resampler(8_000, 24_000)
        self._microphone = bytearray()

    def spoken(self, pcm: bytes) -> None:
        """The microphone's sound."""
        mulaw = g711.encode(self._down.push(pcm))
        if is_left_out(pcm, len(self._microphone) / 8):
            return
        self._microphone += mulaw
        del self._microphone[: max(0, len(self._microphone) - self.MOST_WAITING)]

    def speak(self) -> bytes:
        """See Person."""
        if len(self._microphone) < FRAME:
            return SILENCE
        frame = bytes(self._microphone[:FRAME])
        del self._microphone[:FRAME]
        return frame

    def hear(self, mulaw: bytes) -> None:
        """See Person."""
        self._play(self._up.push(g711.decode(mulaw)))
