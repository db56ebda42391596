"""What OpenAI Realtime reports beside the conversation: session state, errors, usage and certainty. Pure.

Invariant: a provider's error message goes nowhere, since it may quote a key or what was said; its code does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.pricing import Tokens

FATAL_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "invalid_api_key",
        "account_deactivated",
        "billing_hard_limit_reached",
    }
)
"""As `code` or as `type` of an error: asking again cannot help."""
ACTIVE_RESPONSE = "conversation_already_has_active_response"
CANCEL_NOT_ACTIVE = "response_cancel_not_active"
BENIGN_CODES = frozenset(
    {ACTIVE_RESPONSE, CANCEL_NOT_ACTIVE, "input_audio_buffer_commit_empty", "item_create_duplicate_item_id"}
)


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The server greeted us. `expires_at` in seconds since the epoch, None if it did not say."""

    expires_at: float | None


@dataclass(frozen=True, slots=True)
class SessionConfigured:
    """The server took our configuration."""


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """The server complains. `event_id` names the message of ours that caused it, if any."""

    code: str
    kind: str = ""
    event_id: str | None = None
    param: str = ""
    fatal: bool = False
    benign: bool = False


@dataclass(frozen=True, slots=True)
class ToolMalformed:
    """The model called a tool with arguments that are no JSON object."""

    call_id: str
    response_id: str


Notice = SessionOpened | SessionConfigured | ErrorReported | ToolMalformed


def error_of(error: dict[str, Any]) -> ErrorReported:
    """Classify an error object; its message is left out, since it may quote what was said or a key."""
    code, kind = str(error.get("code") or ""), str(error.get("type") or "")
    return ErrorReported(
        code=code or kind or "error",
        kind=kind,
        event_id=error.get("event_id"),
        param=str(error.get("param") or ""),
        fatal=code in FATAL_CODES or kind in FATAL_CODES,
        benign=code in BENIGN_CODES or str(error.get("message") or "").startswith("Cancellation failed"),
    )


def confidence_of(logprobs: Sequence[dict[str, Any]] | None) -> float | None:
    """The mean probability of the transcript's tokens (geometric), 0 to 1; None where the model reports none."""
    if not logprobs:
        return None
    mean = sum(float(entry["logprob"]) for entry in logprobs) / len(logprobs)
    return min(1.0, math.exp(min(mean, 0.0)))


def tokens_of(usage: dict[str, Any]) -> Tokens:
    """Tokens by modality of a usage object. What the details do not cover (pictures, gaps) counts as text."""
    spent, made = usage.get("input_token_details") or {}, usage.get("output_token_details") or {}
    audio_in, audio_out = int(spent.get("audio_tokens") or 0), int(made.get("audio_tokens") or 0)
    text_in = int(usage.get("input_tokens") or 0) - audio_in
    text_out = int(usage.get("output_tokens") or 0) - audio_out
    cached = int(spent.get("cached_tokens") or 0)
    split = spent.get("cached_tokens_details") or {}
    audio_cached = int(split.get("audio_tokens") or 0)
    if not split:
        audio_cached = max(0, cached - max(0, text_in))
    return Tokens(
        text_in=max(0, text_in),
        text_in_cached=max(0, cached - audio_cached),
        audio_in=audio_in,
        audio_in_cached=audio_cached,
        text_out=max(0, text_out),
        audio_out=audio_out,
    )
