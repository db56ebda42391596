"""Resampling keeps speech intact, is quick to answer, and does not depend on how the stream is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media_tier.audio.resampling import Resampler

PAIRS = [(24_000, 16_000), (16_000, 24_000), (24_000, 8_000), (8_000, 24_000), (24_000, 48_000), (48_000, 24_000)]
HARMONICS = 40


def voice(rate: int, seconds: float, top: float, delay: float = 0.0) -> NDArray[np.float64]:
    """A vowel whose pitch glides and whose loudness swells, without anything above `top` Hz; `delay` in seconds."""
    t = np.arange(int(rate * seconds)) / rate - delay
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)
    sound = np.zeros_like(t)
    for number in range(1, HARMONICS):
        phase = 2 * np.pi * number * (150 * t + 8 * t**2)
        highest = number * (150 + 16 * (seconds + delay))
        if highest < top:
            sound += np.sin(phase + number**2) / number
    return np.where(t >= 0, 6_000 * swell * sound, 0.0)


def pcm(sound: NDArray[np.float64]) -> bytes:
    return np.rint(sound).astype("<i2").tobytes()


def run(resampler: Resampler, data: bytes, size: int) -> bytes:
    return b"".join(resampler.push(data[at : at + size]) for at in range(0, len(data), size))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_speech_in_the_pass_band_survives(source: int, target: int) -> None:
    top = 0.85 * min(source, target) / 2
    resampler = Resampler(source, target)
    got = np.frombuffer(run(resampler, pcm(voice(source, 1.0, top)), source // 50 * 2), "<i2").astype(float)
    wanted = voice(target, 1.0, top, resampler.delay_ms / 1000)[: len(got)]
    inner = slice(target // 10, len(got) - target // 10)
    error = got[inner] - wanted[inner]
    snr = 10 * np.log10((wanted[inner] ** 2).sum() / (error**2).sum())
    assert snr > 55


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair[0] > pair[1]])
def test_nothing_above_the_new_band_folds_back(source: int, target: int) -> None:
    tone = 12_000 * np.sin(2 * np.pi * target * 0.55 * np.arange(source) / source)
    got = np.frombuffer(Resampler(source, target).push(pcm(tone)), "<i2")[target // 10 :]
    assert np.abs(got).max() <= 12


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair[0] < pair[1]])
def test_no_mirror_image_appears_above_the_old_band(source: int, target: int) -> None:
    tone = 12_000 * np.sin(2 * np.pi * source * 0.4 * np.arange(source) / source)
    got = np.frombuffer(Resampler(source, target).push(pcm(tone)), "<i2")[target // 10 :].astype(float)
    spectrum = np.abs(np.fft.rfft(got * np.hanning(len(got))))
    hertz = np.fft.rfftfreq(len(got), 1 / target)
    image = spectrum[hertz > source * 0.5].max()
    assert 20 * np.log10(image / spectrum.max()) < -60


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_frame_comes_out_with_the_promised_delay(source: int, target: int) -> None:
    resampler = Resampler(source, target)
    assert resampler.delay_ms <= 5
    click = np.zeros(source // 10, np.int16)
    click[source // 50] = 20_000
    frame = source // 50 * 2
    data, out = click.astype("<i2").tobytes(), b""
    for at in range(0, len(data), frame):
        out += resampler.push(data[at : at + frame])
        # Every input sample has been answered, up to one output step.
        assert len(out) // 2 >= (at + frame) // 2 * target // source - target * 3 // min(source, target)
    peak = int(np.abs(np.frombuffer(out, "<i2").astype(int)).argmax())
    assert peak / target * 1000 == pytest.approx(20 + resampler.delay_ms, abs=0.2)


@settings(max_examples=40)
@given(
    st.sampled_from(PAIRS),
    st.lists(st.integers(0, 700), min_size=1, max_size=30),
    st.integers(0, 2**32 - 1),
)
def test_the_cut_of_the_stream_does_not_matter(pair: tuple[int, int], sizes: list[int], seed: int) -> None:
    data = np.random.default_rng(seed).integers(-32768, 32768, sum(sizes), np.int16).astype("<i2").tobytes()
    whole = Resampler(*pair).push(data[: sum(sizes)])
    cut, at, out = Resampler(*pair), 0, b""
    for size in sizes:
        out += cut.push(data[at : at + size])
        at += size
    assert out == whole


def test_full_scale_does_not_wrap() -> None:
    square = np.where(np.arange(4_800) // 24 % 2 == 0, 32_767, -32_768).astype("<i2").tobytes()
    got = np.frombuffer(Resampler(24_000, 16_000).push(square), "<i2").astype(int)
    steps = np.abs(np.diff(got))
    assert got.max() == 32_767
    assert got.min() == -32_768
    # A wrap would be a step from one end to the other within one sample.
    assert steps.max() < 60_000


def test_unusual_ratios_are_refused() -> None:
    for pair in ((24_000, 24_000), (44_100, 24_000)):
        with pytest.raises(ValueError, match="cannot resample"):
            Resampler(*pair)
