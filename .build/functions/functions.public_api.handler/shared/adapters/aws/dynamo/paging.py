"""Pages of lists. A cursor is a position in one of the spans the caller may read, so it can never lead elsewhere:

the partition comes from the request's own scope and is only compared with the cursor's fingerprint.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence

from shared.adapters.aws.dynamo.documents import Item
from shared.adapters.aws.dynamo.table import Span, Table
from shared.contracts.errors import InvalidRequest
from shared.contracts.page import Page, Turn

MAX_CURSOR = 2048
MAX_LIMIT = 100
MAX_EXAMINED = 1000
"""A page whose filter matches little ends after this many items; its cursor goes on from there."""


def page[M](
    table: Table,
    spans: Sequence[Span],
    turn: Turn,
    read: Callable[[Item], M],
    keep: Callable[[M], bool] = lambda _: True,
) -> Page[M]:
    """The next records of some spans, one span after the other. Raises InvalidRequest for a foreign cursor."""
    if not 1 <= turn.limit <= MAX_LIMIT:
        raise InvalidRequest("The page size is out of range.", {"limit": f"1 to {MAX_LIMIT}"})
    start, after = (0, None) if turn.cursor is None else _decoded(spans, turn.cursor)
    found: list[M] = []
    examined, last = 0, ""
    for span in spans[start:]:
        for item in _items(table, span, turn.limit, after):
            if len(found) == turn.limit or examined == MAX_EXAMINED:
                return Page(tuple(found), last)
            record = read(item)
            examined += 1
            if keep(record):
                found.append(record)
            if len(found) == turn.limit or examined == MAX_EXAMINED:
                last = _encoded(span, item)
        after = None
    return Page(tuple(found))


def every(table: Table, span: Span) -> Iterator[Item]:
    """All items of a span that is known to be short."""
    return _items(table, span, MAX_LIMIT, None)


def _items(table: Table, span: Span, limit: int, after: Item | None) -> Iterator[Item]:
    while True:
        found = table.slice(span, limit + 1, after)
        yield from found.items
        if not found.more or not found.items:
            return
        after = _start_key(span, _position(span, found.items[-1]))


def _position(span: Span, item: Item) -> list[str]:
    names = ["SK"] if span.index is None else [f"{span.index}SK", "PK", "SK"]
    return [item[name]["S"] for name in names]


def _start_key(span: Span, position: Sequence[str]) -> Item:
    if span.index is None:
        return {"PK": {"S": span.partition}, "SK": {"S": position[0]}}
    sort, pk, sk = position
    own = {f"{span.index}PK": {"S": span.partition}, f"{span.index}SK": {"S": sort}}
    return {**own, "PK": {"S": pk}, "SK": {"S": sk}}


def _encoded(span: Span, item: Item) -> str:
    text = json.dumps([_fingerprint(span), *_position(span, item)], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(spans: Sequence[Span], cursor: str) -> tuple[int, Item]:
    wrong = InvalidRequest("This cursor does not belong to this list.", {"cursor": "not valid here"})
    if len(cursor) > MAX_CURSOR or not cursor.isascii():
        raise wrong
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise wrong from None
    if not isinstance(parts, list) or not all(isinstance(part, str) and 0 < len(part) <= 1024 for part in parts):
        raise wrong
    for number, span in enumerate(spans):
        length = 2 if span.index is None else 4
        if len(parts) == length and parts[0] == _fingerprint(span) and span.low <= parts[1] <= span.high:
            return number, _start_key(span, parts[1:])
    raise wrong


def _fingerprint(span: Span) -> str:
    return hashlib.sha256(f"{span.index}|{span.partition}|{span.newest_first}".encode()).hexdigest()[:16]
