"""The phases of a call and the moves between them.

Leaving the table raises `ImpossibleMove`: that is a bug of the core, never a condition of a call. A parked call (its
leg dropped) stays in its phase. Waiting for and talking with a human will be phases between WITH_AI and CLOSING.
"""

from enum import StrEnum


class Phase(StrEnum):
    """FALLBACK: no model can be reached, the caller may leave a number."""

    CONNECTING = "connecting"
    WITH_AI = "with_ai"
    FALLBACK = "fallback"
    CLOSING = "closing"
    ENDED = "ended"


MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.CONNECTING: frozenset({Phase.WITH_AI, Phase.ENDED}),
    Phase.WITH_AI: frozenset({Phase.FALLBACK, Phase.CLOSING, Phase.ENDED}),
    Phase.FALLBACK: frozenset({Phase.CLOSING, Phase.ENDED}),
    Phase.CLOSING: frozenset({Phase.ENDED}),
    Phase.ENDED: frozenset(),
}


class ImpossibleMove(Exception):
    """A move that is not in the table."""


def moved(current: Phase, target: Phase) -> Phase:
    """The target phase; raises ImpossibleMove if it cannot be reached from the current one."""
    if target not in MOVES[current]:
        raise ImpossibleMove(f"{current} cannot become {target}")
    return target
