"""Numbers: reading, masking, and which may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import phone_numbers


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+1 (415) 555-0123", "+14155550123"),
        (" +49 30 901820 ", "+4930901820"),
        ("004930901820", None),
        ("4155550123", None),
        ("+1 415 555 0123 ext. 9", None),
        ("+15551234567890123", None),
        ("", None),
        ("+" + "1" * 100, None),
        ("+१२०२५५५०१११", "+12025550111"),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, number: str | None) -> None:
    assert phone_numbers.read(typed) == number


@pytest.mark.parametrize(
    "number", ["+881612345678", "+882160123456", "+883510012345", "+870772001234", "+979123456789"]
)
def test_satellites_and_international_networks_are_refused_whatever_is_allowed(number: str) -> None:
    assert phone_numbers.why_not(number, phone_numbers.COUNTRIES | {"001"}) in (
        phone_numbers.PREMIUM,
        phone_numbers.INVALID,
    )


@pytest.mark.parametrize("number", ["+19005551234", "+449098790000", "+49900123456", "+33899700000"])
def test_premium_numbers_are_refused_in_allowed_countries_too(number: str) -> None:
    assert phone_numbers.why_not(number, phone_numbers.COUNTRIES) in (phone_numbers.PREMIUM, phone_numbers.INVALID)


def test_countries_that_share_a_code_are_told_apart() -> None:
    assert phone_numbers.why_not("+14155550123", {"US"}) is None
    assert (
        phone_numbers.why_not("+14165550123", {"US"}) == "Calls to this country (CA) are not allowed for your company."
    )
    assert phone_numbers.why_not("+18765550123", {"US", "CA"}) is not None


@given(text=st.text(max_size=60))
def test_nothing_typed_breaks_anything(text: str) -> None:
    phone_numbers.read(text)
    phone_numbers.why_not(text, phone_numbers.COUNTRIES)
    phone_numbers.masked(text)


@given(digits=st.integers(10_000_000, 10**15 - 1))
def test_masking_hides_the_middle(digits: int) -> None:
    number = f"+{digits}"
    shown = phone_numbers.masked(number)
    assert shown is not None and len(shown) == len(number)
    assert sum(sign.isdigit() for sign in shown) <= 8 and "X" in shown
    assert phone_numbers.masked(None) is None
