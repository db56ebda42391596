"""Words as transcripts are searched by, and the passages in which they were found.

A word is compared without case and accents. Scripts written without spaces are taken character by character, so that a
phrase finds what a word cannot.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])+")
MAX_WORD = 40
MAX_WORDS = 8
PASSAGE = 160
"""Characters of an excerpt, about."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: all these words, and each phrase word by word in one thing that was said."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an excerpt; `match` pieces are highlighted."""

    text: str
    match: bool


def words_of(text: str) -> Iterator[str]:
    """The words of a text, in order, as they are compared."""
    for found in _WORD.finditer(text):
        yield _compared(found.group())


def read_query(text: str) -> Query:
    """What somebody typed; quotation marks hold a phrase together. Eight different words count, the first."""
    phrases = [tuple(words_of(quoted)) for quoted in re.findall(r"[\"“„«]([^\"”“»]+)[\"”“»]", text)]
    words = tuple(dict.fromkeys(words_of(text)))[:MAX_WORDS]
    return Query(words, tuple(phrase for phrase in phrases if len(phrase) > 1))


def fits(query: Query, texts: Sequence[str]) -> bool:
    """Whether every phrase was said in one go."""
    said = [tuple(words_of(text)) for text in texts] if query.phrases else []
    return all(any(_contains(words, phrase) for words in said) for phrase in query.phrases)


def excerpt(query: Query, text: str) -> tuple[Part, ...] | None:
    """The passage around the first word that was found, None if there is none."""
    hits = [found.span() for found in _WORD.finditer(text) if _compared(found.group()) in query.words]
    if not hits:
        return None
    start = max(0, hits[0][0] - PASSAGE // 3)
    end = min(len(text), start + PASSAGE)
    parts = [Part("…", False)] if start else []
    at = start
    for first, last in hits:
        if last > end:
            break
        parts += [Part(text[at:first], False), Part(text[first:last], True)]
        at = last
    parts.append(Part(text[at:end] + ("…" if end < len(text) else ""), False))
    return tuple(part for part in parts if part.text)


def _compared(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))[:MAX_WORD]


def _contains(words: Sequence[str], phrase: Sequence[str]) -> bool:
    return any(words[at : at + len(phrase)] == phrase for at in range(len(words) - len(phrase) + 1))
