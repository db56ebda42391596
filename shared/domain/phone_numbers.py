"""Phone numbers: reading, masking, and where a call may go (against toll fraud).

Numbers that cost the company money by being called (premium rate, shared cost, satellite and other international
networks) are refused whatever a company allows. Data: Google's libphonenumber.
"""

from collections.abc import Collection

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

INVALID = "Please enter a phone number in international format, for example +1 555 123 4567."
PREMIUM = "Calls to this kind of number are not allowed."
_REFUSED_TYPES = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
    PhoneNumberType.PERSONAL_NUMBER,
}
NO_COUNTRY = "001"
"""libphonenumber's region of satellite and other global networks (+870, +881, +882, +883, +979 …)."""
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
NO_BUSINESS_CALLS = frozenset({"US", "CA", "EG", "VN", "NG"})
"""WhatsApp numbers of these countries cannot start calls (Meta: calling/business-initiated-calls)."""


def read(text: str) -> str | None:
    """A number as a person types it, as E.164; None if it is none."""
    number = _parsed(text)
    return None if number is None else phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country_of(number: str) -> str | None:
    """The country (ISO 3166, two letters) of an E.164 number."""
    parsed = _parsed(number)
    return None if parsed is None else phonenumbers.region_code_for_number(parsed)


def why_not(number: str, allowed: Collection[str]) -> str | None:
    """Why a number may not be called, in a sentence; None if it may."""
    parsed = _parsed(number)
    if parsed is None:
        return INVALID
    country = phonenumbers.region_code_for_number(parsed)
    if country in (None, NO_COUNTRY) or phonenumbers.number_type(parsed) in _REFUSED_TYPES:
        return PREMIUM
    if country not in allowed:
        return f"Calls to this country ({country}) are not allowed for your company."
    return None


def masked(number: str | None) -> str | None:
    """All but the first five and the last four characters hidden: `+1555XXX4567`."""
    if number is None:
        return None
    hidden = max(0, len(number) - 9)
    return number[:5] + "X" * hidden + number[-4:] if hidden else "X" * len(number)


def _parsed(text: str) -> PhoneNumber | None:
    if len(text) > 40 or not text.strip().startswith("+"):
        return None
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        return None
    return number if number.extension is None and phonenumbers.is_valid_number(number) else None
