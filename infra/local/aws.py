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
from shared.contracts.records.user import Role

REGION = "us-east-1"
BUCKET = "calls"
QUEUE = "call-ended"
POOL = "people"
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
        "SERVICES": "dynamodb,s3,sqs,kms,sts,cognito-idp",
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


def create_user_pool(endpoint: str) -> dict[str, str]:
    """Create the pool of people who may sign in, where it is missing; returns what the administration must know."""
    cognito = client("cognito-idp", endpoint)
    pools = {pool["Name"]: pool["Id"] for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]}
    pool_id = pools.get(POOL) or _new_pool(cognito)
    clients = cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
    return {
        "COGNITO_USER_POOL_ID": pool_id,
        "COGNITO_CLIENT_ID": next(app["ClientId"] for app in clients if app["ClientName"] == "dashboard"),
        "COGNITO_ISSUER": f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}",
        "COGNITO_KEYS_URL": f"{endpoint}/{pool_id}/.well-known/jwks.json",
    }


def _new_pool(cognito: Any) -> str:
    """People sign in with their address; nobody can change their company, and roles are groups."""
    company = {"Name": "company_id", "AttributeDataType": "String", "Mutable": False}
    made = cognito.create_user_pool(PoolName=POOL, UsernameAttributes=["email"], Schema=[company])
    pool_id = str(made["UserPool"]["Id"])
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="dashboard", ExplicitAuthFlows=flows)
    for role in Role:
        cognito.create_group(UserPoolId=pool_id, GroupName=str(role))
    return pool_id
