"""SDP for the WhatsApp leg: Meta's offers and answers read, ours written. Pure: text in, text out.

Meta's is what a stranger's client made it send, so nothing of it is trusted: every line is bounded and matched before
it is used, and whatever is not understood is ignored or refused, never passed on. Invariant: `parse_offer` and
`parse_answer` return a `Remote` or raise `SdpRefused` with one of `REFUSALS`, in time linear in the text, and its
addresses are literal IP addresses that this process may send to.

Shapes: RFC 8866 (SDP), RFC 8839 (ICE), RFC 8842 (DTLS roles), RFC 7587 (Opus), RFC 4733 (telephone-event); Meta's own:
developers.facebook.com/documentation/business-messaging/whatsapp/calling/reference.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_CHARACTERS = 16 * 1024
MAX_LINES = 200
MAX_LINE = 1024
MAX_CANDIDATES = 20
MAX_SSRC_LINES = 8
MAX_PAYLOAD_TYPES = 32
OPUS, KEYS, MID = 111, 126, "audio"
"""What our own offers call their stream and its payloads: Meta's own choice."""
KEPT_CANDIDATES = 6
"""Every candidate costs connectivity checks; Meta sends two."""

REFUSALS = {
    "too_big": "The offer is larger than any real one.",
    "malformed": "The offer is not well-formed SDP.",
    "media": "A call has exactly one audio stream, over DTLS-SRTP, in both directions, with RTCP on the same port.",
    "codec": "The caller's side must offer Opus at 48 kHz.",
    "fingerprint": "The offer needs exactly one certificate fingerprint, by SHA-256.",
    "ice": "The offer needs ICE credentials of an ICE-lite agent.",
    "setup": "An offer must let us choose a DTLS role, an answer must have chosen one.",
    "candidates": "The offer has no address that media may be sent to.",
}

_LINE = re.compile(r"[a-z]=[^\x00-\x08\x0a-\x1f\x7f]*")
_MEDIA = re.compile(r"m=audio (\d{1,5}) UDP/TLS/RTP/SAVPF((?: \d{1,3})+)")
_RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9.-]{1,40})/(\d{1,6})(?:/(\d))?")
_CANDIDATE = re.compile(
    r"([A-Za-z0-9+/]{1,32}) (\d{1,5}) ([A-Za-z]{1,10}) (\d{1,10}) "
    r"([0-9A-Fa-f:.]{2,45}) (\d{1,5}) typ ([a-z]{1,10})(?: .*)?"
)
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_SHA256 = re.compile(r"sha-256 ([0-9A-F]{2}(?::[0-9A-F]{2}){31})", re.IGNORECASE)
_MID = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}")
_DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_KINDS = frozenset({"host", "srflx", "relay"})
Role = Literal["active", "passive"]
_ROLES: dict[str, Role] = {"passive": "active", "active": "passive"}
"""Ours by the far side's."""
_ONCE = frozenset({"ice-ufrag", "ice-pwd", "setup", "mid"})
# What `is_global` lets through although a packet sent there may end inside our own network (translation, tunnels).
_TRANSLATED = tuple(
    ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "192.0.0.0/24")
)


class SdpRefused(Exception):
    """An offer that is not answered; `why` is a key of REFUSALS. The message never quotes the offer."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: {REFUSALS[why]}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address of a side, RFC 8839 section 5.1. Component 1, UDP."""

    foundation: str
    priority: int
    address: str
    port: int
    kind: str = "host"


@dataclass(frozen=True, slots=True)
class Remote:
    """What there is to know of the far side. `fingerprint` is upper-case hexadecimal with colons (SHA-256)."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[Candidate, ...]
    our_setup: Role
    mid: str
    opus: int
    """Payload type of Opus."""
    events: int | None
    """Payload type of telephone-event at 8 kHz, None if digits are not offered."""


@dataclass(frozen=True, slots=True)
class Local:
    """What our answer says of us."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: Sequence[Candidate]
    ssrc: int
    cname: str
    session_id: int


def parse_offer(text: str, *, private_addresses: bool = False) -> Remote:
    """Read an offer; `private_addresses` also allows loopback and private networks (local stage and tests)."""
    return _parse(text, private_addresses, _ROLES | {"actpass": "active"})


def parse_answer(text: str, *, private_addresses: bool = False) -> Remote:
    """Read the answer to an offer of ours, which says who begins the DTLS handshake and uses our payload types."""
    remote = _parse(text, private_addresses, _ROLES)
    if remote.opus != OPUS or remote.events not in (KEYS, None):
        raise SdpRefused("codec")
    return remote


def _parse(text: str, private_addresses: bool, roles: Mapping[str, Role]) -> Remote:
    lines = _lines(text)
    media = [line for line in lines if line.startswith("m=")]
    match = _MEDIA.fullmatch(media[0]) if len(media) == 1 else None
    if match is None or int(match[1]) == 0:
        raise SdpRefused("media")
    attributes = _attributes(lines)
    _check_stream(attributes)
    opus, events = _codecs([int(word) for word in match[2].split()], attributes)
    if "ice-lite" not in attributes:
        raise SdpRefused("ice")
    return Remote(
        ufrag=_one(attributes, "ice-ufrag", _UFRAG, "ice"),
        password=_one(attributes, "ice-pwd", _PASSWORD, "ice"),
        fingerprint=_fingerprint(attributes),
        candidates=_candidates(attributes.get("candidate", []), private_addresses),
        our_setup=_setup(attributes, roles),
        mid=_one(attributes, "mid", _MID, "malformed") if "mid" in attributes else "",
        opus=opus,
        events=events,
    )


def render_answer(offer: Remote, local: Local) -> str:
    """Our answer: everything at once (no trickle), one fingerprint, CRLF; must be sent unchanged to both verbs."""
    return _render(local, (offer.opus, offer.events), offer.mid, offer.our_setup)


def render_offer(local: Local) -> str:
    """Our own offer, in the same form; the far side chooses who begins the DTLS handshake."""
    return _render(local, (OPUS, KEYS), MID, "actpass")


def _render(local: Local, payloads: tuple[int, int | None], mid: str, setup: str) -> str:
    opus, events = payloads
    codecs = str(opus) if events is None else f"{opus} {events}"
    first = local.candidates[0]
    family = "IP6" if ":" in first.address else "IP4"
    lines = [
        "v=0",
        f"o=- {local.session_id} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        *([f"a=group:BUNDLE {mid}"] if mid else []),
        "a=msid-semantic: WMS *",
        f"m=audio {first.port} UDP/TLS/RTP/SAVPF {codecs}",
        f"c=IN {family} {first.address}",
        "a=rtcp:9 IN IP4 0.0.0.0",
        *(f"a=candidate:{c.foundation} 1 udp {c.priority} {c.address} {c.port} typ host" for c in local.candidates),
        "a=end-of-candidates",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{setup}",
        *([f"a=mid:{mid}"] if mid else []),
        "a=sendrecv",
        "a=rtcp-mux",
        f"a=rtpmap:{opus} opus/48000/2",
        f"a=fmtp:{opus} minptime=10;useinbandfec=1",
        "a=ptime:20",
        "a=maxptime:20",
    ]
    if events is not None:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"]
    lines += [f"a=ssrc:{local.ssrc} cname:{local.cname}", f"a=ssrc:{local.ssrc} msid:{local.cname} {local.cname}-audio"]
    return "\r\n".join(lines) + "\r\n"


def _lines(text: str) -> list[str]:
    if len(text) > MAX_CHARACTERS or text.count("\n") > MAX_LINES:
        raise SdpRefused("too_big")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    if any(len(line) > MAX_LINE for line in lines):
        raise SdpRefused("too_big")
    if not lines or lines[0] != "v=0" or not all(_LINE.fullmatch(line) for line in lines):
        raise SdpRefused("malformed")
    return lines


def _attributes(lines: list[str]) -> dict[str, list[str]]:
    """Attribute values by name, session and media level together: there is one stream."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            found.setdefault(name, []).append(value)
    if len(found.get("candidate", ())) > MAX_CANDIDATES or len(found.get("ssrc", ())) > MAX_SSRC_LINES:
        raise SdpRefused("too_big")
    if any(len(set(found.get(name, ()))) > 1 for name in _ONCE):
        raise SdpRefused("malformed")
    return found


def _check_stream(attributes: dict[str, list[str]]) -> None:
    if "rtcp-mux" not in attributes or any(name in attributes for name in _DIRECTIONS - {"sendrecv"}):
        raise SdpRefused("media")


def _one(attributes: dict[str, list[str]], name: str, shape: re.Pattern[str], why: str) -> str:
    value = attributes.get(name, [""])[0]
    if not shape.fullmatch(value):
        raise SdpRefused(why)
    return value


def _codecs(offered: list[int], attributes: dict[str, list[str]]) -> tuple[int, int | None]:
    if len(offered) > MAX_PAYLOAD_TYPES or len(attributes.get("rtpmap", ())) > MAX_PAYLOAD_TYPES:
        raise SdpRefused("too_big")
    maps = {}
    for value in attributes.get("rtpmap", ()):
        if (match := _RTPMAP.fullmatch(value)) is not None:
            maps[int(match[1])] = (match[2].lower(), int(match[3]), match[4] or "1")
    # 64 to 95 would read as RTCP on a shared port (RFC 5761).
    usable = [number for number in offered if number < 64 or 96 <= number <= 127]
    opus = next((number for number in usable if maps.get(number) == ("opus", 48_000, "2")), None)
    if opus is None:
        raise SdpRefused("codec")
    return opus, next((n for n in usable if n != opus and maps.get(n, ())[:2] == ("telephone-event", 8000)), None)


def _fingerprint(attributes: dict[str, list[str]]) -> str:
    values = {value.lower() for value in attributes.get("fingerprint", ())}
    match = _SHA256.fullmatch(values.pop()) if len(values) == 1 else None
    if match is None:
        raise SdpRefused("fingerprint")
    return match[1].upper()


def _setup(attributes: dict[str, list[str]], roles: Mapping[str, Role]) -> Role:
    role = roles.get(attributes.get("setup", [""])[0])
    if role is None:
        raise SdpRefused("setup")
    return role


def _candidates(values: list[str], private_addresses: bool) -> tuple[Candidate, ...]:
    kept: dict[tuple[str, int], Candidate] = {}
    for value in values:
        match = _CANDIDATE.fullmatch(value)
        if match is None or match[2] != "1" or match[3].lower() != "udp" or match[7] not in _KINDS:
            continue
        priority, port = int(match[4]), int(match[6])
        address = _address(match[5], private_addresses)
        if address is None or not 0 < port <= 65_535 or not 0 < priority < 2**32:
            continue
        kept.setdefault((address, port), Candidate(match[1], priority, address, port, match[7]))
    best = sorted(kept.values(), key=lambda candidate: -candidate.priority)[:KEPT_CANDIDATES]
    if not best:
        raise SdpRefused("candidates")
    return tuple(best)


def _address(text: str, private_addresses: bool) -> str | None:
    """The address in its usual form if media may go there, None otherwise."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return None
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return None
    if private_addresses:
        return str(address)
    return str(address) if address.is_global and not any(address in network for network in _TRANSLATED) else None
