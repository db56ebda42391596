"""Runs the vendor stand-ins and writes where they listen to a file, for the platform to read."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path


def announce(folder: Path, where: dict[str, str]) -> None:
    """Write the addresses at once or not at all."""
    temporary = folder / "standins.json.new"
    temporary.write_text(json.dumps(where))
    temporary.rename(folder / "standins.json")


async def main(folder: Path) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    announce(folder, {})
    await stop.wait()


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(main(Path(sys.argv[1])))
