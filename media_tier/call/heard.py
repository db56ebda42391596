"""Which words of a sentence were heard, given how much of its sound was played."""

import re

WORD = re.compile(r"\S+")


def words_heard(text: str, played_ms: int, audio_ms: int) -> str:
    """The whole words whose sound was played to the end, taking sound as evenly spread over the characters.

    `audio_ms` is the length of the sound that belongs to `text`. All of the text if all of it was played.
    """
    if audio_ms <= 0 or played_ms <= 0:
        return ""
    if played_ms >= audio_ms:
        return text.strip()
    limit = len(text) * played_ms / audio_ms
    end = 0
    for word in WORD.finditer(text):
        if word.end() > limit:
            break
        end = word.end()
    return text[:end].strip()
