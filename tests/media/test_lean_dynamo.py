"""The lean writes: signed as botocore signs, understood by the database, and refused in botocore's words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.aws.dynamo.documents import Key
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.media.lean_dynamo import LeanDynamo, signed_headers
from tests.platform import REGION, Cloud

NOW = datetime(2026, 11, 25, 9, 30, 1, tzinfo=UTC)
HERE = Key("T#a", "CALL#b")
ITEM = {**HERE.attributes, "data": {"S": "ü\n{}"}, "epoch": {"N": "3"}}


class _Fixed:
    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials("000000000000", "test", None)


class _Meta:
    def __init__(self, url: str) -> None:
        self.endpoint_url, self.region_name = url, REGION


class _Client:
    """As much of a client as is asked for."""

    def __init__(self, url: str) -> None:
        self.meta = _Meta(url)


@asynccontextmanager
async def lean(url: str) -> AsyncIterator[LeanDynamo]:
    async with aiohttp.ClientSession() as http:
        yield LeanDynamo(_Client(url), http, _Fixed(), lambda: datetime.now(UTC))


@pytest.mark.parametrize("token", [None, "session/token=="])
def test_signed_as_botocore_signs(monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    body, credentials = b'{"TableName":"calls"}', Credentials("AKIA", "secret", token)
    ours = signed_headers("PutItem", body, "dynamodb.eu-west-1.amazonaws.com", "eu-west-1", credentials, NOW)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW.replace(tzinfo=None))
    named = {name: ours[name] for name in ("Content-Type", "X-Amz-Target")}
    request = AWSRequest("POST", "https://dynamodb.eu-west-1.amazonaws.com/", named, body)
    SigV4Auth(credentials, "dynamodb", "eu-west-1").add_auth(request)
    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours.get("X-Amz-Security-Token") == token


async def test_what_is_written_is_there(cloud: Cloud) -> None:
    table = Table(cloud.client("dynamodb"), "calls")
    async with lean(cloud.endpoint) as client:
        await client.put_item(TableName="calls", Item=ITEM)
        assert table.item(HERE) == ITEM
        other = {**ITEM, "SK": {"S": "CALL#c"}}
        answer = await client.batch_write_item(RequestItems={"calls": [{"PutRequest": {"Item": other}}]})
        assert not answer.get("UnprocessedItems")
        assert table.item(Key("T#a", "CALL#c")) == other


async def test_a_refusal_is_a_client_error(cloud: Cloud) -> None:
    async with lean(cloud.endpoint) as client:
        await client.put_item(TableName="calls", Item=ITEM)
        with pytest.raises(ClientError) as lost:
            await client.put_item(TableName="calls", Item=ITEM, ConditionExpression="attribute_not_exists(PK)")
        assert lost.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        with pytest.raises(ClientError) as missing:
            await client.put_item(TableName="none", Item=ITEM)
        assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"


async def test_whatever_else_comes_back_is_an_error_that_is_tried_again(unused_tcp_port: int) -> None:
    async with lean(f"http://127.0.0.1:{unused_tcp_port}") as client:
        with pytest.raises(BotoCoreError):
            await client.put_item(TableName="calls", Item=ITEM)

    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=503, text="<html>")

    app = web.Application()
    app.router.add_post("/", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    site: Any = web.TCPSite(runner, "127.0.0.1", unused_tcp_port)
    await site.start()
    try:
        async with lean(f"http://127.0.0.1:{unused_tcp_port}") as client:
            with pytest.raises(ClientError) as unavailable:
                await client.put_item(TableName="calls", Item=ITEM)
            assert unavailable.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
            assert unavailable.value.response["Error"]["Code"] == "503"
    finally:
        await runner.cleanup()
