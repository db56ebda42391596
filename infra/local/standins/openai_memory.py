"""What the model behind the OpenAI stand-in remembers: the conversation's items, its own as far as they were heard."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from media_tier.call.commands import HistoryItem
from media_tier.call.heard import heard_text
from shared.contracts.records.call import Role

_SPEAKERS = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.HUMAN}


def lines(items: Iterable[Mapping[str, Any]], produced: Mapping[str, float]) -> Iterator[HistoryItem]:
    """What was said, oldest first; `produced` is the sound made for each item, in ms."""
    for item in items:
        text = words(item)
        if "truncated_ms" in item:
            text = heard_text(text, round(produced[item["id"]]), item["truncated_ms"])
        if text:
            yield HistoryItem(_SPEAKERS[item["role"]], text)


def words(item: Mapping[str, Any]) -> str:
    """The words of a message, written or spoken; "" where there are none."""
    parts = item.get("content") or ()
    return " ".join(str(part.get("transcript") or part.get("text") or "") for part in parts).strip()
