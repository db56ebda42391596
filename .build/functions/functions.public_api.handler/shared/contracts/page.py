"""A page of a list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page[T]:
    """`cursor` leads to the next page, None after the last; it is opaque and good for this very list only."""

    items: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page is asked for."""

    limit: int = 50
    cursor: str | None = None
