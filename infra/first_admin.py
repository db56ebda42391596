"""Makes the first master admin of a stage, who makes everybody else: `python -m infra.first_admin dev ann@example.com`.

Cognito sends an invitation with a password for three days. Made once: who is there already is left as they are.
"""

import sys
from typing import Any

import boto3

from infra.stage import Stage, read_stage
from shared.adapters.aws.cognito_directory import CognitoDirectory
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.user import Role, User


class NoPool(Exception):
    """The stage has no user pool: it was not deployed."""


def make(cognito: Any, dynamodb: Any, stage: Stage, email: str) -> User:
    """Invite somebody as master admin; returns the record. Raises NoPool and what Cognito refuses."""
    pool = _pool(cognito, f"{stage.prefix}-people")
    try:
        attributes = cognito.admin_get_user(UserPoolId=pool, Username=email)["UserAttributes"]
    except cognito.exceptions.UserNotFoundException:
        made = cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            DesiredDeliveryMediums=["EMAIL"],
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
        )
        attributes = made["User"]["Attributes"]
    user_id = next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")
    core, key = Table(dynamodb, f"{stage.prefix}-core"), keys.user(None, user_id)
    known = core.get(key, User)
    if known is not None:
        return known
    CognitoDirectory(cognito, pool).set_role(user_id, Role.MASTER_ADMIN)
    user = User(user_id=user_id, company_id=None, email=email, name=email.partition("@")[0], role=Role.MASTER_ADMIN)
    core.put(key, user)
    return user


def _pool(cognito: Any, name: str) -> str:
    for page in cognito.get_paginator("list_user_pools").paginate(MaxResults=60):
        for pool in page["UserPools"]:
            if pool["Name"] == name:
                return str(pool["Id"])
    raise NoPool(f"there is no user pool {name}: deploy the stage first")


def main() -> None:
    """With the credentials of the environment."""
    if len(sys.argv) != 3 or "@" not in sys.argv[2]:
        sys.exit("say for whom: make first-admin STAGE=<stage> EMAIL=<address>")
    stage = read_stage(sys.argv[1])
    user = make(
        boto3.client("cognito-idp", region_name=stage.region),
        boto3.client("dynamodb", region_name=stage.region),
        stage,
        sys.argv[2],
    )
    print(f"{user.email} is a {user.role} of stage {stage.name}")


if __name__ == "__main__":
    main()
