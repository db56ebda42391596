"""The wire form of Meta's Graph API: addresses, and errors as they are told apart by code.

Error codes: developers.facebook.com/documentation/business-messaging/whatsapp/calling/troubleshooting.
"""

import json
import re
from typing import Any

from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused

BASE_URL = "https://graph.facebook.com"
VERSION = "v26.0"
TIMEOUT_SECONDS = 8.0
MAX_ANSWER_BYTES = 256 * 1024
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,64}")
"""A business-scoped user id, which stands for a user whose number we are not told."""

UNREACHABLE = "WhatsApp could not be reached. Please try again."
GENERIC = "WhatsApp refused the request."

_ERRORS: dict[int, tuple[Reaction, str]] = {
    10: (Reaction.ADMIN, "Insufficient permissions"),
    100: (Reaction.GIVE_UP, "WhatsApp did not accept the request. Check the Phone Number ID and its permissions."),
    190: (Reaction.ADMIN, "Token expired"),
    613: (Reaction.BACK_OFF, "WhatsApp's limit for permission checks was reached. Please try again later."),
    131009: (Reaction.FALL_BACK, "Call buttons are not available for this country."),
    131026: (Reaction.FALL_BACK, "This WhatsApp user cannot receive the message."),
    131030: (Reaction.ADMIN, "This number is not in the allowed list of the WhatsApp test number."),
    131044: (Reaction.ADMIN, "The WhatsApp Business account has no valid payment method."),
    131047: (Reaction.FALL_BACK, "More than 24 hours have passed since this user last wrote or called."),
    131055: (Reaction.ADMIN, "SIP is enabled for this number, so calls cannot be taken here."),
    138000: (Reaction.ADMIN, "Calling is not enabled for this number."),
    138001: (Reaction.FALL_BACK, "This WhatsApp user cannot receive calls."),
    138002: (Reaction.BACK_OFF, "Too many calls of this number at once."),
    138003: (Reaction.ALREADY_DONE, "A call with this user is already going on."),
    138004: (Reaction.RETRY, "WhatsApp could not connect the call."),
    138005: (Reaction.BACK_OFF, "WhatsApp's call limit of this number was reached."),
    138006: (Reaction.ASK_PERMISSION, "This user has not allowed calls from this number."),
    138007: (Reaction.RETRY, "The call was not connected in time."),
    138008: (Reaction.GIVE_UP, "WhatsApp did not accept the media description."),
    138009: (Reaction.BACK_OFF, "This user cannot be asked for call permission again yet."),
    138012: (Reaction.BACK_OFF, "The daily limit of calls to this user was reached."),
    138013: (Reaction.ADMIN, "Calls started by a business are not available for this number's country."),
    138014: (Reaction.ADMIN, "Meta has disabled calling for this number because of low quality."),
    138015: (Reaction.ADMIN, "Calling needs a messaging limit of at least 2000."),
    138017: (Reaction.ALREADY_DONE, "This user already allows calls permanently."),
    138018: (Reaction.ADMIN, "No app is subscribed to this number's calls."),
}


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def refusal(status: int, body: bytes) -> WhatsAppRefused:
    """An answer that is no success, as an exception."""
    code = 0
    try:
        error = json.loads(body)["error"]
        code = int(error["code"])
    except (ValueError, KeyError, TypeError, RecursionError):
        code = 0
    if code in _ERRORS:
        return WhatsAppRefused(code, *_ERRORS[code])
    if 200 <= code <= 299 or status == 403:
        return WhatsAppRefused(code, Reaction.ADMIN, "Insufficient permissions")
    if status == 401:
        return WhatsAppRefused(code, Reaction.ADMIN, "Invalid credentials")
    if status == 429:
        return WhatsAppRefused(code, Reaction.BACK_OFF, "WhatsApp asks us to slow down. Please try again later.")
    if status >= 500:
        return WhatsAppRefused(code, Reaction.RETRY, UNREACHABLE)
    return WhatsAppRefused(code, Reaction.GIVE_UP, GENERIC)


def unreachable() -> WhatsAppRefused:
    """No answer at all. Whether the request was acted upon is not known."""
    return WhatsAppRefused(0, Reaction.RETRY, UNREACHABLE)


def answer_of(status: int, body: bytes) -> dict[str, Any]:
    """The object an answer holds; raises WhatsAppRefused."""
    if status >= 300 or len(body) > MAX_ANSWER_BYTES:
        raise refusal(status, body[:MAX_ANSWER_BYTES])
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WhatsAppRefused(0, Reaction.RETRY, UNREACHABLE) from error
    if not isinstance(answer, dict):
        raise WhatsAppRefused(0, Reaction.GIVE_UP, GENERIC)
    return answer


def addressed(to: str) -> dict[str, str]:
    """Whom a message or call is for: a number (its digits) in `to`, a business-scoped user id in `recipient`."""
    return {"recipient": to} if USER_ID.fullmatch(to) else {"to": to.removeprefix("+")}
