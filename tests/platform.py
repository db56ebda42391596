"""Stand-ins of AWS for tests: an in-memory server over loopback, with the product's tables, bucket and queue."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from infra.tables import TABLES, create_table_arguments

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "test"}


def _client(service: str, endpoint: str) -> Any:
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
        return _client(service, self.endpoint)


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """The server, started once; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    boto = _client("dynamodb", f"http://{host}:{port}")
    for spec in TABLES:
        boto.create_table(**create_table_arguments(spec))
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(aws_server: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The server with a bucket and a queue of the test's own; call ids keep the tables' items apart."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_server)
    bucket = f"calls-{uuid.uuid4().hex[:12]}"
    cloud = Cloud(aws_server, bucket, "")
    cloud.client("s3").create_bucket(Bucket=bucket)
    queue = cloud.client("sqs").create_queue(QueueName=bucket)
    return Cloud(aws_server, bucket, str(queue["QueueUrl"]))
