"""A whole WhatsApp call over loopback: Meta's stand-in, its webhook, our Graph adapter, our leg; and Meta's rules."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import httpx
import numpy as np
import pytest
from aiohttp import web

from infra.local.standins.meta import MetaStandIn, Patience
from infra.local.standins.meta_world import MetaNumber, MetaUser, signature
from media_tier.bridge.wheel import Wheel
from media_tier.legs.whatsapp import WhatsAppLimits
from media_tier.legs.whatsapp_intake import WhatsAppIntake
from media_tier.legs.whatsapp_outside import Outside
from shared.adapters.whatsapp_calls import GraphWhatsAppCalls
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.settings.integration import WhatsAppAccount
from shared.ports.whatsapp_calls import WhatsAppRefused
from shared.ports.whatsapp_offers import ReceivedOffer
from tests.media.test_whatsapp_intake import ACCOUNT, Accounts, Admission, Outgoing, Queue, Reports
from tests.media.whatsapp_peer import IDS, share_of, tone, until

pytestmark = pytest.mark.realtime

QUICK = Patience(answer=0.6, first_media=0.5, media=0.5, webhook_retry=0.02, webhook_tries=3)


@dataclass
class App:
    """The company's webhook and media process."""

    meta: MetaStandIn
    number: MetaNumber
    queue: Queue = field(default_factory=Queue)
    admission: Admission = field(default_factory=Admission)
    events: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def values(self, event: str) -> list[dict[str, Any]]:
        return [value for value in self.events if value.get("calls", [{}])[0].get("event") == event]

    async def webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers["X-Hub-Signature-256"] != signature("app-secret", body):
            return web.Response(status=403)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        for entry in json.loads(body)["entry"]:
            for change in entry["changes"]:
                self.events.append({"field": change["field"], **change["value"]})
                for call in change["value"].get("calls", ()):
                    if call["event"] == "connect":
                        self._offer(call)
        return web.Response()

    async def verify(self, request: web.Request) -> web.Response:
        assert request.query["hub.mode"] == "subscribe" and request.query["accountId"] == "a1"
        if request.query["hub.verify_token"] != "verify":
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    def _offer(self, call: dict[str, Any]) -> None:
        offer = WhatsAppOffer(
            company_id="c1",
            account_id="a1",
            phone_number_id="2000001",
            call_id="call-1",
            session_id="session-1",
            token="token-1",
            carrier_call_id=call["id"],
            sdp=call["session"]["sdp"],
            answer_by=datetime.now(UTC) + timedelta(seconds=20),
        )
        self.queue.waiting.append(ReceivedOffer(offer, call["id"]))


@asynccontextmanager
async def app(patience: Patience = QUICK) -> AsyncIterator[App]:
    number = MetaNumber("2000001", "1000001", "15550100001", "token", "app-secret", "")
    async with MetaStandIn([number], patience) as meta:
        made = App(meta, number)
        server = web.Application()
        server.router.add_post("/hook", made.webhook)
        server.router.add_get("/hook", made.verify)
        runner = web.AppRunner(server, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        number.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        try:
            yield made
        finally:
            await runner.cleanup()


async def _token(account: WhatsAppAccount) -> str | None:
    return "token"


@asynccontextmanager
async def answering(made: App) -> AsyncIterator[WhatsAppIntake]:
    wheel = Wheel(time.monotonic)
    async with httpx.AsyncClient() as http:
        outside = Outside(
            offers=made.queue,
            accounts=Accounts(),
            calls=GraphWhatsAppCalls(http, _token, base_url=made.meta.url),
            reports=Reports(),
            outgoing=Outgoing(),  # type: ignore[arg-type]  # every verb of it is a failure
            admission=made.admission,
            wheel=wheel,
            clock=time.monotonic,
            utc_now=lambda: datetime.now(UTC),
            new_ids=lambda: IDS,
            addresses=["127.0.0.1"],
            private_addresses=True,
        )
        intake = WhatsAppIntake(outside, WhatsAppLimits(linger_seconds=0.05))
        running = asyncio.get_running_loop().create_task(intake.run())
        try:
            yield intake
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await intake.close()
            wheel.close()


async def test_a_call_from_ringing_to_hanging_up() -> None:
    async with app() as made, answering(made) as intake:
        call = await made.meta.ring("15550100001")
        await until(lambda: call.accepted_at is not None)
        call.phone.say(tone(600, 0.4, 48_000))
        await asyncio.sleep(0.8)
        assert share_of(440, call.phone.sound()[: int(0.4 * 48_000)], 48_000) > 0.9
        assert share_of(600, made.admission.ear.sound[: int(0.5 * 24_000)], 24_000) > 0.9
        assert call.phone.early_packets == 0
        assert call.actions == ["pre_accept", "accept"]
        made.admission.legs[0].close(1000, "done")
        await until(lambda: intake.calls == 0 and made.values("terminate"))
        assert call.actions[-1] == "terminate"
        (ended,) = made.values("terminate")
        assert ended["calls"][0]["status"] == "COMPLETED" and ended["calls"][0]["duration"] >= 0


async def test_the_user_hangs_up() -> None:
    async with app() as made, answering(made) as intake:
        call = await made.meta.ring("2000001", MetaUser(number=None, user_id="US.7"))
        await until(lambda: call.accepted_at is not None)
        await made.meta.hang_up(call)
        await until(lambda: intake.calls == 0)
        assert made.admission.ear.gone == [True]
        assert "from" not in made.values("connect")[0]["calls"][0]


async def test_meta_gives_up_on_calls_nobody_answers_and_on_silent_businesses() -> None:
    async with app() as made:
        call = await made.meta.ring("15550100001")
        await until(lambda: made.values("terminate"))
        assert call.status == "COMPLETED" and "start_time" not in made.values("terminate")[0]["calls"][0]
    async with app() as made, answering(made):
        call = await made.meta.ring("15550100001")
        await until(lambda: call.accepted_at is not None)
        await asyncio.sleep(0.8)
        assert not call.ended, "silence is sent as sound"


async def test_webhooks_are_signed_repeated_and_tried_again() -> None:
    async with app() as made:
        made.statuses = [500]
        made.meta.quirks.twice = True
        made.meta.write("15550100001", MetaUser(), "call me")
        await until(lambda: len(made.events) == 2 and len(made.meta.deliveries) == 3)
        assert sorted(made.meta.deliveries) == [200, 200, 500]
        assert made.events[0]["messages"][0]["text"]["body"] == "call me"
        made.meta.quirks.wrong_signature = True
        made.meta.answer_request("15550100001", MetaUser(), "accept")
        await until(lambda: made.meta.deliveries.count(403) == 6)
        assert len(made.events) == 2


@pytest.mark.parametrize(
    ("path", "token", "body", "code"),
    [
        ("2000001/calls", "wrong", {"messaging_product": "whatsapp"}, 190),
        ("2000002/calls", "token", {"messaging_product": "whatsapp"}, 100),
        ("2000001/calls", "token", {}, 100),
        ("2000001/calls", "token", {"messaging_product": "whatsapp", "action": "accept", "call_id": "wacid.no"}, 100),
        (
            "2000001/calls",
            "token",
            {"messaging_product": "whatsapp", "action": "connect", "to": "1555", "session": {"sdp_type": "offer"}},
            138006,
        ),
        (
            "2000001/messages",
            "token",
            {"messaging_product": "whatsapp", "to": "1555", "type": "text", "text": {"body": "hello"}},
            131047,
        ),
    ],
)
async def test_graph_refuses(path: str, token: str, body: dict[str, Any], code: int) -> None:
    async with app() as made, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {token}"}
        async with http.post(f"{made.meta.url}/v26.0/{path}", json=body, headers=headers) as answer:
            assert (await answer.json())["error"]["code"] == code
            assert answer.status == (401 if code in (190, 138006) else 400)


async def test_graph_takes_one_answer_only_and_the_same_twice() -> None:
    async with app(Patience()) as made, httpx.AsyncClient() as http:
        graph = GraphWhatsAppCalls(http, _token, base_url=made.meta.url)
        call = await made.meta.ring("15550100001")
        with pytest.raises(WhatsAppRefused):
            await graph.pre_accept(ACCOUNT, call.call_id, "v=0\r\n")
        assert call.answer is None
        await graph.reject(ACCOUNT, call.call_id)
        await until(lambda: made.values("terminate"))
        with pytest.raises(WhatsAppRefused):
            await graph.accept(ACCOUNT, call.call_id, "v=0\r\n")


async def test_what_an_admin_checks() -> None:
    async with app() as made, httpx.AsyncClient(headers={"Authorization": "Bearer token"}) as http:
        root = f"{made.meta.url}/v26.0"
        assert (await http.get(f"{root}/2000001")).json()["platform_type"] == "CLOUD_API"
        assert (await http.get(f"{root}/1000001/phone_numbers")).json()["data"][0]["id"] == "2000001"
        assert (await http.get(f"{root}/2000001/settings")).json()["calling"]["status"] == "ENABLED"
        facts = (await http.get(f"{root}/debug_token", params={"input_token": "token"})).json()["data"]
        assert facts["is_valid"] and facts["granular_scopes"][0]["target_ids"] == ["1000001"]
        asked = {"user_wa_id": "15550100099"}
        permissions = (await http.get(f"{root}/2000001/call_permissions", params=asked)).json()
        assert permissions["permission"]["status"] == "no_permission"


async def test_an_address_for_webhooks_must_echo_the_challenge() -> None:
    async with app() as made, httpx.AsyncClient(headers={"Authorization": "Bearer token"}) as http:
        address, where = made.number.webhook_url, f"{made.meta.url}/v26.0/1000001/subscribed_apps"
        for token, status in (("wrong", 400), ("verify", 200)):
            made.number.webhook_url = ""
            wanted = {"override_callback_uri": f"{address}?accountId=a1", "verify_token": token}
            assert (await http.post(where, json=wanted)).status_code == status
            assert bool(made.number.webhook_url) is (status == 200)
        made.meta.write("15550100001", MetaUser(), "hello")
        await until(lambda: made.events)


async def test_a_browser_is_a_phone() -> None:
    async with app() as made, answering(made), aiohttp.ClientSession() as http:
        async with http.ws_connect(f"{made.meta.url}/whatsapp-phone", params={"to": "15550100001"}) as phone:
            assert (await phone.receive_json())["type"] == "ringing"
            assert (await phone.receive_json(timeout=5))["type"] == "connected"
            spoken = tone(600, 0.5, 24_000)
            for start in range(0, len(spoken), 960):
                data = base64.b64encode(spoken[start : start + 960]).decode()
                await phone.send_json({"type": "audio", "data": data})
            heard = b""
            while len(heard) < 24_000:
                heard += base64.b64decode((await phone.receive_json(timeout=5))["data"])
            assert share_of(440, np.frombuffer(heard, "<i2")[:9600], 24_000) > 0.8
            await until(lambda: share_of(600, made.admission.ear.sound[-12_000:], 24_000) > 0.6)
            await phone.send_json({"type": "dtmf", "digit": "5"})
            await until(lambda: made.admission.ear.events)
            for rubbish in ("{", "[]", '{"type":"audio","data":"!"}', '{"type":"audio"}'):
                await phone.send_str(rubbish)
            await phone.send_json({"type": "end"})
            async with asyncio.timeout(5):
                while (message := await phone.receive_json())["type"] != "call_ended":
                    pass
            assert message["status"] == "COMPLETED"
        async with http.ws_connect(f"{made.meta.url}/whatsapp-phone", params={"to": "1"}) as phone:
            assert (await phone.receive_json())["type"] == "error"
