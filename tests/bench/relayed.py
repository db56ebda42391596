"""What passing a socket on to the process that holds its call adds: echoes of audio messages, straight and relayed.

    python -m tests.bench.relayed

Both processes and the caller share one event loop here, so what is printed is more than what two processes would add.
Asserts nothing: machines differ.
"""

import asyncio
import statistics
import time

from media_tier.app import Server
from tests.media.door_fakes import Keeper, audio, door, hear, widget
from tests.media.test_relay import Fixed, relaying

MESSAGES = 400
WANTED_MS = 5


async def echoes(server: Server) -> list[float]:
    """Milliseconds from saying to hearing."""
    taken = []
    async with widget(server) as client:
        await hear(client)
        for _ in range(MESSAGES):
            began = time.perf_counter()
            await client.send(audio())
            await hear(client)
            taken.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.012)
    return sorted(taken)


async def measure() -> None:
    """Print both, and the difference."""
    async with door(Keeper()) as far, relaying(Keeper(), Fixed(f"127.0.0.1:{far.port}")) as (near, _):
        straight, passed_on = await echoes(far), await echoes(near)
    print(f"\n{MESSAGES} echoed audio messages (wanted: under {WANTED_MS} ms added)")
    for name, taken in (("straight", straight), ("relayed", passed_on)):
        print(f"{name:10} p50 {statistics.median(taken):6.2f} ms   p99 {taken[len(taken) * 99 // 100]:6.2f} ms")
    print(f"added      p50 {statistics.median(passed_on) - statistics.median(straight):6.2f} ms")


if __name__ == "__main__":
    asyncio.run(measure())
