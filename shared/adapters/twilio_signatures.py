"""Whether a request was signed with an account's auth token, by the vendor's validator.

Twilio: /docs/usage/webhooks/webhooks-security. Every received parameter counts, empty and repeated ones too; the
address is the public one Twilio was given. Only HMAC-SHA1 with the auth token: the header that names another algorithm
is written by whoever sends the request and is not looked at.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

MAX_PARAMETERS = 200


def form_fields(body: bytes) -> list[tuple[str, str]] | None:
    """The parameters of a form, empty ones included; None if this is no form of a sensible size."""
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return None


def is_signed(auth_token: str, url: str, fields: Sequence[tuple[str, str]], signature: str) -> bool:
    """Whether `signature` is that of `url` with these parameters. A missing signature is an empty one."""
    validator = RequestValidator(auth_token)
    return bool(validator.validate(url, ImmutableMultiDict(list(fields)), signature))
