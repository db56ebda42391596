"""Lambda authorizer of the HTTP API: admits what came through our own front, known by a secret header.

Without it anybody could pass the front's firewall by calling the API's own host name, and name any visitor's address.
"""

from typing import Any

from functions.origin_guard.wiring import guard

HEADER = "x-origin-secret"

_guard = guard()


def handler(event: dict[str, Any], context: Any) -> dict[str, bool]:
    """Lambda entry: the simple response of an HTTP API's authorizer."""
    return {"isAuthorized": _guard.admits(str(event.get("headers", {}).get(HEADER, "")))}
