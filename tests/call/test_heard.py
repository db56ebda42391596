"""How much of a text was heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tier.call.heard import estimated_ms, heard_text

TEXT = "We are open from nine to five."


@pytest.mark.parametrize(
    ("played_ms", "heard"),
    [(0, ""), (-5, ""), (199, ""), (200, "We"), (1000, "We are"), (1500, "We are open"), (3000, TEXT), (9000, TEXT)],
)
def test_whole_words_in_proportion(played_ms: int, heard: str) -> None:
    assert heard_text(TEXT, 3000, played_ms) == heard


def test_an_unknown_length_is_estimated() -> None:
    assert heard_text(TEXT, 0, estimated_ms(TEXT)) == TEXT
    assert heard_text(TEXT, 0, estimated_ms("We are open")) == "We are open"


@given(st.text(), st.integers(0, 10_000), st.integers(-100, 12_000), st.integers(0, 3000))
def test_hearing_longer_never_takes_words_back(text: str, audio_ms: int, played_ms: int, more: int) -> None:
    less, longer = heard_text(text, audio_ms, played_ms), heard_text(text, audio_ms, played_ms + more)
    assert longer.startswith(less)
    assert longer in text
