"""Summaries by Gemini's generateContent (ai.google.dev/api/generate-content), plain HTTPS."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from shared.adapters.summary_prompt import INSTRUCTIONS, MOST_TOKENS, SCHEMA, conversation, read_answer
from shared.contracts.records.call import TranscriptSegment
from shared.domain.pricing import Tokens
from shared.ports.summaries import SummaryAnswer, SummaryFailed

BASE_URL = "https://generativelanguage.googleapis.com"
SECONDS = 90.0
THINKING_TOKENS = 6000
"""The limit of an answer covers what the model thinks before it writes."""


class GeminiSummaries:
    """See shared.ports.summaries. `base_url` None: Google itself."""

    def __init__(self, client: httpx.Client, api_key: str, base_url: str | None = None) -> None:
        self._client, self._api_key, self._base = client, api_key, (base_url or BASE_URL).rstrip("/")

    def summarise(self, model_id: str, lines: Sequence[TranscriptSegment]) -> SummaryAnswer:
        """Raises SummaryFailed; its message names neither key nor content."""
        body = {
            "systemInstruction": {"parts": [{"text": INSTRUCTIONS}]},
            "contents": [{"role": "user", "parts": [{"text": conversation(lines)}]}],
            "generationConfig": {
                "responseMimeType": "application/json",
                "responseSchema": gemini_schema(SCHEMA),
                "maxOutputTokens": MOST_TOKENS + THINKING_TOKENS,
            },
        }
        url = f"{self._base}/v1beta/models/{model_id}:generateContent"
        try:
            response = self._client.post(url, json=body, headers={"x-goog-api-key": self._api_key}, timeout=SECONDS)
        except httpx.HTTPError as error:
            raise SummaryFailed(f"Gemini could not be reached: {type(error).__name__}.") from None
        if response.status_code != 200:
            raise SummaryFailed(f"Gemini answered {response.status_code}.")
        try:
            return _answer(response.json())
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise SummaryFailed("Gemini answered something that was not understood.") from None


def gemini_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema in Gemini's dialect: types in capitals, properties in a named order."""
    kept: dict[str, Any] = {}
    for name, value in schema.items():
        match name:
            case "type":
                kept[name] = value.upper()
            case "properties":
                kept[name] = {field: gemini_schema(part) for field, part in value.items()}
                kept["propertyOrdering"] = list(value)
            case "items":
                kept[name] = gemini_schema(value)
            case "enum" | "required":
                kept[name] = value
    return kept


def _answer(answer: dict[str, Any]) -> SummaryAnswer:
    candidate = answer["candidates"][0]
    if candidate.get("finishReason") != "STOP":
        raise SummaryFailed("Gemini did not finish the summary.")
    text = "".join(part.get("text", "") for part in candidate["content"]["parts"] if not part.get("thought"))
    usage = answer["usageMetadata"]
    written = int(usage.get("candidatesTokenCount", 0)) + int(usage.get("thoughtsTokenCount", 0))
    return SummaryAnswer(read_answer(text), Tokens(text_in=int(usage["promptTokenCount"]), text_out=written))
