"""RTP and telephone-event packets of the WhatsApp leg as bytes: no state but the key being held, no I/O.

RFC 3550 (RTP), RFC 8285 (header extensions, skipped), RFC 5761 (RTCP on the same port), RFC 4733 (telephone-event).
"""

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_VERSION = 0x80
KEYS = "0123456789*#"
REPEATED_WITHIN = 5.0
"""Seconds; the packets of one key press share a timestamp, and end packets come three times."""


class RtpPacket(NamedTuple):
    """What a receiver of audio needs of a packet."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def is_rtcp(packet: bytes) -> bool:
    """Whether a packet of the shared port is RTCP."""
    return len(packet) > 1 and 64 <= packet[1] & 0x7F <= 95


def parse(packet: bytes) -> RtpPacket | None:
    """Read a packet; None if it is none."""
    if len(packet) < 12:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
    if first == _VERSION:
        return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, packet[12:])
    if first & 0xC0 != _VERSION:
        return None
    start, end = 12 + 4 * (first & 0x0F), len(packet)
    if first & 0x10:
        if start + 4 > end:
            return None
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4])
    if first & 0x20:
        end -= packet[-1]
    if start > end:
        return None
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, packet[start:end])


def build(
    payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, *, marker: bool = False
) -> bytes:
    """A packet without extensions."""
    return HEADER.pack(_VERSION, payload_type | (marker << 7), sequence, timestamp, ssrc) + payload


class Keypad:
    """Turns the packets of key presses into one digit each, at the first end packet."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._at = 0.0

    def press(self, packet: RtpPacket, now: float) -> str | None:
        """The digit this packet completes, if it does."""
        if len(packet.payload) < 4:
            return None
        event, flags, _ = _EVENT.unpack_from(packet.payload)
        if not flags & 0x80 or event >= len(KEYS):
            return None
        if packet.timestamp == self._last and now - self._at < REPEATED_WITHIN:
            return None
        self._last, self._at = packet.timestamp, now
        return KEYS[event]
