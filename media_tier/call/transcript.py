"""What was said, in the order it was said, as it was heard."""

from collections.abc import Sequence
from dataclasses import dataclass

from media_tier.call.commands import AppendTranscript, HistoryItem
from shared.contracts.records.call import Role, TranscriptSegment

HISTORY_LINES = 200
HISTORY_CHARACTERS = 24_000


@dataclass(slots=True)
class Row:
    """One utterance; `key` is the caller's turn or the playback it came from."""

    segment_id: str
    key: str
    role: Role
    start_ms: int
    end_ms: int
    text: str = ""
    final: bool = False
    interrupted: bool = False
    confidence: float | None = None


class Transcript:
    """Rows are opened when somebody begins to speak, and filled when the words come."""

    def __init__(self, *, enabled: bool, with_confidence: bool) -> None:
        self._enabled, self._with_confidence = enabled, with_confidence
        self._rows: list[Row] = []
        self._by_key: dict[str, Row] = {}
        self._next = 1

    @property
    def next_number(self) -> int:
        """The number the next row gets; stored in a checkpoint so that ids stay unique."""
        return self._next

    def restore(self, segments: Sequence[TranscriptSegment], next_number: int) -> None:
        """Take over what an earlier process stored."""
        for segment in segments:
            row = Row(
                segment.segment_id,
                f"stored-{segment.segment_id}",
                segment.role,
                segment.start_ms,
                segment.end_ms,
                segment.text,
                final=True,
                interrupted=segment.interrupted,
            )
            self._insert(row)
        self._next = max(next_number, len(segments) + 1)

    def open(self, key: str, role: Role, start_ms: int) -> None:
        """Somebody began to speak."""
        if key in self._by_key:
            return
        row = Row(f"{self._next:05d}", key, role, max(0, start_ms), max(0, start_ms))
        self._next += 1
        self._by_key[key] = row
        self._insert(row)

    def known(self, key: str) -> bool:
        """Whether a row was opened for this key."""
        return key in self._by_key

    def fill(
        self,
        key: str,
        text: str,
        end_ms: int,
        *,
        final: bool,
        interrupted: bool = False,
        confidence: float | None = None,
    ) -> list[AppendTranscript]:
        """Set the words of a row; an empty final text drops it."""
        row = self._by_key.get(key)
        if row is None or (row.final and not final):
            return []
        changed = row.text != text or row.final != final or row.interrupted != interrupted
        row.text, row.final, row.interrupted = text.strip(), final, interrupted
        row.end_ms = max(row.start_ms, end_ms)
        row.confidence = confidence if self._with_confidence else None
        if final and not row.text:
            self._rows.remove(row)
            return []
        if not self._enabled or not changed or not row.text:
            return []
        return [
            AppendTranscript(
                row.segment_id, row.role, row.text, row.start_ms, row.end_ms, final, row.confidence, interrupted
            )
        ]

    def ended(self, key: str, end_ms: int) -> None:
        """The speaker fell silent; the words may still come."""
        row = self._by_key.get(key)
        if row is not None and not row.final:
            row.end_ms = max(row.start_ms, end_ms)

    def end_of(self, key: str, default: int) -> int:
        """When the speaker of a row fell silent, `default` if that was not noticed."""
        row = self._by_key.get(key)
        return default if row is None or row.end_ms <= row.start_ms else row.end_ms

    def history(self) -> tuple[HistoryItem, ...]:
        """The conversation so far, oldest first, cut to what a new connection can be seeded with."""
        items: list[HistoryItem] = []
        left = HISTORY_CHARACTERS
        for row in reversed(self._rows[-HISTORY_LINES:]):
            if row.text:
                left -= len(row.text)
                if left < 0:
                    break
                items.append(HistoryItem(row.role, row.text))
        return tuple(reversed(items))

    def final_ids(self) -> set[str]:
        """The ids of everything that was said so far."""
        return {row.segment_id for row in self._rows if row.final}

    def finals_except(self, known: set[str]) -> list[HistoryItem]:
        """What was said, without the rows of these ids."""
        return [HistoryItem(row.role, row.text) for row in self._rows if row.final and row.segment_id not in known]

    def _insert(self, row: Row) -> None:
        at = len(self._rows)
        while at > 0 and self._rows[at - 1].start_ms > row.start_ms:
            at -= 1
        self._rows.insert(at, row)
