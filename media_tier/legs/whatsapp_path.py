"""The way a WhatsApp call's packets take: ICE by aioice, DTLS by aiortc, SRTP by libsrtp, over sockets of our own.

aiortc's senders and receivers are not used: their tasks, queues and threads per packet cost more than the codec, and
their jitter buffer turns one lost packet into a third of a second of silence. A media packet goes from the socket
through `_Gate` and libsrtp straight to the listener, on the event loop, in one call.

Invariant: before a candidate pair is nominated only STUN is read; afterwards DTLS and media only from the nominated
address. So nobody off the path can take part in, or break off, the DTLS handshake (OWASP ASVS 17.2.6).
"""

import asyncio
import ipaddress
import struct
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import aioice
import pylibsrtp
from aioice.ice import CandidatePair, StunProtocol, get_host_addresses
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    certificate_digest,
)

from media_tier.legs.whatsapp_rtp import is_rtcp
from media_tier.legs.whatsapp_sdp import Candidate, Remote
from media_tier.ports import Clock

MAX_DATAGRAM = 1500
"""What pylibsrtp takes; nobody sends larger ones on the Internet."""
DTLS_BACKLOG = 64
"""Handshake datagrams waiting to be read; more are nobody's handshake."""

Certificate = RTCCertificate


def make_certificate() -> Certificate:
    """A self-signed ECDSA P-256 certificate; one per process will do."""
    return RTCCertificate.generateCertificate()


def host_addresses() -> list[str]:
    """This machine's addresses that another machine could reach, IPv4 and IPv6; link-local ones are none of them."""
    found = get_host_addresses(use_ipv4=True, use_ipv6=True)
    return [address for address in found if not ipaddress.ip_address(address).is_link_local]


class Packets(Protocol):
    """Who gets what arrives. Called on the event loop, must not block."""

    def on_rtp(self, packet: bytes, now: float) -> None:
        """A decrypted RTP packet."""

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """A decrypted compound RTCP packet."""

    def on_path_closed(self) -> None:
        """The far end closed the connection properly."""


class MediaPath:
    """One peer. `gather`, then `connect`, then `send`; `close` whatever happened."""

    def __init__(self, certificate: Certificate, addresses: Sequence[str], clock: Clock) -> None:
        self._certificate, self._clock = certificate, clock
        self._ice = _Ice(addresses, self._unreadable)
        self._ice.remote_is_lite = True
        self._dtls: RTCDtlsTransport | None = None
        self._listener: Packets | None = None
        self._protect: Callable[[bytes], bytes] | None = None
        self._protect_rtcp: Callable[[bytes], bytes] | None = None
        self._unprotect: Callable[[bytes], bytes] | None = None
        self._unprotect_rtcp: Callable[[bytes], bytes] | None = None
        self._sendto: Callable[[bytes, tuple[str, int]], None] | None = None
        self._peer: tuple[str, int] = ("", 0)
        self._closing = False
        self.heard_from_at = clock()
        """When the nominated address last sent anything, connectivity checks included."""
        self.foreign = 0
        """Datagrams from elsewhere, or unreadable."""

    @property
    def ufrag(self) -> str:
        """Our ICE user name."""
        return self._ice.local_username

    @property
    def password(self) -> str:
        """Our ICE password."""
        return self._ice.local_password

    @property
    def fingerprint(self) -> str:
        """Our certificate's SHA-256, upper case with colons."""
        return certificate_digest(self._certificate._cert, "sha-256")

    @property
    def connected(self) -> bool:
        """Whether media can be sent."""
        return self._sendto is not None

    async def gather(self) -> list[Candidate]:
        """Open a socket per address; raises ConnectionError if none opens."""
        await self._ice.gather_candidates()
        for protocol in self._ice._protocols:
            # aioice has no hook for the source of a datagram.
            protocol.transport.set_protocol(_Gate(self, protocol))
        if not self._ice.local_candidates:
            raise ConnectionError("no local address")
        return [Candidate(c.foundation, c.priority, c.host, c.port) for c in self._ice.local_candidates]

    async def connect(self, remote: Remote, listener: Packets) -> None:
        """ICE, then DTLS; raises ConnectionError. The caller bounds the time."""
        self._listener = listener
        self._ice.remote_username, self._ice.remote_password = remote.ufrag, remote.password
        for candidate in remote.candidates:
            await self._ice.add_remote_candidate(
                aioice.Candidate(
                    candidate.foundation, 1, "udp", candidate.priority, candidate.address, candidate.port, "host"
                )
            )
        await self._ice.add_remote_candidate(None)
        await self._ice.connect()
        pair = self._ice.pair
        assert pair is not None
        self._peer = pair.remote_addr
        dtls = self._dtls = RTCDtlsTransport(_Carrier(self._ice), [self._certificate])  # type: ignore[arg-type]  # the part of RTCIceTransport that it uses
        dtls._set_role("client" if remote.our_setup == "active" else "server")
        await dtls.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", remote.fingerprint)]))
        if dtls.state != "connected":
            raise ConnectionError("the DTLS handshake failed")
        incoming, outgoing = dtls._rx_srtp, dtls._tx_srtp
        self._unprotect, self._unprotect_rtcp = incoming.unprotect, incoming.unprotect_rtcp
        self._protect, self._protect_rtcp = outgoing.protect, outgoing.protect_rtcp
        self._sendto = pair.protocol.transport.sendto
        dtls.on("statechange", self._dtls_changed)

    def send(self, packet: bytes) -> None:
        """Send an RTP packet; nothing happens on a path that is not connected."""
        if self._sendto is not None and self._protect is not None:
            self._sendto(self._protect(packet), self._peer)

    def send_rtcp(self, packet: bytes) -> None:
        """Send a compound RTCP packet."""
        if self._sendto is not None and self._protect_rtcp is not None:
            self._sendto(self._protect_rtcp(packet), self._peer)

    async def close(self) -> None:
        """Say goodbye by DTLS and close the sockets."""
        self._closing = True
        self._listener = None
        self._sendto = None
        if self._dtls is not None:
            await self._dtls.stop()
        await self._ice.close()

    def arrived(self, protocol: StunProtocol, data: bytes, address: tuple[Any, ...]) -> None:
        """A datagram (RFC 7983 tells the kinds apart by the first byte)."""
        if not 0 < len(data) <= MAX_DATAGRAM:
            self.foreign += 1
            return
        first = data[0]
        pair = self._ice.pair
        known = pair is not None and protocol is pair.protocol and address[:2] == pair.remote_addr
        if first < 4:
            if known:
                self.heard_from_at = self._clock()
            try:
                protocol.datagram_received(data, address)
            except struct.error:  # aioice on truncated attributes
                self._unreadable()
        elif not known:
            self.foreign += 1
        elif first >= 128:
            self._media(data)
        elif 20 <= first < 64 and self._ice.backlog < DTLS_BACKLOG:
            self._ice.feed(data)

    def _media(self, data: bytes) -> None:
        if self._unprotect is None or self._unprotect_rtcp is None or self._listener is None:
            return
        now = self.heard_from_at = self._clock()
        try:
            if is_rtcp(data):
                self._listener.on_rtcp(self._unprotect_rtcp(data), now)
            else:
                self._listener.on_rtp(self._unprotect(data), now)
        except pylibsrtp.Error:
            self.foreign += 1

    def _unreadable(self) -> None:
        self.foreign += 1

    def _dtls_changed(self) -> None:
        if self._dtls is not None and self._dtls.state == "closed" and not self._closing and self._listener is not None:
            self._listener.on_path_closed()


class _Ice(aioice.Connection):
    """aioice on chosen addresses, with the nominated pair in sight."""

    def __init__(self, addresses: Sequence[str], unreadable: Callable[[], None]) -> None:
        super().__init__(ice_controlling=True)
        self._addresses = list(addresses)
        self._unreadable = unreadable

    async def gather_candidates(self) -> None:
        """Host candidates of our addresses: Meta is ICE-lite and reachable, so neither STUN nor TURN is needed."""
        self._local_candidates_start = True
        self._local_candidates = await self.get_component_candidates(component=1, addresses=self._addresses)
        self._local_candidates_end = True

    @property
    def pair(self) -> CandidatePair | None:
        """The nominated pair."""
        return self._nominated.get(1)

    def data_received(self, data: bytes, component: int) -> None:
        """aioice takes what it cannot read for somebody's data."""
        self._unreadable()

    def feed(self, data: bytes) -> None:
        """A DTLS record of the far end."""
        super().data_received(data, 1)

    @property
    def backlog(self) -> int:
        """Datagrams not yet read by DTLS."""
        return self._queue.qsize()


class _Carrier:
    """What aiortc's DTLS needs of its RTCIceTransport."""

    def __init__(self, ice: _Ice) -> None:
        self._recv, self._send = ice.recv, ice.send
        self.role = "controlling"


class _Gate(asyncio.DatagramProtocol):
    """Stands before aioice's protocol, because that forgets where a datagram came from."""

    def __init__(self, path: MediaPath, protocol: StunProtocol) -> None:
        self._path, self._protocol = path, protocol

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """See asyncio."""
        self._path.arrived(self._protocol, data, addr)

    def error_received(self, exc: Exception) -> None:
        """See asyncio."""
        self._protocol.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._protocol.connection_lost(exc)
