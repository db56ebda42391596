"""What resampling 20 ms costs, ours beside soxr: `python -m tests.bench.resamplers`. Prints, asserts nothing."""

import time
from collections.abc import Callable

import numpy as np
import soxr

from media_tier.audio import g711
from media_tier.audio.resampling import Resampler

ROUNDS = 1_000
PAIRS = ((8_000, 24_000), (24_000, 8_000), (24_000, 16_000), (24_000, 48_000), (48_000, 24_000))


def cost_us(work: Callable[[bytes], bytes], frame: bytes) -> float:
    """Microseconds for one frame: the best of seven rounds."""
    best = float("inf")
    for _ in range(7):
        began = time.perf_counter()
        for _ in range(ROUNDS):
            work(frame)
        best = min(best, (time.perf_counter() - began) / ROUNDS)
    return best * 1e6


def held_ms(work: Callable[[bytes], bytes], frame: bytes, source: int, target: int) -> float:
    """Milliseconds of input that are not in the output yet, at worst, over a second."""
    got, worst = 0, 0.0
    for number in range(1, 51):
        got += len(work(frame))
        worst = max(worst, number * 20 - got / 2 / target * 1000)
    return worst


def streamed(source: int, target: int, quality: str) -> Callable[[bytes], bytes]:
    """soxr, frame by frame."""
    stream = soxr.ResampleStream(source, target, 1, dtype="int16", quality=quality)
    return lambda pcm: bytes(stream.resample_chunk(np.frombuffer(pcm, "<i2")).tobytes())


def main() -> None:
    """Print a table."""
    noise = np.random.default_rng(1)
    print(f"{'20 ms frames':<24}{'µs':>8}{'held ms':>10}{'filter ms':>11}")
    for source, target in PAIRS:
        frame = (noise.standard_normal(source // 50) * 3_000).astype("<i2").tobytes()
        ours = Resampler(source, target)
        rows: list[tuple[str, Callable[[bytes], bytes], str]] = [("ours", ours.push, f"{ours.delay_ms:.1f}")]
        rows += [(f"soxr {quality}", streamed(source, target, quality), "") for quality in ("QQ", "HQ")]
        for name, work, delay in rows:
            held = held_ms(work, frame, source, target)
            print(f"{source}→{target} {name:<12}{cost_us(work, frame):>8.1f}{held:>10.1f}{delay:>11}")
    frame = bytes(noise.integers(0, 256, 160, np.uint8))
    print(f"{'µ-law decode':<24}{cost_us(g711.decode, frame):>8.1f}")
    print(f"{'µ-law encode':<24}{cost_us(g711.encode, g711.decode(frame)):>8.1f}")


if __name__ == "__main__":
    main()
