"""Who can sign in to the local platform: a user pool, the dashboard's client, and a person for each role.

The pool is set up as the deployed one is: people sign in with their address, only administration sets company and role.
"""

from dataclasses import dataclass
from typing import Any

from infra.local import aws
from infra.local.demo import COMPANY
from infra.local.packages import OTHER_COMPANY
from shared.adapters.aws.cognito_directory import CognitoDirectory
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.user import Role, User
from shared.contracts.settings.company import Company

POOL = "people"
PASSWORD = "Local-demo-1"
"""Of every demo account; it opens nothing outside this machine."""


@dataclass(frozen=True, slots=True)
class Person:
    """A demo account. A master admin has no company."""

    email: str
    name: str
    role: Role
    company: Company | None = COMPANY


PEOPLE = (
    Person("master@demo.example", "Morgan", Role.MASTER_ADMIN, None),
    Person("admin@demo.example", "Alex", Role.COMPANY_ADMIN),
    Person("agent@demo.example", "Sam", Role.SUPPORT_AGENT),
    Person("other@demo.example", "Dana", Role.COMPANY_ADMIN, OTHER_COMPANY),
)


def create(endpoint: str) -> dict[str, str]:
    """Create what is missing; returns the variables of the administration API's environment."""
    cognito = aws.client("cognito-idp", endpoint)
    pool_id = _pool(cognito)
    core = Table(aws.client("dynamodb", endpoint), "core")
    for person in PEOPLE:
        _enlist(cognito, pool_id, core, person)
    return {
        "COGNITO_USER_POOL_ID": pool_id,
        "COGNITO_CLIENT_ID": _client(cognito, pool_id),
        "COGNITO_ISSUER": f"https://cognito-idp.{aws.REGION}.amazonaws.com/{pool_id}",
        "COGNITO_KEYS_URL": f"{endpoint}/{pool_id}/.well-known/jwks.json",
    }


def id_token(endpoint: str, environment: dict[str, str], email: str) -> str:
    """Sign a demo account in."""
    answer = aws.client("cognito-idp", endpoint).initiate_auth(
        ClientId=environment["COGNITO_CLIENT_ID"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )
    return str(answer["AuthenticationResult"]["IdToken"])


def _pool(cognito: Any) -> str:
    for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]:
        if pool["Name"] == POOL:
            return str(pool["Id"])
    made = cognito.create_user_pool(
        PoolName=POOL,
        UsernameAttributes=["email"],
        Schema=[{"Name": "company_id", "AttributeDataType": "String", "Mutable": False}],
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
    )
    pool_id = str(made["UserPool"]["Id"])
    for role in Role:
        cognito.create_group(UserPoolId=pool_id, GroupName=str(role))
    return pool_id


def _client(cognito: Any, pool_id: str) -> str:
    for client in cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]:
        return str(client["ClientId"])
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="dashboard",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        WriteAttributes=["name"],
        PreventUserExistenceErrors="ENABLED",
    )
    return str(made["UserPoolClient"]["ClientId"])


def _enlist(cognito: Any, pool_id: str, core: Table, person: Person) -> None:
    company_id = None if person.company is None else person.company.company_id
    try:
        found = cognito.admin_get_user(UserPoolId=pool_id, Username=person.email)["UserAttributes"]
    except cognito.exceptions.UserNotFoundException:
        attributes = {"email": person.email, "email_verified": "true", "name": person.name}
        if company_id is not None:
            attributes["custom:company_id"] = company_id
        made = cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=person.email,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )
        found = made["User"]["Attributes"]
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=person.email, Password=PASSWORD, Permanent=True)
    user_id = next(attribute["Value"] for attribute in found if attribute["Name"] == "sub")
    key = keys.user(company_id, user_id)
    if core.item(key) is None:
        CognitoDirectory(cognito, pool_id).set_role(user_id, person.role)
        core.put(
            key, User(user_id=user_id, company_id=company_id, email=person.email, name=person.name, role=person.role)
        )
