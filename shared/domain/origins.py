"""Which web sites may show a widget: Allowed Domains, exact or `*.example.com`.

An Origin header can be forged outside browsers: this keeps other sites from using a company's widget, it is no
authentication.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit


def normal_host(text: str) -> str | None:
    """A host name in lower-case ASCII (IDNA), None if it is none."""
    host = text.strip().rstrip(".").lower()
    if not host or any(character in host for character in "/\\@?#% "):
        return None
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def origin_allowed(origin: str, allowed: Sequence[str], own: str) -> bool:
    """Whether a page of this origin may use the widget. `own` (the platform's origin) always may.

    An empty list allows every web origin; `null` and non-web origins never are.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if origin == own or not allowed:
        return True
    host = normal_host(parts.hostname)
    return host is not None and any(_matches(host, port, entry) for entry in allowed)


def _matches(host: str, port: int | None, entry: str) -> bool:
    text = entry.strip().lower()
    for scheme in ("https://", "http://"):
        text = text.removeprefix(scheme)
    name, _, wanted_port = text.partition(":")
    if wanted_port and wanted_port != str(port):
        return False
    if name.startswith("*."):
        base = normal_host(name[2:])
        return base is not None and host.endswith("." + base)
    return normal_host(name) == host
