"""Our packets carry what the one before them said as long as the far end lacks some, or may."""

import ctypes

import numpy as np
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from media_tier.bridge.wheel import PERIOD
from media_tier.legs import whatsapp_opus
from media_tier.legs.whatsapp_rtp import parse
from media_tier.legs.whatsapp_streams import StreamIds, Voice
from media_tier.ports import FRAME_BYTES

IDS = StreamIds(77, 1, 1, "ours")


class Path:
    """A MediaPath that keeps what is sent."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def send(self, packet: bytes) -> None:
        parsed = parse(packet)
        assert parsed is not None
        self.payloads.append(parsed.payload)


def redundant(payload: bytes) -> bool:
    """libopus's own answer (opus_packet_has_lbrr)."""
    answer: int = whatsapp_opus._opus.opus_packet_has_lbrr(ctypes.c_char_p(payload), ctypes.c_int32(len(payload)))
    assert answer in (0, 1)
    return answer == 1


class Talk:
    """Our side, speaking all the time."""

    def __init__(self) -> None:
        self.path, self.now = Path(), 0.0
        self.voice = Voice(self.path, 111, IDS)  # type: ignore[arg-type]  # the part of MediaPath that it uses
        self.voice.begin(0.0)
        times = np.arange(24_000) / 24_000
        swing = (
            (8000 * np.sin(2 * np.pi * 180 * times) * (1 + np.sin(2 * np.pi * 5 * times)) / 2).astype("<i2").tobytes()
        )
        self.frames = [swing[at : at + FRAME_BYTES] for at in range(0, len(swing), FRAME_BYTES)]

    def second(self) -> float:
        """The share of a second's packets with redundancy."""
        begin = len(self.path.payloads)
        for frame in self.frames:
            self.voice.queue(frame)
            self.voice.turn(self.now)
            self.now += PERIOD
        sent = self.path.payloads[begin + 10 :]
        return sum(map(redundant, sent)) / len(sent)

    def report(self, lost: int, ssrc: int = IDS.ssrc) -> None:
        about = RtcpReceiverInfo(
            ssrc=ssrc, fraction_lost=lost, packets_lost=lost, highest_sequence=9, jitter=0, lsr=0, dlsr=0
        )
        self.voice.on_reports(bytes(RtcpRrPacket(ssrc=5, reports=[about])), self.now)


def test_redundancy_follows_what_the_far_end_reports() -> None:
    talk = Talk()
    assert talk.second() > 0.5
    for _ in range(2):
        talk.report(0)
    assert talk.second() > 0.5, "two clean reports are not enough"
    for _ in range(9):
        talk.report(0, ssrc=1)
    assert talk.second() > 0.5, "reports about others say nothing"
    talk.report(0)
    assert talk.second() == 0
    talk.report(6)
    assert talk.second() > 0.5, "one loss brings it back"
    for _ in range(3):
        talk.report(0)
    assert talk.second() == 0
    talk.voice.close()
