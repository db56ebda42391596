"""The caller's turns on one Gemini Live connection. Sans-IO.

The server numbers no turn and marks no transcription as final. A turn begins with its voice activity signal, or, on
models that send none, with the first sign of it; words that come without a new signal belong to the latest turn.
Invariant: SpeechStarted and SpeechStopped alternate, and nothing is said of a turn before its SpeechStarted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from media_tier.call.events import Event, SpeechStarted, SpeechStopped, Transcribed


@dataclass(slots=True)
class _Turn:
    turn_id: str
    text: str = ""
    stopped: bool = False
    answered: bool = False
    """The model has begun to answer, or decided not to."""
    final: bool = False


class CallerTurns:
    """What the caller says, as far as the server tells."""

    def __init__(self, connection: int) -> None:
        self._connection = connection
        self._count = 0
        self._turn: _Turn | None = None
        self._signalled = False
        """This model reports voice activity."""

    @property
    def speaking(self) -> bool:
        """The caller is speaking now."""
        return self._turn is not None and not self._turn.stopped

    @property
    def unsettled(self) -> tuple[str, int] | None:
        """A turn that is over but whose words are not final (turn id, letters so far); to be settled once quiet."""
        turn = self._turn
        return None if turn is None or turn.final or not turn.stopped else (turn.turn_id, len(turn.text))

    def began(self, ago_ms: int) -> Sequence[Event]:
        """Voice activity started."""
        self._signalled = True
        if self.speaking:
            return ()
        return (*self._final(), *self._begin(ago_ms))

    def ended(self, ago_ms: int) -> Sequence[Event]:
        """Voice activity ended."""
        return self._stop(ago_ms)

    def words(self, text: str) -> Sequence[Event]:
        """More of the transcription."""
        events: list[Event] = []
        turn = self._turn
        if turn is None or (turn.answered and not self._signalled):
            if not text.strip():
                return ()
            events += self._begin(0)
            turn = self._turn
        assert turn is not None
        turn.text += text
        if turn.text.strip():
            turn.final = False
            events.append(Transcribed(turn.turn_id, turn.text.strip(), final=False, connection=self._connection))
        return events

    def interrupted(self) -> Sequence[Event]:
        """The model was interrupted by the caller, whose turn may not have been announced."""
        turn = self._turn
        if self._signalled or (turn is not None and not turn.answered):
            return ()
        return self._begin(0)

    def answered(self) -> Sequence[Event]:
        """The model begins to answer, so the caller's turn is over."""
        if self._turn is not None:
            self._turn.answered = True
        return (*self._stop(0), *self._final())

    def completed(self) -> Sequence[Event]:
        """The model's turn is over; a turn it did not answer is over, too, unless the caller still speaks."""
        if self._signalled and self.speaking:
            return ()
        return self.answered()

    def settle(self) -> Sequence[Event]:
        """Nothing came for a while: the words are final, and if there are none, nothing was understood."""
        turn = self._turn
        if turn is None or turn.final or not turn.stopped:
            return ()
        if turn.text.strip():
            return self._final()
        turn.final = True
        return (Transcribed(turn.turn_id, None, connection=self._connection),)

    def _begin(self, ago_ms: int) -> Sequence[Event]:
        self._count += 1
        self._turn = _Turn(f"g{self._connection}-t{self._count}")
        return (SpeechStarted(self._turn.turn_id, ago_ms, self._connection),)

    def _stop(self, ago_ms: int) -> Sequence[Event]:
        turn = self._turn
        if turn is None or turn.stopped:
            return ()
        turn.stopped = True
        return (SpeechStopped(turn.turn_id, ago_ms, self._connection),)

    def _final(self) -> Sequence[Event]:
        turn = self._turn
        if turn is None or turn.final or not turn.text.strip():
            return ()
        turn.final = True
        return (Transcribed(turn.turn_id, turn.text.strip(), connection=self._connection),)
