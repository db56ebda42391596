"""How far a recording drifts from the truth in real time: `python -m tests.bench.recording_drift --minutes 10`.

A whole platform, a caller of the widget's protocol whose sound clock runs fast, something said every fifteen seconds.
The caller knows what it spoke and heard and when; the recording is downloaded afterwards and every utterance of both
sides is looked for in it. Printed: displacement against each side's first utterance, in ms, and the worst correlation.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.e2e.caller import Caller, start_session
from tests.e2e.conftest import SIMULATED, Running, publish, start_platform, stop_platform
from tests.e2e.processes import GREETING, recording, speech
from tests.e2e.sound import RATE, Samples, best_match, channels, samples, utterances_of

PHRASES = ("wait a moment", "what is your refund policy", "are you still there", "what are your business hours")
EVERY = 15.0
Truth = list[tuple[float, Samples]]


async def converse(running: Running, minutes: float, ppm: float) -> tuple[dict[str, Any], Caller]:
    """Hold a call; returns its session and the caller, who remembers everything."""
    session = await asyncio.to_thread(start_session, running.url, SIMULATED)
    caller = Caller(running.url, session, ppm=ppm)
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 30)
    voices = [await speech(text) for text in PHRASES]
    until = time.monotonic() + minutes * 60
    for pcm in itertools.cycle(voices):
        await asyncio.sleep(EVERY)
        if time.monotonic() > until or caller.closed_with is not None:
            break
        caller.say(pcm)
    await caller.hang_up()
    await caller.leave()
    return session, caller


def spoken(caller: Caller) -> Truth:
    """What the caller said, each utterance with its monotonic second."""
    sound, times = samples(bytes(caller.spoken)), dict(caller.spoken_at)
    return [
        (times[at - at % 480] + at % 480 / RATE, run * 32768)
        for at, run in utterances_of(sound / 32768, pause=0.4)
        if len(run) > RATE // 3
    ]


def heard(caller: Caller) -> Truth:
    """What the caller heard since it first spoke (the opening is over), each run of sound with its monotonic second."""
    sound, times = samples(bytes(caller.heard)), caller.heard_at
    breaks = [0, *(i for i in range(1, len(times)) if times[i][1] - times[i - 1][1] > 0.15), len(times)]
    runs = []
    for first, after in itertools.pairwise(breaks):
        end = times[after][0] if after < len(times) else len(sound)
        runs.append((times[first][1], sound[times[first][0] : end]))
    opened = spoken(caller)[0][0]
    return [(at, run) for at, run in runs if at > opened and len(run) > RATE // 3]


def report(name: str, channel: Samples, truth: Truth) -> None:
    """Print where the utterances lie in the recording, compared with when they sounded."""
    first, sound = truth[0]
    _, begin = best_match(channel[: round(2 * EVERY * RATE)], sound)  # the same is said again later
    moved, scores = [], []
    for at, sound in truth:
        expected = begin + round((at - first) * RATE)
        start = max(0, expected - RATE)
        score, offset = best_match(channel[start : expected + len(sound) + RATE], sound)
        moved.append((start + offset - expected) * 1000 / RATE)
        scores.append(score)
    early, late = ([round(ms, 1) for ms in some] for some in (moved[:10], moved[-10:]))
    print(f"{name}: {len(truth)} utterances in {(truth[-1][0] - first) / 60:.1f} minutes, ms out of place:")
    print(f"  first ten {early}, last ten {late}, most {max(map(abs, moved)):.1f}")
    print(f"  worst correlation {min(scores):.3f}, more than 40 ms: {sum(abs(ms) > 40 for ms in moved)} utterances")


async def main(minutes: float, ppm: float) -> None:
    """Run one call and print what its recording is worth."""
    with tempfile.TemporaryDirectory() as directory:
        process, running = await asyncio.to_thread(start_platform, Path(directory) / "data")
        try:
            await asyncio.to_thread(publish, running, max_duration_minutes=60)
            session, caller = await converse(running, minutes, ppm)
            path = Path(directory) / "recording.wav"
            await asyncio.to_thread(recording, running, session, path)
            sides = channels(path)
        finally:
            await asyncio.to_thread(stop_platform, process, running.data)
    print(
        f"the caller's sound clock ran {ppm:+.0f} ppm against this machine's; it failed to play {caller.stalls} times"
    )
    report("caller", sides[0], spoken(caller))
    report("AI", sides[1], heard(caller))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m tests.bench.recording_drift", description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10.0)
    arguments.add_argument("--ppm", type=float, default=100.0, help="by how much the caller's clock runs fast")
    given = arguments.parse_args()
    asyncio.run(main(given.minutes, given.ppm))
