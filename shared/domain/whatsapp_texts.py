"""Texts that WhatsApp takes: long ones in parts, and the question how a call was, whose answer names the call.

Meta: docs/whatsapp/cloud-api/reference/messages (text and interactive objects) for the lengths.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_TEXT = 4096
MAX_PARTS = 10
SURVEY_TEXT = "How was your call?"
SURVEY_BUTTON = "Rate your call"
_ROW = re.compile(r"stars-([1-5])-([A-Za-z0-9-]{1,64})")


@dataclass(frozen=True, slots=True)
class Row:
    """A choice: its title is shown (24 characters), its id comes back."""

    row_id: str
    title: str


def parts(text: str) -> Iterator[str]:
    """A text in parts, cut at line ends where there are any."""
    while len(text) > MAX_TEXT:
        cut = text.rfind("\n", 1, MAX_TEXT)
        cut = cut if cut > 0 else MAX_TEXT
        yield text[:cut]
        text = text[cut:].lstrip("\n")
    if text:
        yield text


def survey_rows(call_id: str) -> tuple[Row, ...]:
    """Five to one stars."""
    return tuple(Row(f"stars-{stars}-{call_id}", "★" * stars) for stars in range(5, 0, -1))


def survey_answer(row_id: str) -> tuple[str, int] | None:
    """The call and its stars; None for an id that is not ours."""
    match = _ROW.fullmatch(row_id)
    return None if match is None else (match[2], int(match[1]))
