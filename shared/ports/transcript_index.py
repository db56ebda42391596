"""Which words were said in which calls."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol

from shared.contracts.page import Page, Turn


class TranscriptIndex(Protocol):
    """`page` finds the calls in which all words were said, newest first; it may be short and still have a next one.

    `add` may be repeated. `page` raises InvalidRequest for a foreign cursor.
    """

    def add(self, company_id: str, call_id: str, began_at: datetime, words: Collection[str]) -> None: ...
    def remove(self, company_id: str, call_id: str, began_at: datetime, words: Collection[str]) -> None: ...
    def page(self, company_id: str, words: Collection[str], days: tuple[date, date], turn: Turn) -> Page[str]: ...
