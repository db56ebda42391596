"""A Meta on loopback: Graph API, signed webhooks, and users with phones that really send and hear sound.

    async with MetaStandIn([number]) as meta:
        call = await meta.ring("15550100001")            # a user calls; the webhook goes to number.webhook_url
        call.phone.say(pcm); await call.phone.press("5"); await meta.hang_up(call)

Besides Graph it serves `/whatsapp-phone`, where a browser is the user's phone (see meta_phone).
"""

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

from infra.local.standins import meta_phone
from infra.local.standins.meta_graph import Graph, described, settings, token_facts
from infra.local.standins.meta_media import AnswerRefused, Network, PhonePeer
from infra.local.standins.meta_world import (
    GraphError,
    MetaCall,
    MetaNumber,
    MetaUser,
    Quirks,
    choice_event,
    connect_event,
    envelope,
    permission_event,
    signature,
    status_event,
    terminate_event,
    text_event,
)

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
_Answer = Callable[[web.Request, MetaNumber], Awaitable[dict[str, Any]]]


@dataclass
class Patience:
    """Seconds Meta waits; tests shrink them."""

    answer: float = 60.0
    first_media: float = 20.0
    media: float = 30.0
    webhook_retry: float = 1.0
    webhook_tries: int = 5


class MetaStandIn:
    """`numbers`, `users` and `quirks` may be changed at any time. `deliveries` are the webhooks' HTTP statuses."""

    def __init__(self, numbers: Iterable[MetaNumber] = (), patience: Patience | None = None) -> None:
        self.numbers = {number.phone_number_id: number for number in numbers}
        self.users: dict[str, MetaUser] = {}
        self.calls: dict[str, MetaCall] = {}
        self.quirks, self.patience = Quirks(), patience or Patience()
        self.deliveries: list[int] = []
        self.graph = Graph(self.numbers, self.users, self.calls, self._over, self._place)
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession
        self.url = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_get("/whatsapp-phone", self._phone)
        app.router.add_get("/{version:v\\d+\\.\\d}/debug_token", self._debug_token)
        for path, get, post in (
            ("", _describe, None),
            ("/calls", None, self._calls),
            ("/messages", None, self._messages),
            ("/call_permissions", self._permissions, None),
            ("/settings", _settings, _change_settings),
            ("/phone_numbers", _phone_numbers, None),
            ("/subscribed_apps", _subscribed, self._subscribe),
        ):
            if get is not None:
                app.router.add_get("/{version:v\\d+\\.\\d}/{id}" + path, self._guarded(get))
            if post is not None:
                app.router.add_post("/{version:v\\d+\\.\\d}/{id}" + path, self._guarded(post))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop; calls that are left are cut."""
        for call in self.calls.values():
            await call.phone.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        await self._http.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # What users do

    async def ring(self, number: str, user: MetaUser | None = None, network: Network | None = None) -> MetaCall:
        """A user calls a business number (digits, or its id)."""
        found = next(n for n in self.numbers.values() if number in (n.number, n.phone_number_id))
        caller = user or MetaUser()
        self.users[caller.reference] = caller
        call = MetaCall(found, caller, PhonePeer(network))
        self.calls[call.call_id] = call
        call.offer = await call.phone.offer()
        self._send(found, "calls", connect_event(call, self.quirks))
        self._keep(self._watch(call))
        return call

    async def hang_up(self, call: MetaCall) -> None:
        """The user ends the call."""
        await self._over(call, "COMPLETED")

    def write(self, number: str, user: MetaUser, text: str) -> None:
        """A user writes to a business."""
        user.window_open = True
        self.users[user.reference] = user
        self._send(self._number(number), "messages", text_event(user, text))

    def choose(self, number: str, user: MetaUser, row_id: str) -> None:
        """A user chooses from a list the business sent."""
        user.window_open = True
        self._send(self._number(number), "messages", choice_event(user, row_id, "★"))

    def answer_request(self, number: str, user: MetaUser, response: str, *, permanent: bool = False) -> None:
        """A user accepts or rejects being called."""
        user.permission = ("permanent" if permanent else "temporary") if response == "accept" else "no_permission"
        self._send(self._number(number), "messages", permission_event(user, response, permanent=permanent))

    # Calls

    async def _over(self, call: MetaCall, status: str, error: int | None = None) -> None:
        if not call.ended:
            call.ended, call.status = True, status
            self._send(call.number, "calls", terminate_event(call, self.quirks, error))
            self._keep(call.phone.close())

    async def _place(self, number: MetaNumber, user: MetaUser, offer: str, opaque: str | None) -> MetaCall:
        call = MetaCall(number, user, PhonePeer(user.network), direction="BUSINESS_INITIATED", opaque=opaque)
        try:
            call.answer = await call.phone.take(offer)
        except AnswerRefused as refused:
            raise GraphError(refused.code, refused.details) from refused
        self.calls[call.call_id] = call
        self._send(number, "calls", connect_event(call, self.quirks))
        self._send(number, "calls", status_event(call, "RINGING"))
        self._keep(self._ring(call))
        self._keep(self._watch(call))
        return call

    async def _ring(self, call: MetaCall) -> None:
        """The user whom the business calls."""
        await asyncio.sleep(call.user.picks_up_after)
        if call.user.picks_up is None or call.ended:
            return
        if not call.user.picks_up:
            self._send(call.number, "calls", status_event(call, "REJECTED"))
            await self._over(call, "COMPLETED")
            return
        call.accepted_at = int(time.time())
        call.phone.accepted = True
        call.phone.talk()
        self._send(call.number, "calls", status_event(call, "ACCEPTED"))

    async def _watch(self, call: MetaCall) -> None:
        """Meta's own watchdogs."""
        loop, patience = asyncio.get_running_loop(), self.patience
        rang_at = accepted_at = loop.time()
        while not call.ended:
            await asyncio.sleep(0.05)
            now = loop.time()
            if call.accepted_at is None:
                accepted_at = now
                if now - rang_at > patience.answer:
                    await self._over(call, "COMPLETED")
            elif not call.phone.heard:
                if now - accepted_at > patience.first_media:
                    await self._over(call, "FAILED", 138021)
            elif now - call.phone.heard[-1].at > patience.media:
                await self._over(call, "FAILED", 138021)

    # Webhooks

    def _send(self, number: MetaNumber, name: str, value: dict[str, Any]) -> None:
        if not number.webhook_url:
            log.warning("nobody subscribed to webhooks", extra={"phone_number_id": number.phone_number_id})
            return
        body = envelope(number, name, value)
        for _ in range(2 if self.quirks.twice else 1):
            self._keep(self._deliver(number, body))

    async def _deliver(self, number: MetaNumber, body: bytes) -> None:
        secret = "wrong" if self.quirks.wrong_signature else number.app_secret
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature(secret, body)}
        for _ in range(self.patience.webhook_tries):
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.post(number.webhook_url, data=body, headers=headers) as answer:
                    self.deliveries.append(answer.status)
                    if answer.status == 200:
                        return
            await asyncio.sleep(self.patience.webhook_retry)
        log.warning("a webhook was given up", extra={"phone_number_id": number.phone_number_id})

    # Graph over HTTP

    def _guarded(self, answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            try:
                return web.json_response(await answer(request, self._owned(request.match_info["id"], token)))
            except GraphError as error:
                return web.json_response(error.body(), status=error.status)

        return handle

    def _owned(self, object_id: str, token: str) -> MetaNumber:
        """The number, or the first one of the business account, that a request is about."""
        numbers = [n for n in self.numbers.values() if n.business_account_id == object_id]
        return self.graph.number(numbers[0].phone_number_id if numbers else object_id, token)

    def _number(self, number: str) -> MetaNumber:
        return next(n for n in self.numbers.values() if number in (n.number, n.phone_number_id))

    async def _calls(self, request: web.Request, number: MetaNumber) -> dict[str, Any]:
        return await self.graph.act(number, await _body(request))

    async def _messages(self, request: web.Request, number: MetaNumber) -> dict[str, Any]:
        return self.graph.send(number, await _body(request))

    async def _permissions(self, request: web.Request, number: MetaNumber) -> dict[str, Any]:
        return self.graph.permissions(request.query.get("user_wa_id") or request.query.get("recipient", ""))

    async def _phone(self, request: web.Request) -> web.StreamResponse:
        return await meta_phone.serve(self, request)

    async def _subscribe(self, request: web.Request, number: MetaNumber) -> dict[str, Any]:
        """Subscribe, optionally with an address of one's own, which must first echo a challenge."""
        body = await _body(request) if request.can_read_body else {}
        address = str(body.get("override_callback_uri", ""))
        if address:
            challenge = secrets.token_hex(8)
            asked = {
                "hub.mode": "subscribe",
                "hub.challenge": challenge,
                "hub.verify_token": str(body.get("verify_token", "")),
            }
            try:
                async with self._http.get(URL(address).update_query(asked)) as answer:
                    echoed = answer.status == 200 and await answer.text() == challenge
            except aiohttp.ClientError:
                echoed = False
            if not echoed:
                raise GraphError(100, "the callback did not echo the challenge")
            number.webhook_url = address
        return {"success": True}

    async def _debug_token(self, request: web.Request) -> web.Response:
        wanted = request.query.get("input_token")
        number = next((n for n in self.numbers.values() if n.access_token == wanted), None)
        if number is None:
            return web.json_response({"data": {"is_valid": False}})
        return web.json_response(token_facts(number))

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise GraphError(100, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise GraphError(100, "the body is not an object")
    return body


async def _describe(request: web.Request, number: MetaNumber) -> dict[str, Any]:
    return described(number)


async def _settings(request: web.Request, number: MetaNumber) -> dict[str, Any]:
    return settings(number)


async def _change_settings(request: web.Request, number: MetaNumber) -> dict[str, Any]:
    calling = (await _body(request)).get("calling")
    if isinstance(calling, dict) and "status" in calling:
        number.calling_enabled = calling["status"] == "ENABLED"
    return {"success": True}


async def _phone_numbers(request: web.Request, number: MetaNumber) -> dict[str, Any]:
    return {"data": [described(number)]}


async def _subscribed(request: web.Request, number: MetaNumber) -> dict[str, Any]:
    return {"data": [{"whatsapp_business_api_data": {"id": number.app_id, "name": number.name}}]}
