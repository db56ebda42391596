"""The local platform's Cognito issues real signed tokens, and the one verification path takes them."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local import aws, people
from infra.local.demo import COMPANY
from infra.local.packages import OTHER_COMPANY
from infra.local.platform import HOST, ROOT, free_port
from infra.local.processes import answered
from shared.adapters.aws.cognito_directory import CognitoDirectory
from shared.adapters.aws.cognito_tokens import CognitoTokens, Keys
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.dynamo.users import DynamoUsers
from shared.contracts.errors import NotAuthenticated
from shared.contracts.records.user import Role
from shared.services.team import signed_in


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[str]:
    """The emulator alone, with the tables."""
    port = free_port()
    child = aws.emulator(ROOT / ".tools" / "ministack" / "bin" / "ministack", port, tmp_path / "aws")
    await child.start()
    where = f"http://{HOST}:{port}"
    await answered(f"{where}/_ministack/health", child, 60)
    await asyncio.to_thread(aws.create_resources, where)
    yield where
    await child.stop()


async def test_demo_people_sign_in_and_are_who_they_should_be(endpoint: str) -> None:
    environment = await asyncio.to_thread(people.create, endpoint)
    assert await asyncio.to_thread(people.create, endpoint) == environment
    await asyncio.to_thread(_check, endpoint, environment)


def _check(endpoint: str, environment: dict[str, str]) -> None:
    keys = Keys(environment["COGNITO_KEYS_URL"], time.monotonic)
    issuer, client_id = environment["COGNITO_ISSUER"], environment["COGNITO_CLIENT_ID"]
    tokens = CognitoTokens(keys, issuer, client_id, lambda: datetime.now(UTC))
    users = DynamoUsers(Table(aws.client("dynamodb", endpoint), "core"))
    actors = [signed_in(tokens, users, people.id_token(endpoint, environment, who.email)) for who in people.PEOPLE]
    assert [(actor.role, actor.company_id, actor.name) for actor in actors] == [
        (Role.MASTER_ADMIN, None, "Morgan"),
        (Role.COMPANY_ADMIN, COMPANY.company_id, "Alex"),
        (Role.SUPPORT_AGENT, COMPANY.company_id, "Sam"),
        (Role.COMPANY_ADMIN, OTHER_COMPANY.company_id, "Dana"),
    ]
    assert users.get(COMPANY.company_id, actors[1].user_id) is not None
    cognito = aws.client("cognito-idp", endpoint)
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "admin@demo.example", "PASSWORD": people.PASSWORD},
    )["AuthenticationResult"]
    with pytest.raises(NotAuthenticated):
        tokens.actor(answer["AccessToken"])
    directory = CognitoDirectory(cognito, environment["COGNITO_USER_POOL_ID"])
    invited = directory.invite("kim@demo.example", "Kim", COMPANY.company_id)
    assert directory.invite("kim@demo.example", "Kim", COMPANY.company_id) == invited
    directory.set_active(actors[2].user_id, active=False)
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        people.id_token(endpoint, environment, "agent@demo.example")
