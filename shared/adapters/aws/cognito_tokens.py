"""Verifies Cognito's ID tokens (RS256) against the user pool's published keys.

Every claim that AWS names is checked: signature, issuer, audience, expiry and `token_use`
(docs.aws.amazon.com, "Verifying JSON web tokens"). Keys are fetched once an hour, and at once, but at most every ten
seconds, for a key id that is not known yet.
"""

import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from shared.adapters.aws.cognito_directory import COMPANY
from shared.contracts.errors import NotAuthenticated, Unavailable
from shared.contracts.records.user import Role
from shared.domain.permissions import Actor, well_formed

log = logging.getLogger(__name__)

KEEP_SECONDS = 3600
RETRY_SECONDS = 10
FETCH_SECONDS = 5
MAX_KEYS_BYTES = 64 * 1024
MAX_TOKEN = 8192
LEEWAY_SECONDS = 30
"""Clocks differ a little."""
SIGN_IN = "Please sign in."


class Keys:
    """The issuer's public keys, by key id. `now` is in seconds."""

    def __init__(self, url: str, now: Callable[[], float], fetch: Callable[[str], bytes] | None = None) -> None:
        self._url, self._now, self._fetch = url, now, fetch or _fetch
        self._keys: dict[str, Any] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def key_set(self, key_id: str) -> KeySet | None:
        """The key with this id, None if the issuer has none. Raises Unavailable as long as no key could be fetched."""
        with self._lock:
            now = self._now()
            stale = now - self._fetched_at >= KEEP_SECONDS or key_id not in self._keys
            if stale and now - self._tried_at >= RETRY_SECONDS:
                self._tried_at = now
                self._refresh(now)
            if not self._keys:
                raise Unavailable("Signing in is not possible right now. Please try again.")
            found = self._keys.get(key_id)
        return None if found is None else KeySet([found])

    def _refresh(self, now: float) -> None:
        """Known keys stay in use while the issuer cannot be reached."""
        try:
            keys = KeySet.import_key_set(json.loads(self._fetch(self._url)))
        except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
            log.error("signing keys not fetched", extra={"kind": type(error).__name__})
            return
        self._keys = {key.kid: key for key in keys.keys if key.kid and key.key_type == "RSA"}
        self._fetched_at = now


class CognitoTokens:
    """See shared.ports.identity."""

    def __init__(self, keys: Keys, issuer: str, client_id: str, now: Callable[[], datetime]) -> None:
        self._keys, self._issuer, self._client_id, self._now = keys, issuer, client_id, now

    def actor(self, token: str) -> Actor:
        """Who the token was issued to. Raises NotAuthenticated, Unavailable."""
        claims = self._verified(token)
        wrong = NotAuthenticated(SIGN_IN)
        groups = claims.get("cognito:groups")
        roles = [role for role in Role if isinstance(groups, list) and role in groups]
        subject, company = claims.get("sub"), claims.get(COMPANY)
        if len(roles) != 1 or not isinstance(subject, str) or not 1 <= len(subject) <= 64:
            raise wrong
        if company is not None and (not isinstance(company, str) or not 1 <= len(company) <= 64):
            raise wrong
        if not well_formed(roles[0], company):
            raise wrong
        return Actor(subject, roles[0], company, str(claims.get("email", ""))[:254], str(claims.get("name", ""))[:120])

    def _verified(self, token: str) -> Mapping[str, Any]:
        if not 0 < len(token) <= MAX_TOKEN or not token.isascii():
            raise NotAuthenticated(SIGN_IN)
        try:
            keys = self._keys.key_set(_key_id(token))
            if keys is None:
                raise NotAuthenticated(SIGN_IN)
            claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
            rules = jwt.JWTClaimsRegistry(
                now=int(self._now().timestamp()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
                token_use={"essential": True, "value": "id"},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
            )
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotAuthenticated(SIGN_IN) from error
        return claims


def _key_id(token: str) -> str:
    """Which key a token claims to be signed with; nothing is believed yet."""
    header = extract_compact(token.encode()).headers()
    return str(header.get("kid", ""))


def _fetch(url: str) -> bytes:
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError("signing keys come by https")
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:
        body: bytes = answer.read(MAX_KEYS_BYTES + 1)
    if len(body) > MAX_KEYS_BYTES:
        raise ValueError("too many signing keys")
    return body
