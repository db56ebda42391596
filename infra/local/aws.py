"""The emulated AWS of the local platform (ministack): where it runs and what is created in it.

Its state is written on a clean stop only, so it is stopped last and waited for.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.processes import Child
from infra.tables import TABLES, create_table_arguments

REGION = "us-east-1"
BUCKET = "calls"
QUEUE = "call-ended"
CARRIER_QUEUES = {
    "WHATSAPP_OFFERS_QUEUE_URL": "whatsapp-offers",
    "PLACE_CALL_QUEUE_URL": "place-call",
    "RENDER_PROMPTS_QUEUE_URL": "render-prompts",
}
"""The variable that names each queue's address."""
SECRETS_KEY = "alias/secrets"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "000000000000",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}


def emulator(executable: Path, port: int, state: Path) -> Child:
    """The emulator on loopback only, keeping its state under `state`."""
    environment = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "SERVICES": "cognito-idp,dynamodb,s3,sqs,kms,sts,lambda,states",
        "LOG_LEVEL": "WARNING",
    }
    return Child("aws emulator", [str(executable)], environment, state.parent / "logs" / "aws.log")


def client(service: str, endpoint: str) -> Any:
    """A boto3 client of the emulator."""
    return boto3.client(  # type: ignore[call-overload]  # the service is a variable here
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


def create_resources(endpoint: str, tables: Mapping[str, str] | None = None) -> str:
    """Create tables, bucket and queue where they are missing; returns the queue's URL."""
    dynamo = client("dynamodb", endpoint)
    existing = set(dynamo.list_tables()["TableNames"])
    for spec in TABLES:
        if spec.name not in existing:
            dynamo.create_table(**create_table_arguments(spec))
    s3 = client("s3", endpoint)
    try:
        s3.head_bucket(Bucket=BUCKET)
    except ClientError:
        s3.create_bucket(Bucket=BUCKET)
    return str(client("sqs", endpoint).create_queue(QueueName=QUEUE)["QueueUrl"])


def create_carrier_resources(endpoint: str) -> dict[str, str]:
    """Create the carriers' queues and the secrets' key where they are missing; returns the variables naming them."""
    sqs, kms = client("sqs", endpoint), client("kms", endpoint)
    variables = {
        name: str(sqs.create_queue(QueueName=queue)["QueueUrl"]) for name, queue in sorted(CARRIER_QUEUES.items())
    }
    if SECRETS_KEY not in {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}:
        key = kms.create_key(Description="Secrets of integration accounts")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=SECRETS_KEY, TargetKeyId=key)
    return {**variables, "SECRETS_KEY_ID": SECRETS_KEY}
