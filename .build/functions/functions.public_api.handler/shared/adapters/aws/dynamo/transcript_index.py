"""The words of calls as an inverted index (table `calls`): a partition for each company and word, calls by time in it.

A search walks back in time along the rarest of its words and looks the others up, so that what it costs depends on the
page that is shown and not on how many calls there are: never more than `ROUNDS` rounds of `STEP` calls. A vector store
would rank and stem, but has no exact pages by time and needs a server; this needs nothing that is not here.
"""

import base64
import binascii
import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Key
from shared.adapters.aws.dynamo.table import LAST, Span, Table
from shared.contracts.errors import InvalidRequest
from shared.contracts.page import Page, Turn

STEP = 100
ROUNDS = 10
BATCH = 25
MAX_CURSOR = 400
WRONG = "This cursor does not belong to this list."


class DynamoTranscriptIndex:
    """See shared.ports.transcript_index."""

    def __init__(self, calls: Table) -> None:
        self._calls = calls

    def add(self, company_id: str, call_id: str, began_at: datetime, words: Collection[str]) -> None:
        """Note where these words were said."""
        at = _position(began_at, call_id)
        self._write([{"PutRequest": {"Item": keys.word(company_id, word, at).attributes}} for word in words])

    def remove(self, company_id: str, call_id: str, began_at: datetime, words: Collection[str]) -> None:
        """Forget it again."""
        at = _position(began_at, call_id)
        self._write([{"DeleteRequest": {"Key": keys.word(company_id, word, at).attributes}} for word in words])

    def page(self, company_id: str, words: Collection[str], days: tuple[date, date], turn: Turn) -> Page[str]:
        """The calls in which all of them were said."""
        wanted = sorted(set(words))
        fingerprint = hashlib.sha256("\x1f".join([company_id, *wanted]).encode()).hexdigest()[:16]
        low = days[0].isoformat()
        before = days[1].isoformat() + LAST if turn.cursor is None else _decoded(turn.cursor, fingerprint)
        found: list[str] = []
        for _ in range(ROUNDS):
            examined, hits = self._round(company_id, wanted, low, before)
            for at in hits:
                found.append(at)
                if len(found) == turn.limit:
                    return _page(found, fingerprint, at)
            if len(examined) < STEP:
                return _page(found)
            before = examined[-1]
        return _page(found, fingerprint, before)

    def _round(
        self, company_id: str, words: Sequence[str], low: str, before: str
    ) -> tuple[Sequence[str], Iterator[str]]:
        """The next positions of the rarest word, and those of them that all words share."""
        slices = {word: self._positions(company_id, word, low, before) for word in words}
        rarest = min(words, key=lambda word: _reach(slices[word]))
        shared = list(slices[rarest])
        for word in words:
            if word != rarest and shared:
                shared = self._also(company_id, word, shared, slices[word])
        return slices[rarest], iter(shared)

    def _positions(self, company_id: str, word: str, low: str, before: str) -> list[str]:
        """Up to STEP positions earlier than `before`, newest first."""
        if before <= low:
            return []
        span = Span(keys.word(company_id, word, "").pk, low=low, high=before, newest_first=True)
        items = self._calls.slice(span, STEP + 1, None).items
        return [at for at in (item["SK"]["S"] for item in items) if at < before][:STEP]

    def _also(self, company_id: str, word: str, positions: Sequence[str], known: Sequence[str]) -> list[str]:
        """Which of these positions a word has too; what its own slice does not reach is looked up."""
        have = set(known)
        if len(known) == STEP:
            older = [at for at in positions if at < known[-1]]
            have |= self._present([keys.word(company_id, word, at) for at in older])
        return [at for at in positions if at in have]

    def _present(self, wanted: Sequence[Key]) -> set[str]:
        if not wanted:
            return set()
        request: Any = {self._calls.name: {"Keys": [key.attributes for key in wanted]}}
        found: set[str] = set()
        while request:
            answer = self._calls.client.batch_get_item(RequestItems=request)
            found |= {item["SK"]["S"] for item in answer["Responses"].get(self._calls.name, [])}
            request = answer.get("UnprocessedKeys")
        return found

    def _write(self, requests: Sequence[dict[str, Any]]) -> None:
        for at in range(0, len(requests), BATCH):
            left: Any = {self._calls.name: list(requests[at : at + BATCH])}
            while left:
                left = self._calls.client.batch_write_item(RequestItems=left).get("UnprocessedItems")


def _reach(positions: Sequence[str]) -> tuple[int, str]:
    """The shorter, or the further back it reaches, the rarer the word."""
    return (0 if len(positions) < STEP else 1, positions[-1] if len(positions) == STEP else f"{len(positions):04d}")


def _position(began_at: datetime, call_id: str) -> str:
    return f"{began_at.isoformat(timespec='microseconds')}#{call_id}"


def _page(found: Sequence[str], fingerprint: str = "", last: str | None = None) -> Page[str]:
    cursor = None if last is None else base64.urlsafe_b64encode(f"{fingerprint}{last}".encode()).decode()
    return Page(tuple(at.split("#", 1)[1] for at in found), cursor)


def _decoded(cursor: str, fingerprint: str) -> str:
    wrong = InvalidRequest(WRONG, {"cursor": "not valid here"})
    if len(cursor) > MAX_CURSOR or not cursor.isascii():
        raise wrong
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise wrong from None
    if not text.startswith(fingerprint) or not 16 < len(text) < 200:
        raise wrong
    return text[len(fingerprint) :]
