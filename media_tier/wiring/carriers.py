"""Who lets carriers in: Twilio's streams at the door, WhatsApp's offers from their queue."""

import secrets
import time
from contextlib import suppress
from typing import Any

import httpx

from media_tier.bridge.wheel import Wheel
from media_tier.engine.roster import Roster
from media_tier.legs.twilio_gate import StreamGate
from media_tier.legs.whatsapp_intake import WhatsAppIntake
from media_tier.legs.whatsapp_outside import Outside
from media_tier.legs.whatsapp_path import host_addresses
from media_tier.legs.whatsapp_streams import StreamIds
from media_tier.ports import CarrierAccounts, Tickets
from media_tier.wiring.clocks import utc_now
from shared.adapters.aws.media.carrier_accounts import CarrierAccounts as DynamoCarrierAccounts
from shared.adapters.aws.media.carrier_reports import CarrierReports
from shared.adapters.aws.media.offers import SqsOffers
from shared.adapters.aws.media.outgoing_calls import DynamoOutgoingCalls
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


async def reach_for(graph: httpx.AsyncClient, base_url: str) -> None:
    """Ask Meta for nothing: the first request of a process loads 50 ms' worth of code, for which no call may wait."""
    with suppress(httpx.HTTPError):
        await graph.head(base_url, timeout=2)


def whatsapp_intake(
    env: MediaEnvironment,
    storage: tuple[Any, Any],
    accounts: DynamoCarrierAccounts,
    http: httpx.AsyncClient,
    admission: Roster,
    wheel: Wheel,
) -> WhatsAppIntake | None:
    """Answers and makes WhatsApp calls, as long as there is room. `storage`: clients of DynamoDB and SQS."""
    if env.whatsapp_offers_queue_url is None:
        return None
    dynamo, sqs = storage
    local = env.stage in ("local", "test")
    given = [part for part in env.media_addresses.split(",") if part]

    async def token(account: WhatsAppAccount) -> str | None:
        return await accounts.secret(account.company_id, account.account_id, "access_token")

    return WhatsAppIntake(
        Outside(
            offers=SqsOffers(sqs, env.whatsapp_offers_queue_url),
            accounts=accounts,
            calls=GraphWhatsAppCalls(http, token, base_url=env.graph_base_url, version=env.graph_version),
            reports=CarrierReports(dynamo, calls=env.calls_table),
            outgoing=DynamoOutgoingCalls(
                dynamo, sqs, calls=env.calls_table, live=env.live_table, queue_url=env.call_ended_queue_url
            ),
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
