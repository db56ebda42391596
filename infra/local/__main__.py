"""`make run`: the product on this machine until Ctrl-C."""

import argparse
import asyncio
import signal
from pathlib import Path

from infra.local.platform import Options, Platform, say


async def main(options: Options) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    platform = Platform(options)
    try:
        await platform.start()
        say(f"open {platform.url} and press the call button; Ctrl-C stops everything")
        await stop.wait()
        say("stopping; local data is kept")
    finally:
        await platform.stop()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    arguments.add_argument("--port", type=int, default=8000, help="0 takes any free one (default 8000)")
    arguments.add_argument("--data", type=Path, default=Options().data, help="where local data is kept")
    given = arguments.parse_args()
    asyncio.run(main(Options(port=given.port, data=given.data.resolve(), say=say)))
