"""Usage of the simulated model: counts as a provider would report them, at no price.

Audio counts as OpenAI documents for its realtime models: a token per 100 ms of the caller, one per 50 ms of the model.
The whole conversation is input of every response; what was input before counts as cached.
"""

from collections.abc import Callable, Sequence

from media_tier.call.commands import HistoryItem
from media_tier.ports import SessionSeed
from shared.contracts.records.call import UsageEntry, UsageKind

CALLER_MS_PER_TOKEN = 100
MODEL_MS_PER_TOKEN = 50


class Meter:
    """Reports one entry per response and one per utterance that was transcribed."""

    def __init__(self, seed: SessionSeed, report: Callable[[UsageEntry], None]) -> None:
        self._report, self._connection = report, seed.connection
        own = seed.model.provider == "simulated"
        self._model_id = seed.model.id if own else "simulated"
        self._price_version = seed.model.prices.version if own else "free"
        self._instructions = _tokens(seed.instructions)
        self._audio = self._text_before = self._audio_before = 0

    def heard(self, turn: int, caller_ms: int) -> None:
        """An utterance was transcribed."""
        self._audio += caller_ms // CALLER_MS_PER_TOKEN
        self._report(
            UsageEntry(
                usage_id=f"heard-{self._connection}-{turn}",
                kind=UsageKind.TRANSCRIPTION,
                model_id=self._model_id,
                price_version=self._price_version,
                seconds=caller_ms / 1000,
            )
        )

    def said(self, response_id: str, text: str, audio_ms: int, lines: Sequence[HistoryItem]) -> None:
        """A response was generated, whatever its outcome."""
        text_in = self._instructions + sum(_tokens(line.text) for line in lines)
        audio_out = audio_ms // MODEL_MS_PER_TOKEN
        self._report(
            UsageEntry(
                usage_id=response_id,
                kind=UsageKind.REPLY,
                model_id=self._model_id,
                price_version=self._price_version,
                text_in=text_in,
                text_in_cached=min(self._text_before, text_in),
                audio_in=self._audio,
                audio_in_cached=self._audio_before,
                text_out=_tokens(text),
                audio_out=audio_out,
            )
        )
        self._text_before, self._audio_before = text_in, self._audio
        self._audio += audio_out


def _tokens(text: str) -> int:
    return (len(text) + 3) // 4
