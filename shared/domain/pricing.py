"""What usage costs, computed from the provider's own numbers with the prices the call was frozen with.

Invariant: money is Decimal from end to end and rounded once, to 1e-10 dollars; cached tokens are a subset of input
tokens, so a discounted token is never charged twice.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from shared.contracts.records.call import UsageEntry, UsageKind
from shared.contracts.settings.ai_model import AiModel, Prices

PER_TOKEN = Decimal(1) / Decimal(1_000_000)
CENT_FRACTION = Decimal("1E-10")
CALLER_TOKENS_PER_SECOND = 10
"""Audio tokens of what a caller says, as OpenAI's community answers state it; used only where transcription is priced
by the minute and reported in tokens."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens by modality; `*_cached` are part of the input beside them."""

    text_in: int = 0
    text_in_cached: int = 0
    audio_in: int = 0
    audio_in_cached: int = 0
    text_out: int = 0
    audio_out: int = 0


def token_cost(prices: Prices, tokens: Tokens) -> Decimal:
    """US dollars for the tokens of one response."""
    text_cached, audio_cached = min(tokens.text_in_cached, tokens.text_in), min(tokens.audio_in_cached, tokens.audio_in)
    total = (
        (tokens.text_in - text_cached) * prices.text_in
        + text_cached * prices.text_in_cached
        + (tokens.audio_in - audio_cached) * prices.audio_in
        + audio_cached * prices.audio_in_cached
        + tokens.text_out * prices.text_out
        + tokens.audio_out * prices.audio_out
    )
    return (total * PER_TOKEN).quantize(CENT_FRACTION, ROUND_HALF_EVEN)


def transcription_cost(prices: Prices, seconds: float) -> Decimal:
    """US dollars for so many seconds of transcribed speech."""
    cost = Decimal(str(seconds)) * prices.transcription_per_minute / 60
    return cost.quantize(CENT_FRACTION, ROUND_HALF_EVEN)


def reply_usage(model: AiModel, usage_id: str, tokens: Tokens) -> UsageEntry:
    """The entry of one response, heard or not: everything generated is paid for."""
    return UsageEntry(
        usage_id=usage_id,
        kind=UsageKind.REPLY,
        model_id=model.id,
        price_version=model.prices.version,
        text_in=tokens.text_in,
        text_in_cached=tokens.text_in_cached,
        audio_in=tokens.audio_in,
        audio_in_cached=tokens.audio_in_cached,
        text_out=tokens.text_out,
        audio_out=tokens.audio_out,
        cost_usd=token_cost(model.prices, tokens),
    )


def transcription_usage(
    model: AiModel, usage_id: str, *, seconds: float | None = None, tokens: Tokens | None = None
) -> UsageEntry:
    """The entry of one transcribed utterance, reported in `seconds`, or in `tokens` from which seconds are derived."""
    counted = tokens or Tokens()
    length = seconds if seconds is not None else counted.audio_in / CALLER_TOKENS_PER_SECOND
    return UsageEntry(
        usage_id=usage_id,
        kind=UsageKind.TRANSCRIPTION,
        model_id=model.transcription_model or model.id,
        price_version=model.prices.version,
        text_in=counted.text_in,
        audio_in=counted.audio_in,
        text_out=counted.text_out,
        seconds=length,
        cost_usd=transcription_cost(model.prices, length),
    )
