"""The time of day, as the whole process reads it."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)
