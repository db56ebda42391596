"""A WhatsApp leg and a phone, connected over loopback without Meta's web interface between them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from infra.local.standins.meta_media import Network, PhonePeer
from media_tier.bridge.wheel import Wheel
from media_tier.call.events import Event
from media_tier.legs.whatsapp import WhatsAppLeg, WhatsAppLimits
from media_tier.legs.whatsapp_path import MediaPath, make_certificate
from media_tier.legs.whatsapp_sdp import Local, parse_offer, render_answer
from media_tier.legs.whatsapp_streams import StreamIds

CERTIFICATE = make_certificate()
LIMITS = WhatsAppLimits(quality_seconds=0.5)
IDS = StreamIds(ssrc=7007, sequence=60_000, timestamp=2**32 - 48_000, cname="leg")
Samples = np.ndarray[Any, np.dtype[np.int16]]


@dataclass
class Ear:
    """Listens to a leg as a call would."""

    audio: list[tuple[float, bytes]] = field(default_factory=list)
    played: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    gone: list[bool] = field(default_factory=list)

    def on_caller_audio(self, pcm: bytes) -> None:
        self.audio.append((time.monotonic(), pcm))

    def on_played(self, samples: int) -> None:
        self.played.append(samples)

    def on_stopped(self, samples: int) -> None:
        self.stopped.append(samples)

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def on_gone(self, clean: bool) -> None:
        self.gone.append(clean)

    @property
    def sound(self) -> Samples:
        return np.frombuffer(b"".join(pcm for _, pcm in self.audio), "<i2")


@dataclass
class Call:
    leg: WhatsAppLeg
    path: MediaPath
    phone: PhonePeer
    ear: Ear
    over: list[bool]

    def open(self) -> None:
        """Meta said yes."""
        self.phone.accepted = True
        self.phone.talk()
        self.leg.open()


@asynccontextmanager
async def call(
    network: Network | None = None,
    limits: WhatsAppLimits = LIMITS,
    fingerprint: str | None = None,
    bystander: Callable[[int], None] | None = None,
) -> AsyncIterator[Call]:
    """A connected call that is not accepted yet.

    `fingerprint` is what the answerer believes of the phone, `bystander` learns the leg's port before it connects.
    """
    phone = PhonePeer(network)
    offer = parse_offer(await phone.offer(), private_addresses=True)
    if fingerprint is not None:
        offer = replace(offer, fingerprint=fingerprint)
    path = MediaPath(CERTIFICATE, ["127.0.0.1"], time.monotonic)
    wheel, over, ear = Wheel(time.monotonic), list[bool](), Ear()
    leg = WhatsAppLeg(path, offer, IDS, wheel, time.monotonic, limits, lambda: over.append(True))
    try:
        candidates = await path.gather()
        if bystander is not None:
            bystander(candidates[0].port)
        local = Local(path.ufrag, path.password, path.fingerprint, candidates, IDS.ssrc, IDS.cname, 1)
        await phone.answer(render_answer(offer, local))
        leg.attach(ear)
        async with asyncio.timeout(5):
            await path.connect(offer, leg)
        yield Call(leg, path, phone, ear, over)
    finally:
        await path.close()
        await phone.close()
        wheel.close()
        leg.release()


def tone(hertz: float, seconds: float, rate: int, level: int = 8000) -> bytes:
    """A sine that fades in, PCM16."""
    times = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * times)).astype("<i2").tobytes()


def share_of(hertz: float, sound: Samples, rate: int) -> float:
    """How much of a sound's energy is this tone, 0 to 1."""
    if len(sound) < rate // 10 or not sound.any():
        return 0.0
    spectrum = np.abs(np.fft.rfft(sound.astype(float) * np.hanning(len(sound)))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate)
    return float(spectrum[np.abs(frequencies - hertz) < 15].sum() / spectrum.sum())


async def until(condition: Any, seconds: float = 5) -> None:
    """Wait for something that happens on the same loop."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is somebody else's state
            await asyncio.sleep(0.005)
