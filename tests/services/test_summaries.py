"""Summaries: what is asked of each vendor over real HTTP, how answers are read, and what offline ones say."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from shared.adapters.gemini_summaries import GeminiSummaries
from shared.adapters.openai_summaries import OpenAiSummaries
from shared.adapters.simulated_summaries import SimulatedSummaries
from shared.contracts.records.call import CallRecord, Role, Sentiment, TranscriptSegment, UsageKind
from shared.domain.pricing import Tokens
from shared.ports.summaries import Summaries, SummaryAnswer, SummaryFailed, WrittenSummary
from shared.services.summaries import summarise, wants_summary, within
from tests.functions.workflows.closing_world import ended_call
from tests.services.vendor import vendor

NOW = datetime(2026, 11, 25, tzinfo=UTC)
WRITTEN = {
    "purpose": "Customer asked about business hours.",
    "key_points": ["Monday to Friday, 9 to 5"],
    "outcome": "Fully answered.",
    "action_items": [],
    "resolution": "resolved",
    "sentiment": "positive",
    "sentiment_score": 0.8,
}


def line(number: int, role: Role, text: str) -> TranscriptSegment:
    return TranscriptSegment(segment_id=f"s{number}", role=role, text=text, start_ms=number, end_ms=number)


LINES = [line(0, Role.ASSISTANT, "Hello!"), line(1, Role.USER, "What are your\nhours?"), line(2, Role.HUMAN, "Nine.")]
CONVERSATION = "AI: Hello!\nCaller: What are your hours?\nAgent: Nine."


def openai_answer(**changes: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": json.dumps(WRITTEN)}]
    output = [{"type": "reasoning", "summary": []}, {"type": "message", "content": content}]
    answer = {"status": "completed", "output": output, "usage": {"input_tokens": 120, "output_tokens": 60}}
    return answer | changes


def gemini_answer(**changes: Any) -> dict[str, Any]:
    parts = [{"text": "thinking", "thought": True}, {"text": json.dumps(WRITTEN)}]
    candidate = {"content": {"parts": parts}, "finishReason": "STOP"} | changes
    usage = {"promptTokenCount": 120, "candidatesTokenCount": 50, "thoughtsTokenCount": 10}
    return {"candidates": [candidate], "usageMetadata": usage}


def openai(client: httpx.Client, url: str) -> Summaries:
    return OpenAiSummaries(client, "key-1", f"{url}/v1")


def gemini(client: httpx.Client, url: str) -> Summaries:
    return GeminiSummaries(client, "key-1", url)


def test_openai_is_asked_for_strict_json_and_keeps_nothing() -> None:
    with vendor((200, openai_answer())) as theirs, httpx.Client() as client:
        answer = openai(client, theirs.url).summarise("gpt-6-luna", LINES)
    assert answer == SummaryAnswer(WrittenSummary.model_validate(WRITTEN), Tokens(text_in=120, text_out=60))
    (asked,) = theirs.asked
    assert (asked.method, asked.path, asked.authorization) == ("POST", "/v1/responses", "Bearer key-1")
    body = asked.json()
    assert (body["model"], body["store"], body["input"]) == ("gpt-6-luna", False, CONVERSATION)
    form = body["text"]["format"]
    assert (form["type"], form["strict"]) == ("json_schema", True)
    assert set(form["schema"]["required"]) == set(form["schema"]["properties"]) == set(WrittenSummary.model_fields)


def test_gemini_is_asked_in_its_own_dialect() -> None:
    with vendor((200, gemini_answer())) as theirs, httpx.Client() as client:
        answer = gemini(client, theirs.url).summarise("gemini-3.8-flash", LINES)
    assert answer == SummaryAnswer(WrittenSummary.model_validate(WRITTEN), Tokens(text_in=120, text_out=60))
    (asked,) = theirs.asked
    assert (asked.method, asked.path) == ("POST", "/v1beta/models/gemini-3.8-flash:generateContent")
    body = asked.json()
    assert body["contents"] == [{"role": "user", "parts": [{"text": CONVERSATION}]}]
    schema = body["generationConfig"]["responseSchema"]
    assert schema["type"] == "OBJECT"
    assert schema["properties"]["key_points"] == {"type": "ARRAY", "items": {"type": "STRING"}}
    assert schema["propertyOrdering"] == list(WrittenSummary.model_fields)
    assert "additionalProperties" not in schema


REFUSAL = [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]
ODD = [{"type": "message", "content": [{"type": "output_text", "text": '{"purpose": "x"}'}]}]
FAR = [{"type": "message", "content": [{"type": "output_text", "text": json.dumps(WRITTEN | {"sentiment_score": 7})}]}]


@pytest.mark.parametrize(
    ("make", "answer"),
    [
        (openai, None),
        (openai, (500, {})),
        (openai, (401, {"error": {"message": "key-1"}})),
        (openai, (200, [])),
        (openai, (200, b"<html>")),
        (openai, (200, openai_answer(status="incomplete"))),
        (openai, (200, openai_answer(output=REFUSAL))),
        (openai, (200, openai_answer(output=ODD))),
        (openai, (200, openai_answer(output=FAR))),
        (openai, (200, openai_answer(usage=None))),
        (gemini, None),
        (gemini, (429, {})),
        (gemini, (200, {"candidates": []})),
        (gemini, (200, {"promptFeedback": {"blockReason": "SAFETY"}})),
        (gemini, (200, gemini_answer(finishReason="MAX_TOKENS"))),
        (gemini, (200, gemini_answer(content={"parts": [{"text": "not json"}]}))),
    ],
)
def test_whatever_else_comes_is_a_failure_that_tells_nothing(make: Any, answer: Any) -> None:
    with vendor(answer) as theirs, httpx.Client() as client, pytest.raises(SummaryFailed) as failed:
        make(client, theirs.url).summarise("m", LINES)
    assert "key-1" not in str(failed.value)
    assert "hours" not in str(failed.value)


class Wordy:
    """Writes more than is kept."""

    def summarise(self, model_id: str, lines: Sequence[TranscriptSegment]) -> SummaryAnswer:
        """See the port."""
        long = WRITTEN | {"purpose": "word " * 500, "key_points": ["p" * 900] * 30}
        return SummaryAnswer(WrittenSummary.model_validate(long), Tokens(text_in=1_000_000, text_out=100_000))


def test_what_is_kept_is_cut_and_priced_with_the_text_models_prices() -> None:
    call = ended_call("c", provider="openai")
    written = summarise({"openai": Wordy()}, call, LINES, NOW)
    assert written is not None
    summary, usage = written
    assert len(summary.purpose) == 500 and summary.purpose.endswith("…")
    assert {len(point) for point in summary.key_points} == {500} and len(summary.key_points) == 10
    assert CallRecord.model_validate_json(call.model_copy(update={"summary": summary}).model_dump_json()).summary
    assert (usage.usage_id, usage.kind, usage.model_id) == ("summary", UsageKind.SUMMARY, "gpt-6-luna")
    assert str(usage.cost_usd.normalize()) == "0.15"


def test_without_words_or_without_a_model_there_is_no_summary() -> None:
    call = ended_call("c", provider="openai")
    assert summarise({"openai": Wordy()}, call, [line(0, Role.USER, "  ")], NOW) is None
    with pytest.raises(SummaryFailed):
        summarise({"google": Wordy()}, call, LINES, NOW)
    assert wants_summary(call)
    assert not wants_summary(ended_call("c", summary=False))


@examples(max_examples=100)
@given(st.lists(st.integers(0, 60), max_size=40), st.integers(0, 200))
def test_of_a_long_transcript_beginning_and_end_are_kept(lengths: list[int], most: int) -> None:
    lines = [line(number, Role.USER, "x" * length) for number, length in enumerate(lengths)]
    kept = within(lines, most)
    assert sum(len(one.text) for one in kept) <= most or (kept == lines and sum(lengths) <= most)
    assert [one for one in lines if one in kept] == kept, "in order, none twice"
    if sum(lengths) <= most:
        assert kept == lines
    elif lengths[0] <= most // 2:
        assert kept[0] == lines[0]


@pytest.mark.parametrize(
    ("said", "sentiment", "resolution"),
    [
        ("thank you that was great", Sentiment.POSITIVE, "resolved"),
        ("this is terrible and useless", Sentiment.NEGATIVE, "partial"),
        ("when do you open", Sentiment.NEUTRAL, "resolved"),
    ],
)
def test_offline_summaries_hold_what_was_said(said: str, sentiment: Sentiment, resolution: str) -> None:
    lines = [line(0, Role.ASSISTANT, "Hello!"), line(1, Role.USER, said), line(2, Role.ASSISTANT, "I will call you.")]
    answer = SimulatedSummaries().summarise(
        "m", [*lines, line(3, Role.USER, "goodbye"), line(4, Role.ASSISTANT, "Bye!")]
    )
    assert said in answer.summary.purpose
    assert "I will call you." in answer.summary.outcome
    assert answer.summary.action_items == ["I will call you."]
    assert (answer.summary.sentiment, answer.summary.resolution) == (sentiment, resolution)
