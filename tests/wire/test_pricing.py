"""What usage costs."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.records.call import UsageKind
from shared.domain.pricing import Tokens, reply_usage, token_cost, transcription_cost, transcription_usage
from tests.wire.openai_fixtures import MODEL, PRICES

counts = st.integers(0, 10**7)


def test_the_vendors_own_sample_costs_what_its_price_list_says() -> None:
    """119 + 13 tokens in, of which 64 of text were cached, 30 + 91 out: 0.0072056 dollars."""
    sample = Tokens(text_in=119, text_in_cached=64, audio_in=13, text_out=30, audio_out=91)
    assert token_cost(PRICES, sample) == Decimal("0.0072056")


@pytest.mark.parametrize(
    ("tokens", "dollars"),
    [
        (Tokens(text_in=10**6), "4"),
        (Tokens(text_in=10**6, text_in_cached=10**6), "0.4"),
        (Tokens(audio_in=10**6), "32"),
        (Tokens(audio_in=10**6, audio_in_cached=5 * 10**5), "16.2"),
        (Tokens(text_out=10**6), "24"),
        (Tokens(audio_out=10**6), "64"),
        (Tokens(), "0"),
        # More cached than there was: nothing is counted below zero.
        (Tokens(text_in=10**6, text_in_cached=10**7), "0.4"),
    ],
)
def test_each_kind_of_token_has_its_price(tokens: Tokens, dollars: str) -> None:
    assert token_cost(PRICES, tokens) == Decimal(dollars)


@given(counts, counts, counts, counts, counts, counts)
@settings(max_examples=100)
def test_caching_only_ever_saves(
    text: int, text_cached: int, audio: int, audio_cached: int, out: int, said: int
) -> None:
    cached = Tokens(text, text_cached, audio, audio_cached, out, said)
    full = Tokens(text, 0, audio, 0, out, said)
    assert 0 <= token_cost(PRICES, cached) <= token_cost(PRICES, full)


@pytest.mark.parametrize(("seconds", "dollars"), [(60.0, "0.0045"), (1.3, "0.0000975"), (0.0, "0")])
def test_transcription_is_paid_by_time(seconds: float, dollars: str) -> None:
    assert transcription_cost(PRICES, seconds) == Decimal(dollars)


def test_entries_name_the_model_that_did_the_work_and_the_prices_in_force() -> None:
    reply = reply_usage(MODEL, "resp_1", Tokens(text_in=5, audio_out=7))
    assert (reply.kind, reply.usage_id, reply.model_id) == (UsageKind.REPLY, "resp_1", "gpt-realtime-2.1")
    assert (reply.text_in, reply.audio_out, reply.price_version) == (5, 7, "2026-11")
    heard = transcription_usage(MODEL, "item_1", tokens=Tokens(audio_in=13, text_out=9))
    assert (heard.kind, heard.model_id, heard.price_version) == (UsageKind.TRANSCRIPTION, "gpt-transcribe", "2026-11")
    assert (heard.audio_in, heard.text_out, heard.seconds) == (13, 9, 1.3)
    assert heard.cost_usd == transcription_usage(MODEL, "item_1", seconds=1.3).cost_usd == Decimal("0.0000975")
