"""How much of a text was heard, when its sound was cut off. Pure arithmetic for the transcript."""

import re

MS_PER_CHARACTER = 65
"""Ordinary speech, about 15 characters a second; used where a sound's full length is not known."""


def estimated_ms(text: str) -> int:
    """About how long it takes to say this, in milliseconds."""
    return len(text) * MS_PER_CHARACTER


def heard_text(text: str, audio_ms: int, played_ms: int) -> str:
    """The whole words of `text` that fit into the first `played_ms` of its `audio_ms` milliseconds of sound.

    Words are taken to be spread evenly over the sound; a word counts once its last character was played.
    `audio_ms` 0 means unknown and is estimated.
    """
    if played_ms <= 0:
        return ""
    total = audio_ms if audio_ms > 0 else estimated_ms(text)
    if played_ms >= total:
        return text.strip()
    budget = len(text) * played_ms / total
    end = 0
    for word in re.finditer(r"\S+", text):
        if word.end() > budget:
            break
        end = word.end()
    return text[:end].strip()
