"""Whether a stream's upgrade comes from Twilio on behalf of the account its address names, for a call of ours.

Twilio signs the upgrade with the account's auth token over the `wss://` address exactly as in the TwiML, without
parameters (twilio.com/docs/usage/security, media-streams). Behind load balancers the address must be put together from
our public one. The ticket is looked at here and used up later, when the stream has said which call it carries.
Invariant: whoever cannot sign learns nothing, not even whether the account exists.
"""

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from media_tier.ports import CarrierAccounts, Clock, Tickets
from shared.contracts.settings.integration import TwilioAccount

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

    @property
    def origin(self) -> str:
        """As in `records.call.Session`."""
        return f"twilio:{self.account_id}"


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
    """Checks signatures and tickets. `public_base_url` is the http(s) address the product is reached by."""

    def __init__(
        self,
        accounts: CarrierAccounts,
        tickets: Tickets,
        public_base_url: str,
        clock: Clock,
        utc_now: Callable[[], datetime],
    ) -> None:
        parts = urlsplit(public_base_url)
        scheme = "ws" if parts.scheme in ("http", "ws") else "wss"
        # As the address names it, and as it reads when a default port is added or taken away on the way.
        hosts = {parts.netloc, parts.hostname or "", f"{parts.hostname}:{parts.port or 443}"}
        self._origins = tuple(f"{scheme}://{host}" for host in sorted(hosts))
        self._accounts, self._tickets, self._clock, self._utc_now = accounts, tickets, clock, utc_now
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def admits(self, request: StreamRequest) -> str | None:
        """The AccountSid whose stream may come in; None if it may not. What a store raises comes through."""
        account_sid = await self._signer(request)
        if account_sid is None:
            return None
        token_hash = hashlib.sha256(request.token.encode()).hexdigest()
        expected = await self._tickets.expects(request.session_id, token_hash, request.origin, self._utc_now())
        return account_sid if expected else None

    async def _signer(self, request: StreamRequest) -> str | None:
        kept = await self._look_up(request.account_id)
        if not self._signed(kept, request) and self._clock() - kept.at > FRESH_SECONDS:
            self._kept.pop(request.account_id, None)  # the token may have been rotated
            kept = await self._look_up(request.account_id)
        return kept.account_sid if self._signed(kept, request) else None

    def _signed(self, kept: "_Kept", request: StreamRequest) -> bool:
        given = request.signature.encode()
        known = [
            hmac.compare_digest(signature_of(kept.auth_token, origin + request.path).encode(), given)
            for origin in self._origins
        ]
        return any(known) and bool(kept.auth_token)

    async def _look_up(self, account_id: str) -> "_Kept":
        now = self._clock()
        kept = self._kept.get(account_id)
        if kept is not None and now - kept.at < KEPT_SECONDS:
            return kept
        kept = _Kept("", "", now)
        account = await self._accounts.account(account_id)
        if isinstance(account, TwilioAccount):
            token = await self._accounts.secret(account.company_id, account_id, "auth_token")
            kept = _Kept(account.account_sid, token or "", now)
        self._kept[account_id] = kept
        self._kept.move_to_end(account_id)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept


@dataclass(frozen=True, slots=True)
class _Kept:
    """An account as it was found; no token: there is no such account, or none that could sign."""

    account_sid: str
    auth_token: str
    at: float
