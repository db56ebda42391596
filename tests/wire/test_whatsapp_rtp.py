"""RTP, keys and reports of the WhatsApp leg, judged by aiortc's own parser."""

import pytest
from aiortc.rtp import RtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpSdesPacket, RtcpSrPacket, RtpPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.legs.whatsapp_rtcp import Reports
from media_tier.legs.whatsapp_rtp import Keypad, build, is_rtcp, parse


def test_what_we_build_others_read() -> None:
    packet = RtpPacket.parse(build(111, 65_535, 2**32 - 1, 7, b"sound", marker=True))
    assert (packet.payload_type, packet.sequence_number, packet.timestamp, packet.ssrc) == (111, 65_535, 2**32 - 1, 7)
    assert packet.payload == b"sound" and packet.marker == 1


@pytest.mark.parametrize("padding", [0, 8])
@pytest.mark.parametrize("sources", [[], [1, 2]])
def test_what_others_build_we_read(padding: int, sources: list[int]) -> None:
    packet = RtpPacket(payload_type=126, sequence_number=9, timestamp=10)
    packet.ssrc, packet.payload, packet.csrc, packet.padding_size = 11, b"keys", sources, padding
    packet.extensions.audio_level = (True, 30)
    parsed = parse(packet.serialize())
    assert parsed is not None
    assert tuple(parsed) == (126, 9, 10, 11, b"keys")


def test_extensions_are_skipped() -> None:
    raw = build(111, 1, 2, 3, b"")
    extended = bytes([raw[0] | 0x10]) + raw[1:] + b"\xbe\xde\x00\x02" + bytes(8) + b"sound"
    parsed = parse(extended)
    assert parsed is not None and parsed.payload == b"sound"


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_rubbish_is_none_or_a_packet(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed is None or len(parsed.payload) <= len(raw) - 12
    Reports(1, "c").read(raw, 5.0)
    assert isinstance(is_rtcp(raw), bool)


def key(event: int, end: bool, timestamp: int) -> object:
    packet = parse(build(126, 1, timestamp, 3, bytes([event, 0x80 if end else 0, 0, 160])))
    assert packet is not None
    return packet


def test_a_key_counts_when_it_ends_and_once() -> None:
    keypad = Keypad()
    presses = [(5, False, 100), (5, True, 100), (5, True, 100), (5, True, 700), (11, True, 900), (16, True, 950)]
    digits = [keypad.press(key(*press), index * 0.1) for index, press in enumerate(presses)]  # type: ignore[arg-type]  # a RtpPacket
    assert digits == [None, "5", None, "5", "#", None]
    short = parse(build(126, 1, 5, 3, b"\x01"))
    assert short is not None and keypad.press(short, 1) is None


def test_reports_say_what_came_and_what_left() -> None:
    reports = Reports(77, "our-name")
    for index in range(10):
        reports.sent(960 * index, 50)
        if index not in (3, 4):
            reports.came(5, (65_530 + index) & 0xFFFF, 960 * index, 0.02 * index)
    sender, description = RtcpPacket.parse(reports.report(1.5))
    assert isinstance(sender, RtcpSrPacket) and isinstance(description, RtcpSdesPacket)
    assert (sender.ssrc, sender.sender_info.packet_count, sender.sender_info.octet_count) == (77, 10, 500)
    assert sender.sender_info.rtp_timestamp == 960 * 9
    block = sender.reports[0]
    assert (block.ssrc, block.packets_lost, block.fraction_lost) == (5, 2, 2 * 256 // 10)
    assert block.highest_sequence == 65_539 and block.jitter <= 1
    assert description.chunks[0].items == [(1, b"our-name")]


def test_nothing_came_yet_is_reported_without_a_block() -> None:
    sender = RtcpPacket.parse(Reports(77, "c").report(2.0))[0]
    assert isinstance(sender, RtcpSrPacket) and sender.reports == []


def test_the_round_trip_is_what_the_far_end_did_not_spend() -> None:
    reports = Reports(77, "c")
    sent = RtcpPacket.parse(reports.report(100.0))[0]
    assert isinstance(sent, RtcpSrPacket)
    middle = sent.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF
    answer = RtcpReceiverInfo(
        ssrc=77, fraction_lost=64, packets_lost=1, highest_sequence=1, jitter=0, lsr=middle, dlsr=int(0.5 * 65_536)
    )
    reports.read(bytes(RtcpRrPacket(ssrc=5, reports=[answer])), 100.62)
    assert reports.rtt == pytest.approx(0.12, abs=0.001)
    assert reports.lost_by_far_end == 0.25
