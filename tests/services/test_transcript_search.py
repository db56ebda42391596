"""Searching transcripts: what is found, how it is shown, and that a search stays cheap among very many calls."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.dynamo.transcript_index import ROUNDS, STEP, DynamoTranscriptIndex
from shared.contracts.errors import InvalidRequest
from shared.contracts.page import Turn
from shared.domain.search_text import excerpt, fits, read_query, words_of
from tests.services.world import START, World

DAYS = (date(2026, 1, 1), date(2026, 11, 25))


class Counting:
    """A client that counts its requests."""

    def __init__(self, client: Any) -> None:
        self._client, self.count = client, 0

    def __getattr__(self, name: str) -> Any:
        self.count += 1
        return getattr(self._client, name)


def found(index: DynamoTranscriptIndex, *words: str, limit: int = 50, cursor: str | None = None) -> list[str]:
    """Ids of the calls on one page."""
    return list(index.page("company-a", words, DAYS, Turn(limit, cursor)).items)


def test_words_are_compared_without_case_and_accents() -> None:
    assert list(words_of("Café RÜCKGABE, don't! straße 我要退款")) == [
        *("cafe", "ruckgabe", "don", "t", "strasse"),
        *"我要退款",
    ]
    assert read_query('refund "order status" refund').words == ("refund", "order", "status")
    assert read_query('refund "order status"').phrases == (("order", "status"),)
    assert fits(read_query("“order status”"), ["My ORDER status, please"])
    assert not fits(read_query("“order status”"), ["status of my order", "order", "status"])


def test_an_excerpt_marks_every_word_and_stays_short() -> None:
    text = "well " * 40 + "I want a refund, a REFUND now " + "please " * 40
    parts = excerpt(read_query("refund"), text)
    assert parts is not None
    assert [part.text for part in parts if part.match] == ["refund", "REFUND"]
    whole = "".join(part.text for part in parts)
    assert whole.startswith("…") and whole.endswith("…") and len(whole) < 170
    assert excerpt(read_query("refund"), "nothing here") is None


@settings(max_examples=60)
@given(st.text(max_size=300), st.text(max_size=30))
def test_an_excerpt_is_a_passage_of_its_text(text: str, typed: str) -> None:
    query = read_query(typed)
    parts = excerpt(query, text)
    assert (parts is not None) == bool(set(query.words) & set(words_of(text)))
    if parts is not None:
        assert "".join(part.text for part in parts).strip("…") in text or "…" in text
        assert any(part.match for part in parts)


def test_calls_with_all_the_words_are_found_newest_first(world: World) -> None:
    index = DynamoTranscriptIndex(world.calls_table)
    for number in range(6):
        words = ["hello", *(["refund"] if number % 2 else []), *(["late"] if number == 3 else [])]
        index.add("company-a", f"call-{number}", START - timedelta(days=number), words)
        index.add("company-a", f"call-{number}", START - timedelta(days=number), words)
    index.add("company-b", "foreign", START, ["hello", "refund"])
    assert found(index, "hello") == [f"call-{number}" for number in range(6)]
    assert found(index, "hello", "refund") == ["call-1", "call-3", "call-5"]
    assert found(index, "refund", "late", "hello") == ["call-3"]
    assert found(index, "refund", "missing") == []
    days = (date(2026, 11, 21), date(2026, 11, 23))
    assert index.page("company-a", ["hello"], days, Turn(50)).items == ("call-2", "call-3", "call-4")
    index.remove("company-a", "call-3", START - timedelta(days=3), ["refund"])
    assert found(index, "refund") == ["call-1", "call-5"]


def test_pages_follow_each_other_and_belong_to_their_search(world: World) -> None:
    index = DynamoTranscriptIndex(world.calls_table)
    for number in range(7):
        index.add("company-a", f"call-{number}", START - timedelta(minutes=number), ["hello", "refund"])
    first = index.page("company-a", ["hello", "refund"], DAYS, Turn(3))
    second = index.page("company-a", ["refund", "hello"], DAYS, Turn(3, first.cursor))
    third = index.page("company-a", ["refund", "hello"], DAYS, Turn(3, second.cursor))
    assert [*first.items, *second.items, *third.items] == [f"call-{number}" for number in range(7)]
    assert third.cursor is None
    for company, words, cursor in (
        ("company-b", ["hello", "refund"], first.cursor),
        ("company-a", ["hello"], first.cursor),
        ("company-a", ["hello", "refund"], "###"),
        ("company-a", ["hello", "refund"], "x" * 500),
    ):
        with pytest.raises(InvalidRequest):
            index.page(company, words, DAYS, Turn(3, cursor))


def test_what_a_search_costs_does_not_grow_with_the_calls(world: World) -> None:
    """A word of every call together with a rare one that is far back, and with one that never is said with it."""
    index = DynamoTranscriptIndex(world.calls_table)
    many = 4 * STEP
    for number in range(many):
        rare = ["rare"] if number == many - 1 else []
        index.add("company-a", f"call-{number:04d}", START - timedelta(minutes=number), ["hello", *rare])
    counting = Counting(world.client)
    counted = DynamoTranscriptIndex(Table(counting, "calls"))
    assert found(counted, "hello", "rare") == [f"call-{many - 1:04d}"]
    assert counting.count == 3
    counting.count = 0
    assert found(counted, "hello", "never") == [] and counting.count == 2
    page = counted.page("company-a", ["hello"], DAYS, Turn(10))
    assert len(page.items) == 10 and page.cursor is not None
    assert counting.count <= 2 * ROUNDS
