"""Answers kept for a day, so that a request repeated with the same key acts once."""

from datetime import datetime
from typing import Protocol


class Answers(Protocol):
    """`begin` returns the kept answer (JSON), or None: act, then `finish` or `abandon`.

    Raises Conflict while the first request is still acting, InvalidRequest if the key was used for something else.
    """

    def begin(self, scope: str, key: str, fingerprint: str, now: datetime) -> str | None: ...
    def finish(self, scope: str, key: str, fingerprint: str, answer: str, now: datetime) -> None: ...
    def abandon(self, scope: str, key: str) -> None: ...
