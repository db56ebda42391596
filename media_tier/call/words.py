"""Spoken text as plain words: lower case, without punctuation. For policies that listen for phrases."""

import re
from collections.abc import Sequence


def spoken_words(text: str) -> list[str]:
    """The words of a text; apostrophes stay inside words and are always straight."""
    return [word.strip("'") for word in re.findall(r"[\w']+", text.lower().replace("\u2019", "'")) if word.strip("'")]


def says(utterance: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether the words of `phrase` stand next to each other somewhere in `utterance`."""
    size = len(phrase)
    return size > 0 and any(list(utterance[at : at + size]) == list(phrase) for at in range(len(utterance) - size + 1))
