"""What waits to be said to Gemini Live: tool results until their set is complete, the rest until it disturbs nothing.

Invariant: any input other than sound cuts off what the model generates and cancels the tools it waits for, so nothing
leaves while it generates; context, which can wait, also waits for the end of the turn, until which the server thinks
that the answer is being heard, and leaves room for an answer that is due. The order is kept.
"""

from collections.abc import Callable
from typing import Any

from media_tier.providers import gemini_wire as wire
from media_tier.providers.gemini_decoder import GeminiDecoder


class Outbox:
    """One connection's. `flush` is to be called after everything the server says."""

    def __init__(self, decoder: GeminiDecoder, send: Callable[[bytes], None]) -> None:
        self._decoder, self._send = decoder, send
        self._results: dict[str, tuple[str, str, dict[str, Any]]] = {}
        self._held: list[tuple[bytes, str | None]] = []
        """A request with its tag, context without."""
        self._open = False

    def open(self) -> None:
        """The session is set up."""
        self._open = True
        self.flush()

    def context(self, message: bytes) -> None:
        """Asks for no answer."""
        self._held.append((message, None))
        self.flush()

    def request(self, tag: str, message: bytes) -> None:
        """Asks for an answer."""
        self._held.append((message, tag))
        self.flush()

    def tool_result(self, call_id: str, name: str, output: dict[str, Any]) -> None:
        """A tool returned; dropped if the model no longer waits for it."""
        if call_id in self._decoder.open_calls:
            self._results[call_id] = (call_id, name, output)
            self.flush()

    def flush(self) -> None:
        """Send what may be sent now."""
        self._answer_tools()
        if not self._open or self._decoder.generating:
            return
        due = len(self._held)
        if self._decoder.awaiting or self._decoder.speaking:
            # A request is not held back by either: it may be asked because no answer, or no end of one, comes.
            due = max((at + 1 for at, (_, tag) in enumerate(self._held) if tag is not None), default=0)
        going, self._held = self._held[:due], self._held[due:]
        for message, tag in going:
            self._send(message)
            if tag is not None:
                self._decoder.asked(tag)

    def _answer_tools(self) -> None:
        still_open = self._decoder.open_calls
        wanted = [result for call_id, result in self._results.items() if call_id in still_open]
        if len(wanted) < len(still_open):
            return
        self._results.clear()
        if wanted:
            self._send(wire.tool_response(wanted))
            self._decoder.tools_answered()
