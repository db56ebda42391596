"""Runs one part of the vendor stand-ins and writes where it listens to a file, for the platform to read.

The parts are processes of their own: callers' sound must not wait for a model that speaks or understands.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra.local.standins.certificate import make_certificate
from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.meta import MetaStandIn
from infra.local.standins.meta_world import MetaNumber
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.real_brain import RealBrains
from infra.local.standins.twilio import TwilioStandIn
from infra.local.standins.twilio_exchange import Account, Number
from media_tier.providers.simulated.scenarios import scenario_named
from shared.adapters.espeak_speech import EspeakSpeech

KEY = "sk-local"
TWILIO_SID, TWILIO_TOKEN = "AC" + "0" * 31 + "1", "local-auth-token"
"""The account of the Twilio stand-in; its numbers get their addresses by the REST API, as real ones do."""
TWILIO_NUMBERS = tuple(f"+1500555000{n}" for n in (1, 2, 3))
SPARE_TWILIO_NUMBER = "+15005550004"
"""Belongs to the account and to no chatbot yet: for those who connect one by the dashboard."""
WHATSAPP = tuple(
    MetaNumber(
        phone_number_id=f"10000000000000{n}",
        business_account_id=f"20000000000000{n}",
        number=f"1555010000{n}",
        access_token="EAALOCAL",
        app_secret="local-app-secret",
        webhook_url="",
        verify_token="local-verify-token",
    )
    for n in (1, 2, 3, 4)
)
"""The numbers of the Meta stand-in, the last of them connected to no chatbot yet; they learn where their webhooks go by
`subscribed_apps`, as real ones do."""


Where = dict[str, str]


@asynccontextmanager
async def models(folder: Path) -> AsyncIterator[Where]:
    """OpenAI and Gemini."""
    speech, scenario = EspeakSpeech(), scenario_named(None)
    brains = RealBrains(speech, scenario, (*scenario.phrases, "goodbye"))
    certificate = make_certificate(folder)
    async with OpenAiStandIn(brains) as openai, GeminiStandIn(brains, certificate, keys=frozenset({KEY})) as gemini:
        yield {
            "OPENAI_API_KEY": KEY,
            "OPENAI_WEBSOCKET_BASE_URL": openai.url,
            "GEMINI_API_KEY": KEY,
            "GEMINI_BASE_URL": gemini.url,
            "GEMINI_REST_BASE_URL": gemini.rest_url,
            "GEMINI_CA_FILE": str(certificate.ca_file),
        }
    speech.close()


@asynccontextmanager
async def phone(folder: Path) -> AsyncIterator[Where]:
    """Twilio."""
    speech = EspeakSpeech()
    account = Account(TWILIO_SID, TWILIO_TOKEN, [Number(number) for number in (*TWILIO_NUMBERS, SPARE_TWILIO_NUMBER)])
    async with TwilioStandIn([account], speech) as twilio:
        yield {
            "TWILIO_BASE_URL": twilio.url,
            "TWILIO_ACCOUNT_SID": TWILIO_SID,
            "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "TWILIO_NUMBERS": ",".join(TWILIO_NUMBERS),
        }
    speech.close()


@asynccontextmanager
async def whatsapp(folder: Path) -> AsyncIterator[Where]:
    """Meta."""
    async with MetaStandIn(WHATSAPP) as meta:
        yield {
            "GRAPH_BASE_URL": meta.url,
            "WHATSAPP_PHONE_NUMBER_IDS": ",".join(number.phone_number_id for number in WHATSAPP),
            "WHATSAPP_BUSINESS_ACCOUNT_IDS": ",".join(number.business_account_id for number in WHATSAPP),
            "WHATSAPP_NUMBERS": ",".join(number.number for number in WHATSAPP),
            "WHATSAPP_ACCESS_TOKEN": WHATSAPP[0].access_token,
            "WHATSAPP_APP_SECRET": WHATSAPP[0].app_secret,
            "WHATSAPP_VERIFY_TOKEN": WHATSAPP[0].verify_token,
        }


PARTS = {"models": models, "phone": phone, "whatsapp": whatsapp}


async def main(folder: Path, part: str) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with PARTS[part](folder) as where:
        # At once or not at all.
        temporary = folder / f"standins-{part}.json.new"
        temporary.write_text(json.dumps(where))
        temporary.rename(folder / f"standins-{part}.json")
        await stop.wait()


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
