"""The conversation as it was heard, ordered by when things were said.

A row opens when somebody begins to speak and closes when its words are certain; a late transcription still changes its
row, under the same id. Closed rows are also the memory with which a new provider connection is seeded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from media_tier.call.commands import AppendTranscript, Command, HistoryItem
from shared.contracts.records.call import Role, TranscriptSegment

CAPTION_MS = 450
"""A growing caption is shown at most this often: a little less than the clock that shows it, which is never exact."""
HISTORY_LINES = 200
HISTORY_CHARACTERS = 24_000


@dataclass(slots=True)
class Row:
    """One thing somebody said. `connection` is the provider connection that knows of it by itself, 0 if none."""

    segment_id: str
    role: Role
    start_ms: int
    connection: int = 0
    end_ms: int = 0
    text: str = ""
    closed: bool = False
    interrupted: bool = False
    confidence: float | None = None
    shown_ms: int | None = None


class Transcript:
    """Rows in, `AppendTranscript` out (nothing when transcription is off)."""

    def __init__(self, *, shown: bool, confidence: bool, next_id: int = 1) -> None:
        self._shown = shown
        self._confidence = confidence
        self.next_id = next_id
        self.rows: list[Row] = []
        self.settled: list[Row] = []
        """Closed rows in the order in which they closed."""

    def load(self, segments: Sequence[TranscriptSegment]) -> None:
        """Take over what was said on another process."""
        for segment in segments:
            row = Row(segment.segment_id, segment.role, segment.start_ms, 0, segment.end_ms, segment.text, closed=True)
            row.interrupted = segment.interrupted
            self.rows.append(row)
            self.settled.append(row)
            number = segment.segment_id.rpartition("-")[2]
            if number.isdecimal():
                self.next_id = max(self.next_id, int(number) + 1)

    def open(self, role: Role, start_ms: int, connection: int = 0) -> Row:
        """Somebody began to speak."""
        row = Row(f"segment-{self.next_id}", role, start_ms, connection, start_ms)
        self.next_id += 1
        self.rows.append(row)
        return row

    def grow(self, row: Row, text: str, end_ms: int) -> list[Command]:
        """Show more words of an open row, if the last showing was long enough ago."""
        if row.closed or not text:
            return []
        changed = text != row.text
        row.text, row.end_ms = text, max(row.end_ms, end_ms)
        if not changed or (row.shown_ms is not None and end_ms - row.shown_ms < CAPTION_MS):
            return []
        row.shown_ms = end_ms
        return self._append(row)

    def close(
        self, row: Row, text: str, end_ms: int, *, interrupted: bool = False, confidence: float | None = None
    ) -> list[Command]:
        """The words are certain. Again for a closed row: they were corrected."""
        if row.closed and (text, interrupted) == (row.text, row.interrupted):
            return []
        if not text:
            self.drop(row)
            return []
        if not row.closed:
            row.end_ms = max(row.start_ms, end_ms)
            self.settled.append(row)
        row.text, row.interrupted, row.closed = text, interrupted, True
        row.confidence = confidence if self._confidence else None
        return self._append(row)

    def drop(self, row: Row) -> None:
        """It turned out that nothing was said. Words that were already shown or stored stay."""
        if not row.closed and row in self.rows:
            self.rows.remove(row)

    def unsettled(self, role: Role, connection: int) -> int:
        """How many lines of this connection are still growing."""
        return sum(not row.closed and (row.role, row.connection) == (role, connection) for row in self.rows)

    def history(self) -> tuple[HistoryItem, ...]:
        """The latest closed rows, in the order in which they were said."""
        lines: list[HistoryItem] = []
        left = HISTORY_CHARACTERS
        ordered = sorted((row for row in self.rows if row.closed), key=lambda row: row.start_ms)
        for row in reversed(ordered[-HISTORY_LINES:]):
            left -= len(row.text)
            if left < 0:
                break
            lines.append(HistoryItem(row.role, row.text))
        return tuple(reversed(lines))

    def _append(self, row: Row) -> list[Command]:
        if not self._shown:
            return []
        return [
            AppendTranscript(
                row.segment_id,
                row.role,
                row.text,
                row.start_ms,
                max(row.start_ms, row.end_ms),
                final=row.closed,
                confidence=row.confidence,
                interrupted=row.interrupted,
            )
        ]
