"""The Lambda entries, built from their environment as in production: events of an HTTP API, and of the queue."""

import asyncio
import base64
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from functions import wiring
from functions.carriers import wiring as carriers_wiring
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.records.outbound_call import OutboundState
from shared.services.outbound_calls import Wish, request_call
from tests.functions.webhooks.carriers import CALL_SID, Carriers, incoming, meta_signature, sign
from tests.functions.webhooks.test_whatsapp import recorded
from tests.services.carrier_world import CALLER
from tests.services.vendor import Vendor, vendor
from tests.services.world import BUCKET, OWN_ORIGIN, REGION

Invoke = Callable[..., dict[str, Any]]
MODULES = ("functions.webhooks.handler", "functions.workers.place_call")


@pytest.fixture
def twilio() -> Iterator[Vendor]:
    """Twilio's REST API."""
    with vendor((201, {"sid": CALL_SID, "status": "queued"})) as running:
        yield running


@pytest.fixture
def queues(carriers: Carriers, twilio: Vendor, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of a fresh container; returns the queues' addresses by name."""
    sqs = boto3.client("sqs", region_name=REGION)
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("ended", "offers", "wishes")}
    variables = {
        "STAGE": "test",
        "AWS_REGION": REGION,
        "RECORDINGS_BUCKET": BUCKET,
        "CALL_ENDED_QUEUE_URL": urls["ended"],
        "WHATSAPP_OFFERS_QUEUE_URL": urls["offers"],
        "PLACE_CALL_QUEUE_URL": urls["wishes"],
        "SECRETS_KEY_ID": carriers.world.key_id,
        "TWILIO_BASE_URL": twilio.url,
        "PUBLIC_BASE_URL": OWN_ORIGIN + "/",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    _forget()
    loop = asyncio.new_event_loop()  # else the adapter makes one and never closes it
    asyncio.set_event_loop(loop)
    yield urls
    carriers_wiring.whatsapp_numbers.cache_clear()
    _forget()
    asyncio.set_event_loop(None)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def _forget() -> None:
    for cached in vars(carriers_wiring).values():
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()
    wiring.environment.cache_clear()
    wiring._client.cache_clear()
    for module in MODULES:
        sys.modules.pop(module, None)


def post(path: str, query: str, body: bytes, **headers: str) -> dict[str, Any]:
    """An HTTP API's answer to a request whose body is not text to it."""
    http = {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "carrier"}
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "abc.execute-api.us-east-1.amazonaws.com"} | headers,
        "requestContext": {"http": http, "domainName": "x", "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    handler = importlib.import_module("functions.webhooks.handler").handler
    return dict(handler(event, SimpleNamespace(aws_request_id="1")))


def test_a_phone_call_is_answered(carriers: Carriers, queues: dict[str, str]) -> None:
    path, query = "/api/webhooks/twilio/voice", "accountId=phone-a"
    form = list(incoming().items())
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": sign(f"{OWN_ORIGIN}{path}?{query}", form),
    }
    answer = post(path, query, urlencode(form).encode(), **headers)
    assert answer["statusCode"] == 200 and "<Stream" in answer["body"]
    assert "wss://calls.example/api/webhooks/twilio/stream/phone-a/" in answer["body"]
    assert len(carriers.world.calls()) == 1
    refused = post(path, query, urlencode(form).encode(), **(headers | {"x-twilio-signature": "x"}))
    assert refused["statusCode"] == 403


def test_a_whatsapp_call_is_put_on_the_queue(carriers: Carriers, queues: dict[str, str]) -> None:
    payload = recorded("connect")
    call = payload["entry"][0]["changes"][0]["value"]["calls"][0]
    call["timestamp"] = str(int(wiring.now().timestamp()))
    body = json.dumps(payload).encode()
    answer = post("/api/webhooks/whatsapp", "accountId=chat-a", body, **{"x-hub-signature-256": meta_signature(body)})
    assert answer["statusCode"] == 200
    sqs = boto3.client("sqs", region_name=REGION)
    [message] = sqs.receive_message(QueueUrl=queues["offers"])["Messages"]
    offer = WhatsAppOffer.model_validate_json(message["Body"])
    assert (offer.account_id, offer.sdp) == ("chat-a", call["session"]["sdp"])


def test_the_worker_places_a_call_once_and_names_what_it_cannot_read(
    carriers: Carriers, queues: dict[str, str], twilio: Vendor
) -> None:
    ports = carriers_wiring.outbound_ports()
    outbound = request_call(ports, Wish("company-a", "phone-a", CALLER, "test", "admin-1"))
    sqs = boto3.client("sqs", region_name=REGION)
    [message] = sqs.receive_message(QueueUrl=queues["wishes"])["Messages"]
    handler = importlib.import_module("functions.workers.place_call").handler
    records = [
        {"messageId": "m1", "body": message["Body"]},
        {"messageId": "m2", "body": "no json"},
        {"messageId": "m3", "body": message["Body"]},
        {"messageId": "m4", "body": json.dumps({"company_id": "company-a", "outbound_id": "x", "more": 1})},
    ]
    assert handler({"Records": records}, None) == {
        "batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m4"}]
    }
    assert len(twilio.asked) == 1
    placed = carriers.world.outbound_calls.get("company-a", outbound.outbound_id)
    assert placed is not None and (placed.state, placed.carrier_call_id) == (OutboundState.PLACED, CALL_SID)


def test_a_wish_in_doubt_is_looked_at_again_later(carriers: Carriers, queues: dict[str, str], twilio: Vendor) -> None:
    ports = carriers_wiring.outbound_ports()
    outbound = request_call(ports, Wish("company-a", "phone-a", CALLER, "test", "admin-1"))
    carriers.world.outbound_calls.change(outbound, {"state": OutboundState.PLACING, "claimed_at": wiring.now()})
    handler = importlib.import_module("functions.workers.place_call").handler
    body = json.dumps({"company_id": "company-a", "outbound_id": outbound.outbound_id})
    assert handler({"Records": [{"messageId": "m1", "body": body}]}, None) == {"batchItemFailures": []}
    sqs = boto3.client("sqs", region_name=REGION)
    attributes = sqs.get_queue_attributes(
        QueueUrl=queues["wishes"], AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert attributes["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
    assert twilio.asked == []
