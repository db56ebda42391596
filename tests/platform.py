"""Stand-ins of AWS for tests: an in-memory server over loopback, with the product's tables, bucket and queue."""

import logging
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from botocore.config import Config
from moto.server import ThreadedMotoServer

from infra.tables import TABLES, create_table_arguments
from shared.adapters.aws.dynamo.calls import DynamoCalls, DynamoMediaTasks
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.s3 import S3Blobs
from shared.adapters.aws.sqs import SqsQueue
from shared.contracts.records.call import CallRecord, FrozenConfiguration, Session
from shared.contracts.settings.ai_model import AiModel, Prices
from shared.contracts.settings.call_settings import CallSettings, RecordingSettings, VoiceSettings
from shared.services.sessions import hash_token

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "test"}


def client_of(service: str, endpoint: str) -> Any:
    """A synchronous client of an emulated AWS."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}) if service == "s3" else None
    made: Any = boto3.client(  # type: ignore[call-overload]  # the service is a variable here
        service, endpoint_url=endpoint, region_name=REGION, config=config, **CREDENTIALS
    )
    return made


@dataclass(frozen=True)
class Cloud:
    """Where the stand-in listens and what is in it."""

    endpoint: str
    bucket: str
    queue_url: str

    def client(self, service: str) -> Any:
        """A synchronous client of it."""
        return client_of(service, self.endpoint)

    @property
    def calls(self) -> DynamoCalls:
        """The calls in it."""
        dynamo = self.client("dynamodb")
        return DynamoCalls(Table(dynamo, "calls"), Table(dynamo, "live"))

    @property
    def tasks(self) -> DynamoMediaTasks:
        """The media processes in it."""
        return DynamoMediaTasks(Table(self.client("dynamodb"), "live"))

    @property
    def blobs(self) -> S3Blobs:
        """The test's bucket."""
        return S3Blobs(self.client("s3"), self.bucket)

    @property
    def queue(self) -> SqsQueue:
        """The test's queue."""
        return SqsQueue(self.client("sqs"), self.queue_url)

    def messages(self) -> list[str]:
        """Take what is in the queue."""
        sqs, bodies = self.client("sqs"), []
        while found := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [str(message["Body"]) for message in found]
        return bodies

    @asynccontextmanager
    async def aclient(self, service: str) -> AsyncIterator[Any]:
        """An asynchronous client of it."""
        async with get_session().create_client(
            service, endpoint_url=self.endpoint, region_name=REGION, **CREDENTIALS
        ) as client:
            yield client


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKEN = "first-token"
ORIGIN = "https://shop.example"


def opened(
    cloud: Cloud, *, at: datetime = NOW, recorded: bool = True, origin: str = ORIGIN
) -> tuple[CallRecord, Session]:
    """A pending call as the public API stores it; its token is TOKEN."""
    settings = CallSettings(
        ai_model_id="m", voice=VoiceSettings(voice_id="v"), recording=RecordingSettings(enabled=recorded)
    )
    model = AiModel(id="m", name="M", provider="simulated", prices=Prices(version="1"))
    call_id, session_id = str(uuid.uuid4()), str(uuid.uuid4())
    call = CallRecord(
        company_id="acme",
        call_id=call_id,
        chatbot_id="bot",
        session_id=session_id,
        configuration=FrozenConfiguration(settings=settings, settings_version=1, model=model),
        created_at=at,
    )
    session = Session(
        session_id=session_id,
        company_id="acme",
        chatbot_id="bot",
        call_id=call_id,
        origin=origin,
        token_hash=hash_token(TOKEN),
        read_hash=hash_token("read"),
        created_at=at,
        connect_by=at + timedelta(seconds=60),
        expires_at=at + timedelta(hours=24),
    )
    cloud.calls.open(call, session)
    return call, session


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """The server, started once; its address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(aws_server: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The server with nothing in it but empty tables, a bucket and a queue."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_server)
    urllib.request.urlopen(urllib.request.Request(f"{aws_server}/moto-api/reset", method="POST")).close()
    dynamo = client_of("dynamodb", aws_server)
    for spec in TABLES:
        dynamo.create_table(**create_table_arguments(spec))
    client_of("s3", aws_server).create_bucket(Bucket="recordings")
    queue = client_of("sqs", aws_server).create_queue(QueueName="call-ended")
    return Cloud(aws_server, "recordings", str(queue["QueueUrl"]))
