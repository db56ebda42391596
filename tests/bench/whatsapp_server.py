"""The process under test of whatsapp_calls: answers offers read from standard input, and talks and listens.

`ours`: the WhatsApp leg. `stock`: aiortc as its documentation uses it, with the conversions our engine would need.
"""

import asyncio
import cProfile
import json
import pstats
import sys
import time
from fractions import Fraction
from typing import Any

import av
import numpy as np
import soxr
import uvloop
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from media_tier.bridge.wheel import Wheel
from media_tier.call.events import Event
from media_tier.legs.whatsapp import WhatsAppLeg, WhatsAppLimits
from media_tier.legs.whatsapp_path import MediaPath, make_certificate
from media_tier.legs.whatsapp_sdp import Local, Remote, parse_offer, render_answer
from media_tier.legs.whatsapp_streams import StreamIds

FRAME = 480


def speech(seconds: float, rate: int, share: float) -> bytes:
    """Something as lively as speech: gated noise and tones, `share` of the time; PCM16."""
    rng = np.random.default_rng(1)
    times = np.arange(int(seconds * rate)) / rate
    voice = sum(
        np.sin(2 * np.pi * f * times + np.sin(2 * np.pi * 3 * times)) / (i + 1) for i, f in enumerate((180, 540, 1700))
    )
    sound = (voice + rng.normal(0, 0.2, times.size)) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * times))
    return (3000 * sound * ((times % 4) < 4 * share)).astype("<i2").tobytes()


class Listener:
    """A call that only counts."""

    def __init__(self) -> None:
        self.samples = 0

    def on_caller_audio(self, pcm: bytes) -> None:
        self.samples += len(pcm) // 2

    def on_played(self, samples: int) -> None: ...
    def on_stopped(self, samples: int) -> None: ...
    def on_event(self, event: Event) -> None: ...
    def on_gone(self, clean: bool) -> None: ...


class Ours:
    """Calls on the WhatsApp leg; sound is queued as the playout does, 20 ms at a time and 300 ms ahead."""

    def __init__(self, sound: bytes) -> None:
        self._sound, self._wheel, self._certificate = sound, Wheel(time.monotonic), make_certificate()
        self.listeners: list[Listener] = []
        self._legs: list[tuple[WhatsAppLeg, int]] = []
        self._held: list[Any] = []

    async def answer(self, sdp: str) -> str:
        offer, number = parse_offer(sdp, private_addresses=True), len(self._legs) + 1
        path = MediaPath(self._certificate, ["127.0.0.1"], time.monotonic)
        ids = StreamIds(1000 + number, 1, 1, f"bench{number}")
        leg = WhatsAppLeg(path, offer, ids, self._wheel, time.monotonic, WhatsAppLimits(), lambda: None)
        local = Local(path.ufrag, path.password, path.fingerprint, await path.gather(), ids.ssrc, ids.cname, 1)
        listener = Listener()
        self.listeners.append(listener)
        leg.attach(listener)
        self._legs.append((leg, number * 7))
        self._held += [asyncio.ensure_future(self._run(path, offer, leg, number * 7))]
        return render_answer(offer, local)

    async def _run(self, path: MediaPath, remote: Remote, leg: WhatsAppLeg, offset: int) -> None:
        await path.connect(remote, leg)
        leg.open()
        frames = [self._sound[at : at + FRAME * 2] for at in range(0, len(self._sound), FRAME * 2)]
        silent = bytes(FRAME * 2)
        position, began = offset, time.monotonic() - 0.3
        sent = 0

        def turn(now: float) -> bool:
            nonlocal position, sent
            while sent < (now - began) * 50:
                frame = frames[position % len(frames)]
                if frame != silent:
                    leg.play(frame)
                position += 1
                sent += 1
            return True

        self._wheel.add(turn)


class Stock:
    """Calls on RTCPeerConnection."""

    def __init__(self, sound: bytes) -> None:
        self._sound = sound
        self.listeners: list[Listener] = []
        self._held: list[Any] = []

    async def answer(self, sdp: str) -> str:
        pc, listener = RTCPeerConnection(RTCConfiguration(iceServers=[])), Listener()
        self.listeners.append(listener)
        pc.addTrack(_Track(self._sound, len(self.listeners) * 7))
        pc.on("track", lambda track: self._held.append(asyncio.ensure_future(_listen(track, listener))))
        await pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        for transceiver in pc.getTransceivers():
            connection: Any = transceiver.receiver.transport.transport._connection

            async def gather(connection: Any = connection) -> None:
                connection._local_candidates_start = True
                connection._local_candidates += await connection.get_component_candidates(1, ["127.0.0.1"])
                connection._local_candidates_end = True

            connection.gather_candidates = gather
        await pc.setLocalDescription(await pc.createAnswer())
        self._held.append(pc)
        keep = [
            line
            for line in pc.localDescription.sdp.splitlines()
            if not line.startswith(("a=fingerprint:sha-384", "a=fingerprint:sha-512"))
        ]
        return "\r\n".join(keep) + "\r\n"


class _Track(MediaStreamTrack):
    kind = "audio"

    def __init__(self, sound: bytes, offset: int) -> None:
        super().__init__()
        self._sound, self._position, self._pts = sound, offset, 0
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        if self._began is None:
            self._began = time.monotonic()
        wait = self._began + self._pts / 24_000 - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        at = self._position * FRAME * 2 % len(self._sound)
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(self._sound[at : at + FRAME * 2].ljust(FRAME * 2, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = 24_000, self._pts, Fraction(1, 24_000)
        self._position += 1
        self._pts += FRAME
        return frame


async def _listen(track: MediaStreamTrack, listener: Listener) -> None:
    resampler = soxr.ResampleStream(48_000, 24_000, 1, dtype="int16")
    try:
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            mono = frame.to_ndarray().reshape(-1, 2).astype(np.int32).sum(axis=1) // 2
            listener.on_caller_audio(resampler.resample_chunk(mono.astype(np.int16)).tobytes())
    except MediaStreamError:
        return


async def serve(kind: str, share: float) -> None:
    """Answer a JSON line per offer until standard input ends; print what was heard."""
    sound = speech(8, 24_000, share)
    calls: Ours | Stock = Ours(sound) if kind == "ours" else Stock(sound)
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps({"sdp": await calls.answer(json.loads(line)["sdp"])}), flush=True)
    print(json.dumps({"seconds": [round(listener.samples / 24_000, 2) for listener in calls.listeners]}), flush=True)


def main() -> None:
    """`whatsapp_server ours|stock SHARE [profile]`"""
    kind, share = sys.argv[1], float(sys.argv[2])
    if len(sys.argv) > 3:
        profile = cProfile.Profile()
        try:
            profile.runcall(asyncio.run, serve(kind, share))
        finally:
            pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(28)
        return
    uvloop.run(serve(kind, share))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    sys.exit(0)
