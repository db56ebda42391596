"""The Lambda entry, built from its environment as in production, with accounts in an emulated Cognito."""

import asyncio
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from functions import wiring
from functions.carriers import wiring as carriers
from functions.speech import wiring as speech
from shared.adapters.aws import cognito_tokens
from shared.adapters.aws.cognito_directory import CognitoDirectory
from shared.contracts.errors import Conflict
from shared.contracts.records.user import Role
from tests.functions.admin.console import ADMIN, CLIENT, ISSUER, enlist, published, token
from tests.services.world import BUCKET, OWN_ORIGIN, World

Invoke = Callable[..., dict[str, Any]]


@pytest.fixture
def pool(world: World) -> tuple[Any, str]:
    """A user pool as the platform needs it: people sign in with their address, the company cannot be changed."""
    client = boto3.client("cognito-idp", region_name="us-east-1")
    made = client.create_user_pool(
        PoolName="people",
        UsernameAttributes=["email"],
        Schema=[{"Name": "company_id", "AttributeDataType": "String", "Mutable": False}],
    )
    pool_id = made["UserPool"]["Id"]
    for role in Role:
        client.create_group(UserPoolId=pool_id, GroupName=str(role))
    return client, pool_id


def forget() -> None:
    """Let the next container build everything anew."""
    made = (wiring.environment, wiring._client, speech.environment, speech.speaking_ports, carriers.environment)
    ports = (carriers.kms_secrets, carriers.whatsapp_numbers, carriers.carrier_ports, carriers.outbound_ports)
    for cached in (*made, *ports, carriers.log_ports, carriers.account_ports):
        cached.cache_clear()


@pytest.fixture
def invoke(world: World, pool: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Calls the handler of a fresh container."""
    variables = {
        "STAGE": "test",
        "AWS_REGION": "us-east-1",
        "RECORDINGS_BUCKET": BUCKET,
        "CALL_ENDED_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/call-ended",
        "WHATSAPP_OFFERS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/whatsapp-offers",
        "PLACE_CALL_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/place-call",
        "RENDER_PROMPTS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/render-prompts",
        "PUBLIC_BASE_URL": OWN_ORIGIN,
        "COGNITO_USER_POOL_ID": pool[1],
        "COGNITO_CLIENT_ID": CLIENT,
        "COGNITO_ISSUER": ISSUER,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return published()

    monkeypatch.setattr(cognito_tokens, "_fetch", fetch)
    forget()
    sys.modules.pop("functions.admin_api.handler", None)
    loop = asyncio.new_event_loop()  # else the adapter makes one and never closes it
    asyncio.set_event_loop(loop)
    handler = importlib.import_module("functions.admin_api.handler").handler

    def call(method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"}
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": "application/json", "host": "calls.example"} | headers,
            "requestContext": {"http": http, "domainName": "calls.example", "stage": "$default"},
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        return dict(handler(event, SimpleNamespace(aws_request_id="1")))

    yield call
    assert set(fetched) <= {ISSUER + "/.well-known/jwks.json"}
    forget()
    sys.modules.pop("functions.admin_api.handler", None)
    asyncio.set_event_loop(None)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_the_wiring_reads_writes_and_invites(invoke: Invoke, world: World, pool: tuple[Any, str]) -> None:
    enlist(world)
    at = world.now
    world.now = wiring.now()
    bearer = {"authorization": f"Bearer {token(ADMIN.claims(world))}"}
    world.now = at
    assert invoke("GET", "/api/admin/me")["statusCode"] == 401
    assert json.loads(invoke("GET", "/api/admin/me", **bearer)["body"])["companyName"] == "Company A"
    body = {"email": "kim@shop.example", "name": "Kim", "role": "support_agent"}
    made = invoke("POST", "/api/admin/team", body, **bearer, **{"idempotency-key": "k"})
    assert made["statusCode"] == 201, made["body"]
    user_id = json.loads(made["body"])["userId"]
    client, pool_id = pool
    found = client.admin_get_user(UserPoolId=pool_id, Username="kim@shop.example")
    attributes = {attribute["Name"]: attribute["Value"] for attribute in found["UserAttributes"]}
    assert attributes["sub"] == user_id and attributes["custom:company_id"] == "company-a"
    assert attributes["email_verified"] == "true"
    member = world.users.get("company-a", user_id)
    assert member is not None and member.role is Role.SUPPORT_AGENT
    entries = json.loads(invoke("GET", "/api/admin/audit", **bearer)["body"])["items"]
    assert [entry["action"] for entry in entries] == ["member.invited"]


def test_accounts_have_one_role_and_belong_to_one_company(pool: tuple[Any, str]) -> None:
    client, pool_id = pool
    directory = CognitoDirectory(client, pool_id)
    user_id = directory.invite("kim@shop.example", "Kim", "company-a")
    assert directory.invite("kim@shop.example", "Kim", "company-a") == user_id
    with pytest.raises(Conflict):
        directory.invite("kim@shop.example", "Kim", "company-b")

    def groups() -> list[str]:
        listed = client.admin_list_groups_for_user(UserPoolId=pool_id, Username=user_id)["Groups"]
        return [group["GroupName"] for group in listed]

    assert groups() == []
    for role in (Role.SUPPORT_AGENT, Role.COMPANY_ADMIN, Role.COMPANY_ADMIN):
        directory.set_role(user_id, role)
        assert groups() == [role]
    directory.set_active(user_id, active=False)
    assert client.admin_get_user(UserPoolId=pool_id, Username=user_id)["Enabled"] is False
    directory.set_active(user_id, active=True)
    assert client.admin_get_user(UserPoolId=pool_id, Username=user_id)["Enabled"] is True
