"""What callers say about the call itself: that it is over, or that they need a moment."""

from media_tier.call.words import says, spoken_words
from shared.contracts.settings.call_settings import EndPhraseMatch

WAIT_PHRASES = tuple(
    tuple(phrase.split())
    for phrase in (
        "wait a moment",
        "wait a minute",
        "wait a second",
        "hold on",
        "hang on",
        "one moment",
        "one second",
        "one minute",
        "one sec",
        "just a moment",
        "just a minute",
        "just a second",
        "just a sec",
        "give me a moment",
        "give me a minute",
        "give me a second",
        "bear with me",
        "please wait",
    )
)


def ends_call(text: str, phrase: str, match: EndPhraseMatch) -> bool:
    """Whether a finished utterance holds the end phrase as whole words, in any case and punctuation."""
    wanted = spoken_words(phrase)
    utterance = spoken_words(text)
    if match is EndPhraseMatch.END_OF_UTTERANCE:
        return bool(wanted) and utterance[-len(wanted) :] == wanted
    return says(utterance, wanted)


def asks_to_wait(text: str) -> bool:
    """Whether the caller asks for patience."""
    utterance = spoken_words(text)
    return any(says(utterance, phrase) for phrase in WAIT_PHRASES)


def says_farewell(text: str) -> bool:
    """Whether the AI already took its leave in this text."""
    return not {"goodbye", "bye"}.isdisjoint(spoken_words(text))
