"""Whether a stream's upgrade comes from Twilio on behalf of the account its address names.

Twilio signs the upgrade with the account's auth token over the `wss://` address exactly as in the TwiML, without
parameters (twilio.com/docs/usage/security, media-streams). Behind load balancers the address must be put together from
our public one. Invariant: whoever cannot sign learns nothing, not even whether the account exists.
"""

import base64
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit

from media_tier.ports import CarrierAccounts, Clock

STREAM_PATH = "/api/webhooks/twilio/stream/"
SIGNATURE = b"x-twilio-signature"
KEPT_SECONDS = 60.0
"""How long an auth token is remembered; one that fits no longer is asked for again after FRESH_SECONDS."""
FRESH_SECONDS = 5.0
MOST_KEPT = 1_000

_REQUEST = re.compile(
    rb"GET (?P<path>" + STREAM_PATH.encode() + rb"(?P<account>[A-Za-z0-9_-]{1,80})"
    rb"/(?P<session>[A-Za-z0-9_-]{1,80})\.(?P<token>[A-Za-z0-9_-]{1,200})) HTTP/1\.1\r\n"
)


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """The address of a stream, read: `<account>/<session>.<token>`, and its signature, "" if it has none."""

    path: str
    account_id: str
    session_id: str
    token: str
    signature: str


def stream_request(head: bytes) -> StreamRequest | None:
    """Read the head of an HTTP request; None if it is not for a stream."""
    match = _REQUEST.match(head)
    if match is None:
        return None
    signatures = [
        value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        if name.strip().lower() == SIGNATURE
    ]
    path, account, session, token = (part.decode() for part in match.groups())
    signature = signatures[0].decode("latin-1") if len(signatures) == 1 else ""
    return StreamRequest(path, account, session, token, signature)


def signature_of(auth_token: str, url: str) -> str:
    """What Twilio sends as X-Twilio-Signature for a request without parameters."""
    return base64.b64encode(hmac.digest(auth_token.encode(), url.encode(), "sha1")).decode()


class StreamGate:
    """Checks signatures. `public_base_url` is the http(s) address the product is reached by."""

    def __init__(self, accounts: CarrierAccounts, public_base_url: str, clock: Clock) -> None:
        parts = urlsplit(public_base_url)
        scheme = "ws" if parts.scheme in ("http", "ws") else "wss"
        # As the address names it, and as it reads when a default port is added or taken away on the way.
        hosts = {parts.netloc, parts.hostname or "", f"{parts.hostname}:{parts.port or 443}"}
        self._origins = tuple(f"{scheme}://{host}" for host in sorted(hosts))
        self._accounts, self._clock = accounts, clock
        self._kept: OrderedDict[str, tuple[str | None, float]] = OrderedDict()

    async def admits(self, request: StreamRequest) -> bool:
        """Whether the request is signed by its account. What the account store raises comes through."""
        token, age = await self._auth_token(request.account_id)
        if self._signed(token, request):
            return True
        if age > FRESH_SECONDS:  # it may have been rotated
            self._kept.pop(request.account_id, None)
            token, _ = await self._auth_token(request.account_id)
            return self._signed(token, request)
        return False

    def _signed(self, auth_token: str | None, request: StreamRequest) -> bool:
        given = request.signature.encode("utf-8")
        known = [
            hmac.compare_digest(signature_of(auth_token or "", origin + request.path).encode(), given)
            for origin in self._origins
        ]
        return any(known) and bool(auth_token)

    async def _auth_token(self, account_id: str) -> tuple[str | None, float]:
        """The token and its age in seconds."""
        now = self._clock()
        kept = self._kept.get(account_id)
        if kept is not None and now - kept[1] < KEPT_SECONDS:
            return kept[0], now - kept[1]
        token = await self._accounts.secret(account_id, "auth_token")
        self._kept[account_id] = token, now
        self._kept.move_to_end(account_id)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return token, 0.0
