"""Everything one media process holds, from its start to SIGTERM."""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

import aiohttp
import httpx
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from media_tier.engine.dispatch import execute
from media_tier.engine.loop_lag import LoopLag
from media_tier.engine.places import FleetPlaces
from media_tier.engine.roster import DrainPlan, Room, Roster
from media_tier.engine.staying import stays
from media_tier.engine.tenure import Identity, Tenure, keep_looking
from media_tier.legs.relay import Relay
from media_tier.legs.twilio_gate import StreamGate
from media_tier.legs.whatsapp_intake import WhatsAppIntake
from media_tier.wiring.calls import Builder
from media_tier.wiring.carriers import reach_for, stream_gate, whatsapp_intake
from media_tier.wiring.clocks import utc_now
from media_tier.wiring.models import realtime_models
from shared.adapters.aws.ecs_agent import EcsAgent
from shared.adapters.aws.media.call_store import DynamoCallStore
from shared.adapters.aws.media.carrier_accounts import CarrierAccounts as DynamoCarrierAccounts
from shared.adapters.aws.media.lean_dynamo import LeanDynamo
from shared.adapters.aws.media.registry import DynamoRegistry
from shared.contracts.environment import MediaEnvironment
from shared.contracts.records.call import MediaTask
from shared.ports.media_store import ClaimRefused

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0


class MediaProcess:
    """Everything one process holds; `start` and `stop`."""

    def __init__(self) -> None:
        self.env = MediaEnvironment.read(os.environ)
        self.task_id = f"{self.env.task_id}-{secrets.token_hex(4)}"
        self._stack = AsyncExitStack()
        self._heartbeat: asyncio.Task[None] | None = None
        self._loop_lag = LoopLag(time.monotonic)
        self._whatsapp: WhatsAppIntake | None = None
        self._taking_offers: asyncio.Task[None] | None = None
        self._started_at = utc_now()
        self._address, self._revision = f"{self.env.media_host}:{self.env.media_port}", ""
        self._staying: asyncio.Task[None] | None = None
        self.gate: StreamGate | None = None
        self.relay: Relay
        self.roster: Roster
        self.builder: Builder

    async def start(self, leave: Callable[[], None]) -> None:
        """Connect to what is needed and begin to show life. `leave` is called when nothing is left to do here."""
        env, session = self.env, get_session()
        # botocore would compose a user agent anew and check our own arguments for every request.
        config = AioConfig(user_agent="call-media", parameter_validation=False, max_pool_connections=50)
        options = {"region_name": env.aws_region, "endpoint_url": env.aws_endpoint_url, "config": config}
        whole = await self._stack.enter_async_context(session.create_client("dynamodb", **options))
        http = await self._stack.enter_async_context(aiohttp.ClientSession())
        dynamo = LeanDynamo(whole, http, await session.get_credentials(), utc_now)
        sqs = await self._stack.enter_async_context(session.create_client("sqs", **options))
        self._store = DynamoCallStore(dynamo, calls=env.calls_table, live=env.live_table)
        self.builder = Builder(env, dynamo, sqs, realtime_models(env))
        # On one machine there is no other process with more room to send a caller to.
        alone = env.stage in ("local", "test")
        room = Room(self.task_id, env.media_capacity, lambda: self._loop_lag.overloaded and not alone)
        self.roster = Roster(room, self._store, self.builder, execute, utc_now)
        registry = DynamoRegistry(dynamo, calls=env.calls_table, live=env.live_table)
        self.relay = Relay(FleetPlaces(self.task_id, self.roster, registry, utc_now))
        self._loop_lag.start()
        if env.ecs_agent_uri is not None and env.ecs_container_metadata_uri_v4 is not None:
            agent = EcsAgent(http, env.ecs_agent_uri, env.ecs_container_metadata_uri_v4)
            await self._stay(agent, registry, leave)
        await self._beat()
        await self._warm_up()
        self._heartbeat = asyncio.get_running_loop().create_task(self._show_life())
        kms = await self._stack.enter_async_context(session.create_client("kms", **options))
        accounts = DynamoCarrierAccounts(dynamo, kms, core=env.core_table)
        self.gate = stream_gate(env, accounts, self._store)
        graph = await self._stack.enter_async_context(httpx.AsyncClient())
        self._whatsapp = whatsapp_intake(env, (dynamo, sqs), accounts, graph, self.roster, self.builder.wheel)
        if self._whatsapp is not None:
            await reach_for(graph, env.graph_base_url)
            self._taking_offers = asyncio.get_running_loop().create_task(self._whatsapp.run())

    async def _stay(self, agent: EcsAgent, registry: DynamoRegistry, leave: Callable[[], None]) -> None:
        """On Fargate: under the task's own address, protected while it holds calls, gone after a newer revision."""
        task = await agent.identity()
        self._address, self._revision = f"{task.address}:{self.env.media_port}", task.revision
        own = Identity(self.task_id, task.revision, self._started_at)
        tenure = Tenure(own, self.roster, agent, self.env.protection_minutes, time.monotonic, leave)
        self._staying = asyncio.get_running_loop().create_task(keep_looking(tenure, registry.tasks, utc_now))

    async def _warm_up(self) -> None:
        """Make now what is made at first use: the first greeting must not wait for connections and credentials."""
        with suppress(ClaimRefused):
            await self._store.claim("warm-up", "", "", self.task_id, utc_now())
        await self.builder.warm_up()

    async def stop(self) -> None:
        """Hand calls over, stay with those that cannot be, store what is left, let go."""
        self.roster.draining = True
        with suppress(Exception):  # storage may be away; nothing depends on its being told
            await self._beat()
        left, _ = await asyncio.gather(self.roster.drain(self._drain_plan()), self._no_whatsapp_call())
        log.info("drained", extra={"left": left})
        if self._whatsapp is not None and self._taking_offers is not None:
            self._taking_offers.cancel()
            await self._whatsapp.close()
            await self.roster.settled()
        for task in (self._heartbeat, self._staying):
            if task is not None:
                task.cancel()
        await self._loop_lag.close()
        await self._stack.aclose()

    def _drain_plan(self) -> DrainPlan:
        return DrainPlan(self.env.drain_seconds, stays, self.env.whatsapp_drain_seconds)

    async def _no_whatsapp_call(self) -> None:
        """Also those that ring, of which the roster does not know yet."""
        if self._whatsapp is not None:
            await self._whatsapp.empty(self.env.whatsapp_drain_seconds)

    async def _show_life(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                await self._beat()
            except Exception:  # storage may be away for a while: the next beat tries again
                log.exception("heartbeat failed")

    async def _beat(self) -> None:
        await self._store.heartbeat(
            MediaTask(
                task_id=self.task_id,
                address=self._address,
                calls=self.roster.calls,
                draining=self.roster.draining,
                heartbeat_at=utc_now(),
                room=self.roster.room,
                retiring=self.roster.retiring,
                revision=self._revision,
                started_at=self._started_at,
            )
        )
