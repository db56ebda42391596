"""µ-law against the values of ITU-T G.711 and against what the law promises."""

import numpy as np
import pytest

from media_tier.audio.g711 import SILENCE, decode, encode

# Both ends and the middle of the law's eight segments, positive half (G.711 table 2a, scaled from 14 to 16 bits).
KNOWN = {0x80: 32_124, 0x8F: 16_764, 0x90: 15_996, 0xA0: 7_932, 0xB0: 3_900, 0xC0: 1_884, 0xD0: 876, 0xE0: 372}
KNOWN |= {0xEF: 132, 0xF0: 120, 0xFE: 8, 0xFF: 0}


def samples(pcm: bytes) -> list[int]:
    return [int(value) for value in np.frombuffer(pcm, "<i2")]


def test_the_values_are_those_of_the_recommendation() -> None:
    assert samples(decode(bytes(KNOWN))) == list(KNOWN.values())
    assert samples(decode(bytes(code & 0x7F for code in KNOWN))) == [-value for value in KNOWN.values()]
    assert decode(SILENCE) == b"\0\0"


def test_every_code_survives_a_round_trip() -> None:
    codes = bytes(range(256))
    again = encode(decode(codes))
    assert [a for a, b in zip(codes, again, strict=True) if a != b] == [0x7F]  # minus zero becomes zero


def test_the_error_is_at_most_half_a_step() -> None:
    every = np.arange(-32_768, 32_768)
    got = np.frombuffer(decode(encode(every.astype("<i2").tobytes())), "<i2").astype(int)
    error = abs(got - np.clip(every, -32_635, 32_635))
    # A segment's sixteen steps span as much as its lower end lies from -132.
    assert (error <= (abs(got) + 132) / 32).all()
    assert (np.diff(got) >= 0).all()


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        encode(b"\0\0\0")
