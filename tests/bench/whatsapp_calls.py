"""What a WhatsApp call costs: our leg beside stock aiortc, same phones, same sound, one run.

    python -m tests.bench.whatsapp_calls --calls 10 --seconds 12
    python -m tests.bench.whatsapp_calls --only ours --profile

The server has a core to itself where there are two. Prints CPU milliseconds per call-second of the server process and
the calls that would fill a core. Asserts nothing: machines differ.
"""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiortc.rtcrtpreceiver import StreamStatistics

from infra.local.standins.meta_media import PhonePeer
from tests.bench.whatsapp_server import speech

_TICKS = os.sysconf("SC_CLK_TCK")
MAX_CALLS, MAX_SECONDS = 10, 15.0
WARM_UP_SECONDS = 5
"""Until the phones have reported how many packets they lack: what ours carry depends on it."""


@dataclass
class Row:
    """One server's result. `heard` is the share of the phones' sound that came through, `said` that of the server's."""

    name: str
    cpu_ms: float
    rss_mb: float
    heard: float
    said: float


class _Phone(PhonePeer):
    """A phone that only counts what it hears: its core is shared by all of them."""

    packets = 0

    async def _came(self, packet: Any, arrival_time_ms: int) -> None:
        self.packets += 1
        self._statistics.setdefault(packet.ssrc, StreamStatistics(48_000)).add(packet)


def _pin(pid: int, core: int) -> None:
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(pid, {sorted(os.sched_getaffinity(0))[core]})


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def measure(name: str, options: argparse.Namespace) -> Row:
    """Run one server under load."""
    command = [sys.executable, "-m", "tests.bench.whatsapp_server", name, str(options.share)]
    command += ["profile"] if options.profile else []
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**20)
    assert server.stdin is not None and server.stdout is not None
    _pin(server.pid, 0)
    phones = [_Phone() for _ in range(options.calls)]
    spoken = speech(4, 48_000, options.share)
    try:
        for phone in phones:
            server.stdin.write(json.dumps({"sdp": await phone.offer()}).encode() + b"\n")
            await phone.answer(json.loads(await server.stdout.readline())["sdp"])
            phone.accepted = True
        async with asyncio.timeout(20):
            while any(phone.state != "connected" for phone in phones):  # noqa: ASYNC110 - aiortc's own state
                await asyncio.sleep(0.05)
        for phone in phones:
            phone.say(spoken * 6)
            phone.talk()
            await asyncio.sleep(0.002)
        await asyncio.sleep(WARM_UP_SECONDS)
        cpu, packets = _cpu_seconds(server.pid), sum(phone.packets for phone in phones)
        await asyncio.sleep(options.seconds)
        cpu = _cpu_seconds(server.pid) - cpu
        packets = sum(phone.packets for phone in phones) - packets
        rss = _rss_mb(server.pid)
        server.stdin.close()
        heard = json.loads(await server.stdout.readline())["seconds"]
    finally:
        for phone in phones:
            await phone.close()
        if server.returncode is None and not options.profile:
            server.kill()
        await server.wait()
    call_seconds = options.calls * options.seconds
    said = packets / 50 / call_seconds
    return Row(
        name, cpu * 1000 / call_seconds, rss, sum(heard) / (options.calls * (options.seconds + WARM_UP_SECONDS)), said
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=MAX_CALLS)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--share", type=float, default=0.5, help="of the time each side speaks (default half)")
    parser.add_argument("--only", choices=("ours", "stock"))
    parser.add_argument("--profile", action="store_true", help="print where the server's time goes (slows it down)")
    options = parser.parse_args()
    if options.calls > MAX_CALLS or options.seconds > MAX_SECONDS:
        parser.error(f"at most {MAX_CALLS} calls and {MAX_SECONDS:.0f} seconds: the phones share one core")
    _pin(0, 1)
    rows = [asyncio.run(measure(name, options)) for name in ([options.only] if options.only else ["stock", "ours"])]
    print(f"\n{options.calls} calls, {options.seconds:g} s, each side speaks {options.share:.0%} of the time")
    print("server   CPU ms/call-s   calls/core   RSS MB   heard   said")
    for row in rows:
        print(
            f"{row.name:8} {row.cpu_ms:13.2f} {1000 / row.cpu_ms:12.0f} {row.rss_mb:8.0f}"
            f" {row.heard:7.0%} {row.said:6.0%}"
        )


if __name__ == "__main__":
    main()
