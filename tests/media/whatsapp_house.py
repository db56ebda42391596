"""The whole of WhatsApp on loopback: Meta's stand-in, the real webhooks and services, a real media process, its AWS."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
import pytest
from aiohttp import web

from infra.local.standins.meta import MetaStandIn, Patience
from infra.local.standins.meta_world import MetaCall, MetaNumber, MetaUser
from media_tier.wiring.process import MediaProcess
from shared.adapters.whatsapp_numbers import GraphWhatsAppNumbers
from shared.contracts.records.call import CallRecord
from shared.contracts.records.outbound_call import OutboundCall, Purpose
from shared.domain import webhook_addresses
from shared.services import call_placement
from shared.services.outbound_calls import CALLER, OutboundPorts, Wish, request_call
from tests.functions.webhooks.carriers import Carriers
from tests.media.whatsapp_peer import until
from tests.platform import Cloud
from tests.services.carrier_world import SECRETS, CarrierWorld, phone_number_id
from tests.services.world import World, populated

COMPANY, ACCOUNT, NUMBER, USER = "company-a", "chat-a", "4930901820", "4915123456789"


@dataclass
class House:
    """Everything, and what a test does with it."""

    cloud: Cloud
    carriers: Carriers
    meta: MetaStandIn
    ports: OutboundPorts
    offers_url: str
    process: MediaProcess
    user: MetaUser

    async def wish(self, purpose: Purpose = "test") -> OutboundCall:
        """Somebody asks for the user to be called, and the worker places it."""
        self.tick()
        by = "admin-1" if purpose == "test" else CALLER
        wanted = Wish(COMPANY, ACCOUNT, f"+{USER}", purpose, by)
        outbound = await asyncio.to_thread(request_call, self.ports, wanted)
        await self.work()
        return outbound

    async def work(self) -> None:
        """What the workers find in their queues is done."""
        queues = self.carriers.world.queues
        while queues.wishes or queues.offers:
            for company_id, outbound_id, _ in queues.wishes[:]:
                queues.wishes.pop(0)
                await asyncio.to_thread(call_placement.place, self.ports, company_id, outbound_id)
            for offer in queues.offers[:]:
                queues.offers.pop(0)
                sqs, body = self.cloud.client("sqs"), offer.model_dump_json()
                await asyncio.to_thread(sqs.send_message, QueueUrl=self.offers_url, MessageBody=body)

    def tick(self) -> None:
        """The services' clock shows the time."""
        self.carriers.world.world.now = datetime.now(UTC)

    def endings(self) -> int:
        """How often the work after a call was asked for, by functions and media process."""
        return len(self.carriers.world.queues.ended) + len(self.cloud.messages())

    @property
    def held(self) -> int:
        """WhatsApp calls the process has."""
        intake = self.process._whatsapp
        assert intake is not None
        return intake.calls

    @property
    def rung(self) -> list[MetaCall]:
        """Calls Meta knows."""
        return list(self.meta.calls.values())

    def stored(self) -> list[CallRecord]:
        """Calls of the company."""
        return self.carriers.world.calls()

    async def over(self) -> CallRecord:
        """The one call, once it is over."""
        found: list[CallRecord] = []
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            found = await asyncio.to_thread(self.stored)
            if found and all(call.ended_at is not None for call in found):
                break
            await asyncio.sleep(0.05)
        [call] = found
        assert call.ended_at is not None
        return call

    async def webhook(self, request: web.Request) -> web.Response:
        """Meta's requests, handed to the functions as they came."""
        self.tick()
        answer = await self.carriers.request(
            request.method, request.path_qs, content=await request.read(), headers=dict(request.headers)
        )
        await self.work()
        return web.Response(status=answer.status_code, body=answer.content)


@asynccontextmanager
async def house(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, patience: Patience | None = None, **environment: str
) -> AsyncIterator[House]:
    """A company, its WhatsApp number and one user, who allows calls."""
    world = CarrierWorld(
        populated(World(cloud.client("dynamodb"), cloud.client("s3"), datetime.now(UTC))), cloud.client("kms")
    ).with_accounts()
    number = MetaNumber(
        phone_number_id("a"), "200000000000001", NUMBER, SECRETS["access_token"].format("a"),
        SECRETS["app_secret"].format("a"), "",
    )  # fmt: skip
    user = MetaUser(number=USER, permission="temporary", window_open=True)
    offers_url = cloud.client("sqs").create_queue(QueueName="offers")["QueueUrl"]
    async with MetaStandIn([number], patience) as meta, AsyncExitStack() as stack:
        meta.users[USER] = user
        for name, value in {
            "STAGE": "test",
            "RECORDINGS_BUCKET": cloud.bucket,
            "CALL_ENDED_QUEUE_URL": cloud.queue_url,
            "WHATSAPP_OFFERS_QUEUE_URL": offers_url,
            "GRAPH_BASE_URL": meta.url,
            "MEDIA_ADDRESSES": "127.0.0.1",
            "DRAIN_SECONDS": "0",
            "WHATSAPP_DRAIN_SECONDS": "0",
            "CALL_SIMULATION_MODE": "true",
            **environment,
        }.items():
            monkeypatch.setenv(name, value)
        graph = GraphWhatsAppNumbers(stack.enter_context(httpx.Client()), base_url=meta.url)
        process = MediaProcess()
        ports = replace(world.outbound, whatsapp=graph)
        made = House(cloud, Carriers(world), meta, ports, offers_url, process, user)
        server = web.Application()
        server.router.add_route("*", webhook_addresses.WHATSAPP, made.webhook)
        runner = web.AppRunner(server, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        number.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}{webhook_addresses.WHATSAPP}"
        await process.start(leave=lambda: None)
        try:
            yield made
        finally:
            await process.stop()
            await runner.cleanup()


async def taken(house: House) -> MetaCall:
    """The user's phone once it is connected to the AI and sounds."""
    await until(lambda: house.rung and house.rung[0].phone.heard, 20)
    return house.rung[0]
