"""Runs the vendor stand-ins and writes where they listen to a file, for the platform to read."""

import asyncio
import json
import os
import signal
import sys
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
TWILIO_SID, TWILIO_TOKEN, TWILIO_NUMBER = "AC" + "0" * 31 + "1", "local-auth-token", "+15005550001"
"""The account of the Twilio stand-in; its number gets its addresses by the REST API, as a real one does."""
WHATSAPP = MetaNumber(
    phone_number_id="100000000000001",
    business_account_id="200000000000001",
    number="15550100001",
    access_token="EAALOCAL",
    app_secret="local-app-secret",
    webhook_url="",
    verify_token="local-verify-token",
)
"""The number of the Meta stand-in; it learns where its webhooks go by `subscribed_apps`, as a real one does."""


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
    account = Account(TWILIO_SID, TWILIO_TOKEN, [Number(TWILIO_NUMBER)])
    async with (
        OpenAiStandIn(brains) as openai,
        GeminiStandIn(brains, certificate, keys=frozenset({KEY})) as gemini,
        TwilioStandIn([account], speech) as twilio,
        MetaStandIn([WHATSAPP]) as meta,
    ):
        where = {
            "OPENAI_API_KEY": KEY,
            "OPENAI_WEBSOCKET_BASE_URL": openai.url,
            "GEMINI_API_KEY": KEY,
            "GEMINI_BASE_URL": gemini.url,
            "GEMINI_REST_BASE_URL": gemini.rest_url,
            "GEMINI_CA_FILE": str(certificate.ca_file),
            "TWILIO_BASE_URL": twilio.url,
            "TWILIO_ACCOUNT_SID": TWILIO_SID,
            "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "TWILIO_NUMBER": TWILIO_NUMBER,
            "GRAPH_BASE_URL": meta.url,
            "WHATSAPP_PHONE_NUMBER_ID": WHATSAPP.phone_number_id,
            "WHATSAPP_BUSINESS_ACCOUNT_ID": WHATSAPP.business_account_id,
            "WHATSAPP_NUMBER": WHATSAPP.number,
            "WHATSAPP_ACCESS_TOKEN": WHATSAPP.access_token,
            "WHATSAPP_APP_SECRET": WHATSAPP.app_secret,
            "WHATSAPP_VERIFY_TOKEN": WHATSAPP.verify_token,
        }
        announce(folder, where)
        await stop.wait()
    speech.close()


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(main(Path(sys.argv[1])))
