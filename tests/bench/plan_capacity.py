"""How many calls a task carries: loads the real media process with more and more simulated calls until it is late.

    python -m tests.bench.plan_capacity --cpu 2048 --memory 4096 --write

The dearest kind of phone call climbs the ladder (resampled both ways, recorded, captioned, stored); a step is held when
the 99th percentile of added delay stays under 20 ms each way and nothing is lost. WhatsApp's calls are reckoned from
their CPU time, to the same share of a core. `--write` puts the result into infra/capacity.json, by which tasks are
sized, started and filled. Run it on the processor the tasks have, alone.
"""

import argparse
import asyncio
import platform
from argparse import Namespace
from datetime import UTC, datetime

from infra.capacity import ADMISSION, CAPACITY, Capacity
from tests.bench import whatsapp_calls
from tests.bench.media_process import TARGET_P99_MS, Result
from tests.bench.phone_calls import resampled

LADDER = (40, 60, 80, 100, 130, 160, 200, 240, 290, 350)
TRIES = 2
WHATSAPP_CALLS = 6


def held(result: Result) -> bool:
    """Whether nobody hears that the process is busy."""
    late = max(result.up["p99"], result.down["p99"])
    return late < TARGET_P99_MS and not result.down["failed"] and not result.down["lost"]


def climb(seconds: float) -> Result:
    """The last step that was held; a step gets a second try, for what else the machine does. Ends the program where
    not even the first is held."""
    best: Result | None = None
    for calls in LADDER:
        for _ in range(TRIES):
            result = resampled(calls, seconds)
            good = held(result)
            print(
                f"{calls:4} calls: {result.busy:.0%} of a core, p99 {result.up['p99']:.1f} ms up,"
                f" {result.down['p99']:.1f} ms down{'' if good else ', not held'}",
                flush=True,
            )
            if good:
                best = result
                break
        else:
            break
    if best is None:
        raise SystemExit("this machine does not hold the first step; is it busy with something else?")
    return best


def planned(best: Result, whatsapp_cpu_ms: float, cpu: int, memory_mb: int, day: str) -> Capacity:
    """The capacity that was measured; memory bounds it as well, at three quarters of the task's."""
    calls = min(best.calls, int(memory_mb * 1024 * 0.75 / max(best.kb, 1)))
    whatsapp = min(calls, int(best.busy * 1000 / whatsapp_cpu_ms))
    late = max(best.up["p99"], best.down["p99"])
    basis = (
        f"Measured {day} on {platform.machine()}, one event loop: {best.calls} resampled phone calls at {best.busy:.0%}"
        f" of a core, p99 {late:.1f} ms; WhatsApp {whatsapp_cpu_ms:.1f} ms of CPU per call-second."
    )
    return Capacity.model_validate(
        {"cpu": cpu, "memory_mb": memory_mb, "calls": calls, "whatsapp_calls": whatsapp, "basis": basis}
    )


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpu", type=int, default=2048)
    parser.add_argument("--memory", type=int, default=4096)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    best = climb(options.seconds)
    load = Namespace(calls=WHATSAPP_CALLS, seconds=options.seconds, share=0.5, profile=False)
    row = asyncio.run(whatsapp_calls.measure("ours", load))
    found = planned(best, row.cpu_ms, options.cpu, options.memory, f"{datetime.now(UTC):%Y-%m-%d}")
    print(
        f"a task carries {found.calls} calls, {found.whatsapp_calls} of them by WhatsApp; it takes {found.admitted}"
        f" and {found.whatsapp_admitted} ({ADMISSION:.0%})"
    )
    if options.write:
        CAPACITY.write_text(found.model_dump_json(indent=2) + "\n")


if __name__ == "__main__":
    main()
