"""Writes the summary of a call from its transcript, with the text model of the call's own vendor."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.contracts.records.call import CallRecord, CallSummary, TranscriptSegment, UsageEntry
from shared.domain.summary_models import SUMMARY_MODELS, summary_usage
from shared.ports.summaries import Summaries, SummaryFailed, WrittenSummary

MOST_CHARACTERS = 120_000
"""Of a transcript that is given to a model; three hours of talk have about that many."""
LONGEST_TEXT = 500
MOST_POINTS = 10

Writers = Mapping[str, Summaries]
"""By provider."""


def wants_summary(call: CallRecord) -> bool:
    """Whether the company chose summaries when this call began."""
    chosen = call.configuration.settings.transcription
    return chosen.enabled and chosen.post_call_summary


def summarise(
    writers: Writers, call: CallRecord, lines: Sequence[TranscriptSegment], now: datetime
) -> tuple[CallSummary, UsageEntry] | None:
    """The summary and what it cost, None if nobody said anything. Raises SummaryFailed."""
    spoken = within([line for line in lines if line.text.strip()], MOST_CHARACTERS)
    if not spoken:
        return None
    provider = call.configuration.model.provider
    writer = writers.get(provider)
    if writer is None:
        raise SummaryFailed("There is no text model of this call's provider.")
    model = SUMMARY_MODELS[provider]
    answer = writer.summarise(model.id, spoken)
    return _kept(answer.summary, model.id, now), summary_usage(model, answer.tokens)


def within(lines: Sequence[TranscriptSegment], most: int) -> list[TranscriptSegment]:
    """At most so many characters. Of what is too long the middle goes: purpose and outcome are not there."""
    if sum(len(line.text) for line in lines) <= most:
        return list(lines)
    return _first(lines, most // 2) + _first(lines[::-1], most // 2)[::-1]


def _first(lines: Sequence[TranscriptSegment], most: int) -> list[TranscriptSegment]:
    taken: list[TranscriptSegment] = []
    for line in lines:
        most -= len(line.text)
        if most < 0:
            break
        taken.append(line)
    return taken


def _kept(written: WrittenSummary, model_id: str, now: datetime) -> CallSummary:
    return CallSummary(
        purpose=_cut(written.purpose),
        key_points=tuple(_cut(point) for point in written.key_points[:MOST_POINTS]),
        outcome=_cut(written.outcome),
        action_items=tuple(_cut(item) for item in written.action_items[:MOST_POINTS]),
        resolution=written.resolution,
        sentiment=written.sentiment,
        sentiment_score=written.sentiment_score,
        model_id=model_id,
        written_at=now,
    )


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
