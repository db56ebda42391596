"""Who lets carriers in: Twilio's streams at the door, WhatsApp's offers from their queue."""

import secrets
import time

import httpx

from media_tier.bridge.wheel import Wheel
from media_tier.engine.roster import Roster
from media_tier.legs.twilio_gate import StreamGate
from media_tier.legs.whatsapp_intake import Outside, WhatsAppIntake
from media_tier.legs.whatsapp_path import host_addresses
from media_tier.legs.whatsapp_streams import StreamIds
from media_tier.ports import CarrierAccounts, Tickets
from media_tier.wiring.clocks import utc_now
from shared.adapters.aws.media.carrier_accounts import CarrierAccounts as DynamoCarrierAccounts
from shared.adapters.aws.media.offers import SqsOffers
from shared.adapters.whatsapp_calls import GraphWhatsAppCalls
from shared.contracts.environment import MediaEnvironment
from shared.contracts.settings.integration import WhatsAppAccount

LOOPBACK = "127.0.0.1"


def stream_gate(env: MediaEnvironment, accounts: CarrierAccounts, tickets: Tickets) -> StreamGate | None:
    """Who lets Twilio's streams in; nobody does where carriers cannot reach us."""
    if env.public_base_url is None:
        return None
    return StreamGate(accounts, tickets, env.public_base_url, time.monotonic, utc_now)


def stream_ids() -> StreamIds:
    """Where an RTP stream begins. The sequence starts low: a wrap while packets are lost confuses SRTP."""
    return StreamIds(secrets.randbits(32), secrets.randbits(15), secrets.randbits(32), secrets.token_hex(8))


def whatsapp_intake(
    env: MediaEnvironment,
    accounts: DynamoCarrierAccounts,
    http: httpx.AsyncClient,
    offers: SqsOffers,
    admission: Roster,
    wheel: Wheel,
) -> WhatsAppIntake:
    """Takes WhatsApp calls from the queue of offers, as long as there is room."""
    local = env.stage in ("local", "test")
    given = [part for part in env.media_addresses.split(",") if part]

    async def token(account: WhatsAppAccount) -> str | None:
        return await accounts.secret(account.company_id, account.account_id, "access_token")

    return WhatsAppIntake(
        Outside(
            offers=offers,
            accounts=accounts,
            calls=GraphWhatsAppCalls(http, token, base_url=env.graph_base_url, version=env.graph_version),
            admission=admission,
            wheel=wheel,
            clock=time.monotonic,
            utc_now=utc_now,
            new_ids=stream_ids,
            addresses=given or ([LOOPBACK] if local else host_addresses()),
            capacity=env.whatsapp_capacity,
            private_addresses=local,
        )
    )
