"""Recognises the phrase with which a caller ends the call: whole words, any case, punctuation ignored."""

import re

from shared.contracts.settings.call_settings import EndPhraseMatch

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def says_end_phrase(text: str, phrase: str, where: EndPhraseMatch) -> bool:
    """Whether a finished utterance contains the phrase, or ends with it if the company narrowed it so."""
    said = [word.casefold() for word in WORD.findall(text)]
    wanted = [word.casefold() for word in WORD.findall(phrase)]
    if not wanted:
        return False
    size = len(wanted)
    if where is EndPhraseMatch.END_OF_UTTERANCE:
        return said[-size:] == wanted
    return any(said[at : at + size] == wanted for at in range(len(said) - size + 1))
