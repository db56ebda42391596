"""Which text model writes the summaries of calls of which provider, and at what price.

Calls are held with realtime models, which write no structured text; the summary is written by a small text model of
the same vendor, with the same key. Prices: the vendors' price pages of November 2026.
"""

from decimal import Decimal

from shared.contracts.records.call import UsageEntry, UsageKind
from shared.contracts.settings.ai_model import AiModel, Prices
from shared.domain.pricing import Tokens, reply_usage

SUMMARY_USAGE_ID = "summary"
"""One entry for a call, however often its summary was asked for."""

SUMMARY_MODELS = {
    "openai": AiModel(
        id="gpt-6-luna",
        name="GPT-6 Luna",
        provider="openai",
        model_type="chat",
        prices=Prices(version="2026-11", text_in=Decimal("0.10"), text_out=Decimal("0.50")),
    ),
    "google": AiModel(
        id="gemini-3.8-flash",
        name="Gemini 3.8 Flash",
        provider="google",
        model_type="chat",
        prices=Prices(version="2026-11", text_in=Decimal("0.75"), text_out=Decimal("3.75")),
    ),
    "simulated": AiModel(
        id="simulated-summary",
        name="Simulated summary",
        provider="simulated",
        model_type="chat",
        prices=Prices(version="2026-11"),
    ),
}


def summary_usage(model: AiModel, tokens: Tokens) -> UsageEntry:
    """The entry of a summary."""
    return reply_usage(model, SUMMARY_USAGE_ID, tokens).model_copy(update={"kind": UsageKind.SUMMARY})
