"""Summaries by OpenAI's Responses API (developers.openai.com/api/reference/resources/responses), plain HTTPS.

The vendor's package takes most of a second to load, which a function pays at every cold start.
"""

from collections.abc import Sequence
from typing import Any

import httpx

from shared.adapters.summary_prompt import INSTRUCTIONS, MOST_TOKENS, SCHEMA, conversation, read_answer
from shared.contracts.records.call import TranscriptSegment
from shared.domain.pricing import Tokens
from shared.ports.summaries import SummaryAnswer, SummaryFailed

BASE_URL = "https://api.openai.com/v1"
SECONDS = 90.0


class OpenAiSummaries:
    """See shared.ports.summaries. `base_url` None: OpenAI itself."""

    def __init__(self, client: httpx.Client, api_key: str, base_url: str | None = None) -> None:
        self._client, self._api_key = client, api_key
        self._url = f"{(base_url or BASE_URL).rstrip('/')}/responses"

    def summarise(self, model_id: str, lines: Sequence[TranscriptSegment]) -> SummaryAnswer:
        """Raises SummaryFailed; its message names neither key nor content."""
        body = {
            "model": model_id,
            "instructions": INSTRUCTIONS,
            "input": conversation(lines),
            "max_output_tokens": MOST_TOKENS,
            "store": False,
            "text": {"format": {"type": "json_schema", "name": "CallSummary", "strict": True, "schema": SCHEMA}},
        }
        headers = {"Authorization": f"Bearer {self._api_key}"}
        try:
            response = self._client.post(self._url, json=body, headers=headers, timeout=SECONDS)
        except httpx.HTTPError as error:
            raise SummaryFailed(f"OpenAI could not be reached: {type(error).__name__}.") from None
        if response.status_code != 200:
            raise SummaryFailed(f"OpenAI answered {response.status_code}.")
        try:
            return _answer(response.json())
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SummaryFailed("OpenAI answered something that was not understood.") from None


def _answer(answer: dict[str, Any]) -> SummaryAnswer:
    if answer["status"] != "completed":
        raise SummaryFailed("OpenAI did not finish the summary.")
    parts = [part for item in answer["output"] if item["type"] == "message" for part in item["content"]]
    if any(part["type"] == "refusal" for part in parts):
        raise SummaryFailed("OpenAI refused to write a summary.")
    text = "".join(part["text"] for part in parts if part["type"] == "output_text")
    usage = answer["usage"]
    tokens = Tokens(text_in=int(usage["input_tokens"]), text_out=int(usage["output_tokens"]))
    return SummaryAnswer(read_answer(text), tokens)
