"""The Lambda entry, built from its environment as in production and fed events of an HTTP API."""

import asyncio
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from functions import wiring
from tests.services.world import BUCKET, OWN_ORIGIN, SITE, World

Invoke = Callable[..., dict[str, Any]]


@pytest.fixture
def invoke(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Calls the handler of a fresh container."""
    variables = {
        "STAGE": "test",
        "AWS_REGION": "us-east-1",
        "RECORDINGS_BUCKET": BUCKET,
        "CALL_ENDED_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/call-ended",
        "PUBLIC_BASE_URL": OWN_ORIGIN + "/",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    wiring.environment.cache_clear()
    wiring._client.cache_clear()
    sys.modules.pop("functions.public_api.handler", None)
    loop = asyncio.new_event_loop()  # else the adapter makes one and never closes it
    asyncio.set_event_loop(loop)
    handler = importlib.import_module("functions.public_api.handler").handler

    def call(method: str, path: str, body: Any = None, source: str = "192.0.2.1", **headers: str) -> dict[str, Any]:
        http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": source, "userAgent": "test"}
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"origin": SITE, "content-type": "application/json", "host": "calls.example"} | headers,
            "requestContext": {"http": http, "domainName": "calls.example", "stage": "$default"},
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        return dict(handler(event, SimpleNamespace(aws_request_id="1")))

    yield call
    wiring.environment.cache_clear()
    wiring._client.cache_clear()
    sys.modules.pop("functions.public_api.handler", None)
    asyncio.set_event_loop(None)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_a_call_is_started_with_real_randomness(invoke: Invoke, world: World) -> None:
    answers = [invoke("POST", "/api/widget/call/session", {"chatbotId": "bot-a"}) for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [201, 201]
    first, second = (json.loads(answer["body"]) for answer in answers)
    assert first["token"] != second["token"] and len(first["token"]) >= 43
    assert len(first["readToken"].partition(".")[2]) >= 43
    assert first["websocketUrl"] == f"wss://calls.example/api/widget/call/{first['sessionId']}/ws"
    call = world.calls.get("company-a", first["callId"])
    assert call is not None and call.session_id == first["sessionId"]


def test_the_visitor_is_who_the_front_saw_not_who_the_headers_say(invoke: Invoke, world: World) -> None:
    world.widget(advanced={"calls_per_hour": 1})
    statuses = [
        invoke("POST", "/api/widget/call/session", {"chatbotId": "bot-a"}, source, **{"x-forwarded-for": claimed})[
            "statusCode"
        ]
        for source, claimed in (("192.0.2.1", "203.0.113.1"), ("192.0.2.1", "203.0.113.2"), ("192.0.2.2", "192.0.2.1"))
    ]
    assert statuses == [201, 429, 201]


def test_pages_of_the_platform_are_recognised_by_its_base_url(invoke: Invoke) -> None:
    body = {"chatbotId": "bot-a"}
    assert invoke("POST", "/api/widget/call/session", body, origin=OWN_ORIGIN)["statusCode"] == 201
    assert invoke("POST", "/api/widget/call/session", body, origin="https://calls.example.evil")["statusCode"] == 403


def test_configuration_transcript_and_access_log_work_through_the_wiring(invoke: Invoke, world: World) -> None:
    assert json.loads(invoke("GET", "/api/widget/config/bot-a")["body"])["enabledCall"] is True
    started = json.loads(invoke("POST", "/api/widget/call/session", {"chatbotId": "bot-a"})["body"])
    path = f"/api/widget/call/{started['callId']}/transcript"
    answer = invoke("GET", path, authorization=f"Bearer {started['readToken']}")
    assert (answer["statusCode"], answer["body"]) == (200, "")
    assert len(world.client.scan(TableName="ledger")["Items"]) == 1
