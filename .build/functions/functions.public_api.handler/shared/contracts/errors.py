"""The tree of errors that cross a boundary.

PlatformError
├── InvalidRequest        400  malformed or out of range
├── NotAuthenticated      401  no valid token
├── NotPermitted          403  wrong origin, feature off
├── NotFound              404  missing, or another company's
├── Conflict              409  somebody else was first
│   └── VersionConflict        carries the version that is current
├── CallUnavailable       409  this chatbot cannot take calls now
├── RateLimited           429  too many calls; carries retry_after seconds
├── CapacityExceeded      503  every media process is full
└── Unavailable           503  something we depend on cannot be reached
"""

from typing import ClassVar


class PlatformError(Exception):
    """Never raised directly. `message` is written for the person who reads it; `code` for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(PlatformError):
    """The request does not have the documented form; `fields` says what is wrong with which field."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class NotAuthenticated(PlatformError):
    """Nobody knows who asks: the token is missing, wrong, foreign or expired. Which of them is never told."""

    status = 401
    code = "not_authenticated"


class NotPermitted(PlatformError):
    """The caller may not do this, for example from this web site."""

    status = 403
    code = "not_permitted"


class NotFound(PlatformError):
    """There is no such thing, or it belongs to somebody else: the two are never told apart."""

    status = 404
    code = "not_found"


class Conflict(PlatformError):
    """A conditional write lost."""

    status = 409
    code = "conflict"


class VersionConflict(Conflict):
    """The change was based on an older version; `current` is the one that is stored now (0: it is gone)."""

    code = "version_conflict"

    def __init__(self, current: int) -> None:
        super().__init__("Somebody else changed this at the same time. Reload and try again.")
        self.current = current


class CallUnavailable(PlatformError):
    """The chatbot cannot take calls: feature off, calls off, or settings incomplete."""

    status = 409
    code = "call_unavailable"


class RateLimited(PlatformError):
    """Too many requests; `retry_after` is in seconds."""

    status = 429
    code = "rate_limited"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CapacityExceeded(PlatformError):
    """No media process has room."""

    status = 503
    code = "capacity_exceeded"


class Unavailable(PlatformError):
    """Something we depend on cannot be reached; trying again later may help."""

    status = 503
    code = "unavailable"
