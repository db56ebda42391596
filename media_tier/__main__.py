"""A media process: holds calls until SIGTERM, then hands them over and leaves."""

import asyncio
import gc
import logging
import signal
import time

import uvloop
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from media_tier.app import serve
from media_tier.legs.web_limits import DoorLimits
from media_tier.wiring.process import MediaProcess


async def main() -> None:
    """Run until SIGTERM or SIGINT."""
    process = MediaProcess()
    logging.getLogger().setLevel(process.env.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await process.start(leave=stop.set)
    door = await serve(
        process.roster,
        process.env.media_host,
        process.env.media_port,
        clock=time.monotonic,
        ready=lambda: process.roster.ready,
        limits=DoorLimits(),
        gate=process.gate,
        relay=process.relay,
    )
    # What lives as long as the process need not be looked at by every collection, and messages come and go by the
    # thousand without a cycle among them.
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    logging.getLogger(__name__).info("media process ready", extra={"port": door.port, "task": process.task_id})
    await stop.wait()
    await process.stop()
    await door.close()


if __name__ == "__main__":
    handler = logging.StreamHandler()
    handler.setFormatter(LambdaPowertoolsFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("aioice", "httpx"):  # a line for every address tried, every request made
        logging.getLogger(chatty).setLevel(logging.WARNING)
    uvloop.run(main())
