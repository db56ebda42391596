"""Signs what companies' systems are sent, as github.com/standard-webhooks/standard-webhooks (spec 1.0) describes it.

The signature covers id, time and body, so that neither a changed nor an old request passes at the receiver.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"


class BadSigningSecret(ValueError):
    """The secret is not `whsec_` with base64 behind it."""


def signed_headers(secret: str, message_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """The three headers of a message; `timestamp` is Unix seconds. Raises BadSigningSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSigningSecret from error
    if not secret.startswith(PREFIX) or not key:
        raise BadSigningSecret
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
