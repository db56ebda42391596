"""The phases of a call and the moves between them. Leaving the table is our own bug, never a call's condition."""

from enum import StrEnum


class Phase(StrEnum):
    """CONNECTING until the caller's leg is up; CLOSING while goodbyes are heard."""

    CONNECTING = "connecting"
    WITH_AI = "with_ai"
    CLOSING = "closing"
    ENDED = "ended"


MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.CONNECTING: frozenset({Phase.WITH_AI, Phase.CLOSING, Phase.ENDED}),
    Phase.WITH_AI: frozenset({Phase.CLOSING, Phase.ENDED}),
    Phase.CLOSING: frozenset({Phase.ENDED}),
    Phase.ENDED: frozenset(),
}


class ImpossibleMove(Exception):
    """The core tried to leave the table of phases."""


def move(current: Phase, to: Phase) -> Phase:
    """The new phase, if the table allows it."""
    if to not in MOVES[current]:
        raise ImpossibleMove(f"{current} to {to}")
    return to
