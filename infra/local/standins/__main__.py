"""Runs the vendor stand-ins and writes where they listen to a file, for the platform to read."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from infra.local.standins.certificate import make_certificate
from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.real_brain import RealBrains
from media_tier.providers.simulated.scenarios import scenario_named
from shared.adapters.espeak_speech import EspeakSpeech

KEY = "sk-local"


def announce(folder: Path, where: dict[str, str]) -> None:
    """Write the addresses at once or not at all."""
    temporary = folder / "standins.json.new"
    temporary.write_text(json.dumps(where))
    temporary.rename(folder / "standins.json")


async def main(folder: Path) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    speech, scenario = EspeakSpeech(), scenario_named(None)
    brains = RealBrains(speech, scenario, (*scenario.phrases, "goodbye"))
    certificate = make_certificate(folder)
    async with OpenAiStandIn(brains) as openai, GeminiStandIn(brains, certificate, keys=frozenset({KEY})) as gemini:
        where = {
            "OPENAI_API_KEY": KEY,
            "OPENAI_WEBSOCKET_BASE_URL": openai.url,
            "GEMINI_API_KEY": KEY,
            "GEMINI_BASE_URL": gemini.url,
            "GEMINI_REST_BASE_URL": gemini.rest_url,
            "GEMINI_CA_FILE": str(certificate.ca_file),
        }
        announce(folder, where)
        await stop.wait()
    speech.close()


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(main(Path(sys.argv[1])))
