"""Looking for words in the transcripts of a company.

Who searches finds only calls they may see, and is noted as having opened the transcripts that lines are shown of.
"""

from dataclasses import dataclass

from shared.contracts.errors import InvalidRequest
from shared.contracts.page import Page, Turn
from shared.contracts.records.call import CallRecord, TranscriptSegment
from shared.domain.permissions import Actor
from shared.domain.search_text import Part, excerpt, fits, read_query, words_of
from shared.ports.repositories import Calls
from shared.ports.transcript_index import TranscriptIndex
from shared.services.call_history import CallFilter, HistoryPorts, note_access, range_of_days, seen_by

SHOWN_LINES = 3
MAX_CALL_WORDS = 3_000
"""A call of three hours says fewer different ones."""
NO_WORDS = "Type at least one word."


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said, the words that were looked for marked."""

    segment: TranscriptSegment
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A call and lines of it."""

    call: CallRecord
    lines: tuple[Line, ...]


def index_call(calls: Calls, index: TranscriptIndex, company_id: str, call_id: str) -> None:
    """Make an ended call's transcript searchable. Safe to repeat."""
    call = calls.get(company_id, call_id)
    if call is None or call.ended_at is None:
        return
    index.add(company_id, call_id, call.created_at, _words(calls, company_id, call_id))


def forget_call(calls: Calls, index: TranscriptIndex, company_id: str, call_id: str) -> None:
    """Make it unsearchable, before its transcript is deleted."""
    call = calls.get(company_id, call_id)
    if call is not None:
        index.remove(company_id, call_id, call.created_at, _words(calls, company_id, call_id))


def search(ports: HistoryPorts, by: Actor, company_id: str, text: str, wanted: CallFilter, turn: Turn) -> Page[Hit]:
    """Calls in which all words were said, newest first. A page may be short and still have a next one.

    Raises InvalidRequest: no word, a range that cannot be, a foreign cursor.
    """
    query = read_query(text)
    if not query.words:
        raise InvalidRequest(NO_WORDS, {"text": NO_WORDS})
    days = range_of_days(ports, wanted)
    found = ports.index.page(company_id, query.words, days, turn)
    hits = []
    for call_id in found.items:
        call = seen_by(ports, by, company_id, call_id)
        if call is None or not wanted.matches(call):
            continue
        segments = [segment for segment in ports.calls.transcript(company_id, call_id) if segment.final]
        if not fits(query, [segment.text for segment in segments]):
            continue
        told = [(segment, excerpt(query, segment.text)) for segment in segments]
        lines = tuple(Line(segment, parts) for segment, parts in told if parts is not None)
        if lines:
            note_access(ports, by, call, "transcript")
            hits.append(Hit(call, lines[:SHOWN_LINES]))
    return Page(tuple(hits), found.cursor)


def _words(calls: Calls, company_id: str, call_id: str) -> list[str]:
    said = (segment.text for segment in calls.transcript(company_id, call_id) if segment.final)
    return list(dict.fromkeys(word for text in said for word in words_of(text)))[:MAX_CALL_WORDS]
