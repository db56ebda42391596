"""Sender and receiver reports of one WhatsApp leg: what we say of both streams, and the round trip they tell.

RFC 3550 sections 6.4 and A.3/A.8. The "NTP" time in them is monotonic time: the far end only echoes it. No I/O.
"""

import struct

from media_tier.audio.jitter import TICKS

_SR, _RR, _SDES = 200, 201, 202
_BLOCK = struct.Struct("!IIIIII")
_MAX_LOST = 0x7FFFFF


class Reports:
    """Counts both directions. `now` is monotonic seconds."""

    def __init__(self, ssrc: int, cname: str) -> None:
        self._ssrc = ssrc
        self._description = _description(ssrc, cname.encode())
        self._packets = self._octets = 0
        self._sent_time = 0
        self._remote = 0
        self._first = self._highest = -1
        self._received = 0
        self._before = (0, 0)
        self._transit: float | None = None
        self._jitter = 0.0
        self._last_report = (0, 0.0)
        self.rtt: float | None = None
        """Seconds, None before the far end reported."""
        self.lost_by_far_end = 0.0
        """Fraction of our packets the far end lacked in its last report."""
        self.heard_of_us = 0
        """How many reports about our packets came."""

    def sent(self, timestamp: int, size: int) -> None:
        """A packet of ours left; `size` is its payload's."""
        self._packets += 1
        self._octets += size
        self._sent_time = timestamp

    def came(self, ssrc: int, sequence: int, timestamp: int | None, now: float) -> None:
        """A packet of the far end's came; `timestamp` None: its clock is another one."""
        if ssrc != self._remote:
            self._remote, self._first, self._received, self._before = ssrc, -1, 0, (0, 0)
            self._transit = None
        self._received += 1
        if self._first < 0:
            self._first = self._highest = sequence
        else:
            ahead = ((sequence - self._highest + 0x8000) & 0xFFFF) - 0x8000
            self._highest = max(self._highest, self._highest + ahead)
        if timestamp is not None:
            transit = now * TICKS - timestamp
            if self._transit is not None:
                # Wrapping of the timestamp shows as one absurd value, which is left out.
                difference = abs(transit - self._transit)
                self._jitter += (difference - self._jitter) / 16 if difference < TICKS else 0.0
            self._transit = transit

    def report(self, now: float) -> bytes:
        """The compound packet to send now."""
        ntp = _ntp(now)
        head = struct.pack("!IQIII", self._ssrc, ntp, self._sent_time, self._packets, self._octets & 0xFFFFFFFF)
        block = self._block(now)
        length = (4 + len(head) + len(block)) // 4 - 1
        return struct.pack("!BBH", 0x80 | bool(block), _SR, length) + head + block + self._description

    def read(self, packet: bytes, now: float) -> None:
        """A compound packet of the far end; what is not understood is skipped."""
        position = 0
        while position + 8 <= len(packet):
            first, kind, words = struct.unpack_from("!BBH", packet, position)
            end = position + 4 * (words + 1)
            if first & 0xC0 != 0x80 or end > len(packet):
                return
            if kind == _SR and end - position >= 28:
                self._last_report = (int.from_bytes(packet[position + 10 : position + 14]), now)
                self._read_blocks(packet[position + 28 : end], first & 0x1F, now)
            elif kind == _RR:
                self._read_blocks(packet[position + 8 : end], first & 0x1F, now)
            position = end

    def _read_blocks(self, data: bytes, count: int, now: float) -> None:
        for index in range(min(count, len(data) // _BLOCK.size)):
            ssrc, lost, _, _, last, delay = _BLOCK.unpack_from(data, index * _BLOCK.size)
            if ssrc == self._ssrc:
                self.heard_of_us += 1
                self.lost_by_far_end = (lost >> 24) / 256
                if last:
                    passed = ((_ntp(now) >> 16) - last - delay) & 0xFFFFFFFF
                    if passed < 30 * 65_536:
                        self.rtt = passed / 65_536

    def _block(self, now: float) -> bytes:
        if self._first < 0:
            return b""
        expected = self._highest - self._first + 1
        lost = max(-_MAX_LOST, min(_MAX_LOST, expected - self._received))
        new, got = expected - self._before[0], self._received - self._before[1]
        self._before = (expected, self._received)
        fraction = max(0, min(255, (new - got) * 256 // new)) if new > 0 else 0
        last, at = self._last_report
        delay = min(0xFFFFFFFF, int((now - at) * 65_536)) if last else 0
        jitter = int(self._jitter) & 0xFFFFFFFF
        return _BLOCK.pack(
            self._remote, fraction << 24 | lost & 0xFFFFFF, self._highest & 0xFFFFFFFF, jitter, last, delay
        )


def _ntp(now: float) -> int:
    return int(now * 2**32) & 0xFFFFFFFFFFFFFFFF


def _description(ssrc: int, cname: bytes) -> bytes:
    chunk = struct.pack("!IBB", ssrc, 1, len(cname)) + cname + b"\0"
    chunk += bytes(-len(chunk) % 4)
    return struct.pack("!BBH", 0x81, _SDES, len(chunk) // 4) + chunk
