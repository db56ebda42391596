"""A WhatsApp user's phone and Meta's relay in one, as far as media goes: a real WebRTC peer on loopback.

Stock aiortc does ICE, DTLS, SRTP and the codec, so that our leg talks to code that is not its own. The offer has the
shape of Meta's; what the phone sends can be lost, delayed, repeated, and its keys pressed; what it hears is kept with
the time it came. Packets that come before Meta accepted the call are counted: the real Meta would bill for them.
"""

import asyncio
import contextlib
import random
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket

OPUS, KEYS = 111, 126
FRAME = 960
"""Samples of 20 ms at 48 kHz."""
_KEYS = "0123456789*#ABCD"
_DROPPED = (
    "a=fingerprint:sha-384",
    "a=fingerprint:sha-512",
    "a=end-of-candidates",
    "a=rtpmap:",
    "a=rtcp-fb:",
    "a=fmtp:",
)


class AnswerRefused(Exception):
    """SDP that Meta would not take; `code` is Meta's."""

    def __init__(self, code: int, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


@dataclass
class Network:
    """What happens to packets on the way from the phone; may be changed during a call."""

    loss: float = 0.0
    jitter: float = 0.0
    """Up to this many seconds late, evenly spread: more than 0.02 reorders."""
    repeat: float = 0.0
    silent: bool = False
    """Nothing at all leaves the phone, as after a drive into a tunnel."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class HeardFrame:
    """Sound that reached the phone: PCM16 mono 48 kHz."""

    at: float
    timestamp: int
    pcm: bytes


class PhonePeer:
    """One call's media. `offer`, then `answer`, then `talk`; `say` queues what the microphone picks up."""

    def __init__(self, network: Network | None = None) -> None:
        self.network = network or Network()
        self._random = random.Random(self.network.seed)
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._pc.addTransceiver("audio", direction="sendrecv")
        self._dtls: RTCDtlsTransport = transceiver.receiver.transport
        self._ssrc = transceiver.sender._ssrc
        connection = self._dtls.transport._connection
        connection.ice_controlling = False
        self._dtls.transport._role_set = True
        _stay_on_loopback(connection)
        receiver: Any = transceiver.receiver
        # Instead of aiortc's jitter buffer and decoder thread: what counts here is when a packet came.
        receiver._handle_rtp_packet = self._came
        # From which aiortc still makes its receiver reports.
        self._statistics: dict[int, StreamStatistics] = receiver._RTCRtpReceiver__remote_streams
        self._decoder = OpusDecoder()
        self._encoder = OpusEncoder()
        self._encoded = 0
        self._microphone = bytearray()
        self._sequence = self._random.randrange(2**15)
        self._timestamp = self._random.randrange(2**32)
        self._sending: asyncio.Task[None] | None = None
        self._late: set[asyncio.Task[None]] = set()
        self.accepted = False
        self.early_packets = 0
        self.lost = 0
        """Packets the network swallowed."""
        self.heard: list[HeardFrame] = []
        self.on_sound: Any = None
        """Called with each HeardFrame's PCM, if set."""

    @property
    def state(self) -> str:
        """`connected` once media can flow."""
        return self._pc.connectionState

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The far end's, as ICE found them."""
        return [pair.remote_addr for pair in self._dtls.transport._connection._nominated.values()]

    async def offer(self) -> str:
        """An offer with the lines of Meta's."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return _as_meta(self._pc.localDescription.sdp)

    async def take(self, offer: str) -> str:
        """Meta's answer to the business's own offer, or AnswerRefused."""
        check_description(offer, "actpass")
        await self._pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        return _as_meta(self._pc.localDescription.sdp)

    async def answer(self, sdp: str) -> None:
        """Take the business's answer, or raise AnswerRefused as Meta does."""
        check_description(sdp, "active")
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def talk(self) -> None:
        """Send a frame every 20 ms from now on: what was said, or silence."""
        if self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._send_frames())

    def say(self, pcm: bytes) -> None:
        """Queue PCM16 mono 48 kHz; what does not fill 20 ms waits for more."""
        self._microphone += pcm

    @property
    def waiting(self) -> int:
        """Frames not sent yet."""
        return len(self._microphone) // (FRAME * 2)

    async def press(self, key: str, frames: int = 4) -> None:
        """Hold a key for some 20 ms frames (RFC 4733: one timestamp, three end packets)."""
        event, began = _KEYS.index(key), self._timestamp
        for index in range(frames + 3):
            ended = 0x80 if index >= frames else 0
            payload = struct.pack("!BBH", event, ended | 10, min(index + 1, frames) * 160)
            await self._send(KEYS, began, payload)
            await asyncio.sleep(0.02 if not ended else 0)

    async def send_raw(self, packet: bytes) -> None:
        """Send an RTP packet of any content over the call's SRTP."""
        await self._dtls._send_rtp(packet)

    def sound(self, since: float = 0.0) -> np.ndarray[Any, np.dtype[np.int16]]:
        """What was heard since a moment of the loop's clock, 48 kHz, holes in time filled with silence."""
        frames = [frame for frame in self.heard if frame.at >= since]
        if not frames:
            return np.zeros(0, np.int16)
        first = frames[0].timestamp
        track = np.zeros(((frames[-1].timestamp - first) & 0xFFFFFFFF) + FRAME, np.int16)
        for frame in frames:
            at, pcm = (frame.timestamp - first) & 0xFFFFFFFF, np.frombuffer(frame.pcm, "<i2")
            track[at : at + len(pcm)] = pcm[: len(track) - at]
        return track

    async def close(self) -> None:
        """Hang up."""
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
        await self._pc.close()

    async def _send_frames(self) -> None:
        loop = asyncio.get_running_loop()
        began, count = loop.time(), 0
        while True:
            await asyncio.sleep(max(0.0, began + count * 0.02 - loop.time()))
            count += 1
            pcm = bytes(FRAME * 2)
            if self.waiting:
                pcm = bytes(self._microphone[: FRAME * 2])
                del self._microphone[: FRAME * 2]
            for payload in self._encode(pcm):
                await self._send(OPUS, self._timestamp, payload)
            self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF

    def _encode(self, pcm: bytes) -> list[bytes]:
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(pcm)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._encoded, Fraction(1, 48_000)
        self._encoded += FRAME
        return self._encoder.encode(frame)[0]

    async def _send(self, payload_type: int, timestamp: int, payload: bytes) -> None:
        packet = RtpPacket(payload_type=payload_type, sequence_number=self._sequence, timestamp=timestamp)
        packet.ssrc, packet.payload = self._ssrc, payload
        self._sequence = (self._sequence + 1) & 0xFFFF
        network, rng = self.network, self._random
        if network.silent or self.state != "connected":
            return
        if rng.random() < network.loss:
            self.lost += 1
            return
        copies = 2 if rng.random() < network.repeat else 1
        for _ in range(copies):
            if network.jitter:
                delay = rng.uniform(0, network.jitter)
                asyncio.get_running_loop().call_later(delay, self._deliver_later, packet.serialize())
            else:
                await self._deliver(packet.serialize())

    def _deliver_later(self, packet: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(packet))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _deliver(self, packet: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # the far end has just hung up
            await self._dtls._send_rtp(packet)

    async def _came(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if not self.accepted:
            self.early_packets += 1
        self._statistics.setdefault(packet.ssrc, StreamStatistics(48_000)).add(packet)
        for frame in self._decoder.decode(JitterFrame(data=packet.payload, timestamp=packet.timestamp)):
            assert isinstance(frame, av.AudioFrame)
            stereo = frame.to_ndarray().reshape(-1, 2).astype(np.int32)
            pcm = (stereo.sum(axis=1) // 2).astype("<i2").tobytes()
            self.heard.append(HeardFrame(asyncio.get_running_loop().time(), packet.timestamp, pcm))
            if self.on_sound is not None:
                self.on_sound(pcm)


def check_description(sdp: str, setup: str) -> None:
    """Raise AnswerRefused for what Meta is known to refuse in a business's answer or offer."""
    if "\r\n" not in sdp or "\n" in sdp.replace("\r\n", ""):
        raise AnswerRefused(100, "line ends must be CRLF")
    prints = [line for line in sdp.split("\r\n") if line.startswith("a=fingerprint:")]
    if len(prints) != 1 or not prints[0].startswith("a=fingerprint:sha-256 "):
        raise AnswerRefused(138008, "SDP Validation error")
    needed = ("a=rtcp-mux", "opus/48000/2", f"a=setup:{setup}")
    if sdp.count("m=") != 1 or not all(part in sdp for part in needed):
        raise AnswerRefused(100, "Invalid parameter: session.sdp")


def _as_meta(sdp: str) -> str:
    """aiortc's offer or answer with the lines of Meta's: ICE-lite, Opus as 111 and keys as 126, one fingerprint."""
    lines: list[str] = []
    for line in sdp.splitlines():
        if line.startswith("m=audio"):
            lines.append(f"{' '.join(line.split()[:3])} {OPUS} {KEYS}")
        elif not line.startswith(_DROPPED):
            lines.append(line)
        if line == "t=0 0":
            lines.append("a=ice-lite")
        elif line == "a=rtcp-mux":
            lines += [f"a=rtpmap:{OPUS} opus/48000/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1"]
            lines += [f"a=rtpmap:{KEYS} telephone-event/8000"]
    return "\r\n".join(lines) + "\r\n"


def _stay_on_loopback(connection: Any) -> None:
    """aioice never offers loopback addresses by itself."""

    async def gather() -> None:
        if not connection._local_candidates_start:
            connection._local_candidates_start = True
            connection._local_candidates += await connection.get_component_candidates(1, ["127.0.0.1"])
            connection._local_candidates_end = True

    connection.gather_candidates = gather
