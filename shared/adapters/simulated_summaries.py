"""Summaries without any model: the caller's own sentences, chosen by fixed rules. Same transcript, same summary.

Never deployed to production; it lets the whole product run and be tested offline.
"""

import re
from collections.abc import Sequence

from shared.contracts.records.call import Role, Sentiment, TranscriptSegment
from shared.domain.pricing import Tokens
from shared.ports.summaries import SummaryAnswer, SummaryFailed, WrittenSummary

_GLAD = frozenset(
    ("thank", "thanks", "great", "perfect", "wonderful", "excellent", "good", "nice", "helpful", "happy", "awesome")
)
_UNHAPPY = frozenset(
    ("angry", "terrible", "awful", "bad", "wrong", "broken", "complaint", "useless", "annoyed", "unacceptable", "worst")
)
_PROMISES = ("i will", "i'll", "we will", "we'll", "will call", "will send", "will be in touch")
_WORD = re.compile(r"[a-z']+")
_CLOSING = frozenset(["goodbye", "bye"])
MOST_POINTS = 4


class SimulatedSummaries:
    """See shared.ports.summaries."""

    def summarise(self, model_id: str, lines: Sequence[TranscriptSegment]) -> SummaryAnswer:
        """What the caller asked, what was answered last, and how glad the words were."""
        said = [line.text.strip() for line in lines if line.role is Role.USER]
        answers = [line.text.strip() for line in lines if line.role is not Role.USER]
        if not said and not answers:
            raise SummaryFailed("Nobody said anything.")
        asked = [text for text in said if not _CLOSING & set(_WORD.findall(text.lower()))] or said
        score = _score(said)
        summary = WrittenSummary(
            purpose=f"The caller said: {asked[0]}" if asked else "The caller said nothing.",
            key_points=asked[1 : MOST_POINTS + 1],
            outcome=f"The last answer was: {_last_answer(lines)}" if answers else "Nobody answered the caller.",
            action_items=[text for text in answers if any(promise in text.lower() for promise in _PROMISES)],
            resolution="resolved" if answers and score >= 0 else "partial" if answers else "unresolved",
            sentiment=_label(score),
            sentiment_score=score,
        )
        size = sum(len(line.text) for line in lines)
        return SummaryAnswer(summary, Tokens(text_in=size // 4, text_out=len(summary.model_dump_json()) // 4))


def _last_answer(lines: Sequence[TranscriptSegment]) -> str:
    """What followed the last thing the caller said; goodbyes are nobody's outcome."""
    answers = [line.text.strip() for line in lines if line.role is not Role.USER]
    telling = [text for text in answers if not _CLOSING & set(_WORD.findall(text.lower()))]
    return (telling or answers)[-1]


def _score(said: Sequence[str]) -> float:
    words = _WORD.findall(" ".join(said).lower())
    glad, unhappy = sum(word in _GLAD for word in words), sum(word in _UNHAPPY for word in words)
    return round((glad - unhappy) / (glad + unhappy), 2) if glad + unhappy else 0.0


def _label(score: float) -> Sentiment:
    if score > 0.25:
        return Sentiment.POSITIVE
    return Sentiment.NEGATIVE if score < -0.25 else Sentiment.NEUTRAL
