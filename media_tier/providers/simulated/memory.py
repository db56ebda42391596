"""What the simulated model remembers: the lines of the conversation, its own ones only as far as they were heard."""

from collections.abc import Sequence

from media_tier.call.commands import HistoryItem
from shared.contracts.records.call import Role


class Memory:
    """The conversation so far, oldest line first. An item that was truncated does not grow again."""

    def __init__(self, history: Sequence[HistoryItem]) -> None:
        self._lines: list[tuple[Role, str, str]] = [(item.role, item.text, "") for item in history]
        self._audio_ms: dict[str, int] = {}
        self._cut: set[str] = set()

    def lines(self) -> list[HistoryItem]:
        """Every line with words."""
        return [HistoryItem(role, text) for role, text, _ in self._lines if text]

    def add(self, role: Role, text: str) -> None:
        """Somebody said this, or it was played to the caller."""
        self._lines.append((role, text, ""))

    def speak(self, item_id: str, text: str, audio_ms: int) -> None:
        """The model has said `text` so far in this item, in `audio_ms` of sound."""
        if item_id in self._cut:
            return
        self._audio_ms[item_id] = audio_ms
        self._replace(item_id, text)

    def truncate(self, item_id: str, played_ms: int) -> None:
        """Only the first `played_ms` were heard: forget the words after them."""
        total = self._audio_ms.get(item_id, 0)
        self._cut.add(item_id)
        for _, text, key in self._lines:
            if key == item_id:
                words = text.split()
                heard = len(words) * min(played_ms, total) // total if total else 0
                self._replace(item_id, " ".join(words[:heard]))
                return

    def _replace(self, item_id: str, text: str) -> None:
        for index, (_, _, key) in enumerate(self._lines):
            if key == item_id:
                self._lines[index] = (Role.ASSISTANT, text, item_id)
                return
        self._lines.append((Role.ASSISTANT, text, item_id))
