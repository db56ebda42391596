"""Tables as CSV (RFC 4180), safe to open in a spreadsheet: a text that it would take for a formula is quoted."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

Cell = str | int | float | Decimal | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A header line and a line for each row, lines ending with CRLF."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow([_safe(cell) for cell in row])
    return out.getvalue()


def _safe(cell: Cell) -> Cell:
    """OWASP, "CSV Injection": a leading apostrophe makes a text of it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
