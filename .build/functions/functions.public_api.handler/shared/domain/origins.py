"""Which web sites may show a widget: Allowed Domains, exact or `*.example.com`.

An Origin header can be forged outside browsers: this keeps other sites from using a company's widget, it is no
authentication. Names are compared in lower-case ASCII (IDNA), so a look-alike letter is another name (RFC 6454).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

HOST = re.compile(r"[a-z0-9._:-]+")
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A web origin; the port is always known."""

    scheme: str
    host: str
    port: int


def parse_origin(text: str) -> Origin | None:
    """What an Origin header says, None if it is not exactly `scheme://host[:port]` with http or https."""
    if any(character.isspace() or not character.isprintable() for character in text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    rest = (parts.path, parts.query, parts.fragment, parts.username, parts.password)
    if parts.scheme not in DEFAULT_PORTS or any(rest) or "@" in text or text[-1:] in "/?#:":
        return None
    host = _normal_host(parts.hostname or "")
    return None if host is None else Origin(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])


def origin_of(url: str) -> str:
    """The Origin header that pages of this address send."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def origin_allowed(origin: str, allowed: Sequence[str], own: str) -> bool:
    """Whether a page of this origin may use the widget. `own` (the platform's origin) always may.

    An empty list allows every web origin; `null` and non-web origins never are. An entry without a scheme allows both,
    one without a port allows every port.
    """
    page = parse_origin(origin)
    if page is None:
        return False
    if not allowed or page == parse_origin(own):
        return True
    return any(_matches(page, entry.strip().lower()) for entry in allowed)


def frame_ancestors(allowed: Sequence[str], own: str) -> str:
    """The Content-Security-Policy that lets only allowed pages frame the call interface (W3C CSP3, 6.4.2).

    The interface runs on the platform's own origin, which may always call: without this any site could frame it.
    """
    if not allowed:
        return "frame-ancestors http: https:"
    return " ".join(["frame-ancestors", own, *(source for entry in allowed for source in _sources(entry))])


def _sources(entry: str) -> list[str]:
    scheme, _, rest = entry.strip().lower().rpartition("://")
    name, _, port = rest.partition(":")
    host = _normal_host(name.removeprefix("*."))
    if host is None:
        return []
    wildcard = "*." if name.startswith("*.") else ""
    return [f"{kind}://{wildcard}{host}:{port or '*'}" for kind in ([scheme] if scheme else ["https", "http"])]


def _matches(page: Origin, entry: str) -> bool:
    scheme, separator, rest = entry.rpartition("://")
    if separator and scheme != page.scheme:
        return False
    name, _, port = rest.partition(":")
    if port and port != str(page.port):
        return False
    wildcard = name.startswith("*.")
    host = _normal_host(name.removeprefix("*."))
    if host is None:
        return False
    return page.host.endswith("." + host) if wildcard else page.host == host


def _normal_host(text: str) -> str | None:
    try:
        host = text.lower().removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return host if HOST.fullmatch(host) else None
