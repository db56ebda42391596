"""What a telephone's 8 kHz leaves of the voice, both ways: ripple, folding, mirror images, delay."""

import numpy as np
import pytest
from numpy.typing import NDArray

from media_tier.audio.resampling import Resampler

FRAME_MS = 20


def response(source: int, target: int, hertz: NDArray[np.float64], out_hertz: NDArray[np.float64]) -> list[float]:
    """Gain in dB of tones of `hertz`, measured at `out_hertz` in the output, streamed in frames of 20 ms."""
    gains = []
    for tone, seen in zip(hertz, out_hertz, strict=True):
        t = np.arange(source // 2) / source
        data = np.rint(16_000 * np.sin(2 * np.pi * tone * t)).astype("<i2").tobytes()
        resampler, size = Resampler(source, target), source * FRAME_MS // 1000 * 2
        out = b"".join(resampler.push(data[at : at + size]) for at in range(0, len(data), size))
        got = np.frombuffer(out, "<i2").astype(float)[target // 10 : target // 10 + target // 4]
        window = np.hanning(len(got))
        phase = np.exp(-2j * np.pi * seen * np.arange(len(got)) / target)
        gains.append(20 * np.log10(max(1e-9, 2 * abs((got * window * phase).sum()) / window.sum() / 16_000)))
    return gains


@pytest.mark.parametrize(("source", "target"), [(8_000, 24_000), (24_000, 8_000)])
def test_the_telephone_band_is_flat(source: int, target: int) -> None:
    band = np.arange(300.0, 3_401.0, 100.0)
    gains = response(source, target, band, band)
    assert max(gains) - min(gains) < 0.05
    assert max(map(abs, gains)) < 0.05


def test_nothing_from_above_folds_into_the_band() -> None:
    above = np.arange(4_000.0, 11_900.0, 250.0)
    folded = np.abs((above + 4_000) % 8_000 - 4_000)
    # Tones at 4 kHz and above: more than 66 dB down wherever they would land, which is below µ-law's own noise.
    assert max(response(24_000, 8_000, above, folded)) < -66


def test_no_mirror_image_of_the_band_is_heard() -> None:
    band = np.arange(300.0, 3_401.0, 250.0)
    assert max(response(8_000, 24_000, band, 8_000 - band)) < -66
    assert max(response(8_000, 24_000, band, 8_000 + band)) < -66


def test_there_and_back_adds_less_than_fifteen_milliseconds() -> None:
    up, down = Resampler(8_000, 24_000), Resampler(24_000, 8_000)
    click = np.zeros(4_000, "<i2")
    click[800] = 20_000
    out, data = b"", click.tobytes()
    for at in range(0, len(data), 320):
        out += down.push(up.push(data[at : at + 320]))
        # What has come in has come out, but for at most a millisecond each way.
        assert len(out) >= at + 320 - 2 * 16
    peak = int(np.abs(np.frombuffer(out, "<i2").astype(int)).argmax())
    assert (peak - 800) / 8 == pytest.approx(up.delay_ms + down.delay_ms, abs=0.2)
    assert up.delay_ms + down.delay_ms < 15
