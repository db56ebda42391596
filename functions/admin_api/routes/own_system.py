"""The company's own system: where it is told of calls, and the secret that signs what it is told."""

from typing import Annotated, Self

from fastapi import Response
from pydantic import Field

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.account_schemas import SecretOut
from functions.admin_api.requests import Expected, Schema, calls_company, tag
from shared.domain.permissions import Permission
from shared.services import own_system
from shared.services.own_system import OwnSystem

operations = Operations()
PATH = "/own-system"


class OwnSystemIn(Schema):
    """Its address, and whether it is told."""

    url: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^https?://[^\s@]+$")]
    active: bool = True


class OwnSystemOut(Schema):
    """As it is set up; `url` null: not yet. `secret` null: without one nothing is sent."""

    url: str | None
    active: bool
    secret: SecretOut | None
    version: int

    @classmethod
    def of(cls, found: OwnSystem) -> Self:
        """From the service."""
        at = found.endpoint
        return cls(
            url=None if at is None else at.url,
            active=at is not None and at.active,
            secret=None if found.secret is None else SecretOut(**found.secret.model_dump()),
            version=0 if at is None else at.version,
        )


class SigningSecretOut(Schema):
    """The secret, shown this once."""

    signing_secret: str
    version: int


class DeliveryOut(Schema):
    """Whether a test message arrived, else why not."""

    delivered: bool
    problem: str | None


@operations.get(PATH, Permission.ACCOUNTS_READ)
def get_own_system(api: Api, by: By, response: Response) -> OwnSystemOut:
    return _tagged(own_system.own_system(api.own_system, calls_company(api, by)), response)


@operations.put(PATH, Permission.ACCOUNTS_WRITE)
def connect_own_system(api: Api, by: By, body: OwnSystemIn, expected: Expected, response: Response) -> OwnSystemOut:
    calls_company(api, by)
    return _tagged(own_system.connect(api.own_system, by, expected, body.url, active=body.active), response)


@operations.post(PATH + "/secret", Permission.ACCOUNTS_WRITE)
def renew_signing_secret(api: Api, by: By, expected: Expected, response: Response) -> SigningSecretOut:
    calls_company(api, by)
    found, secret = own_system.renew_secret(api.own_system, by, expected)
    version = _tagged(found, response).version
    response.headers["Cache-Control"] = "no-store"
    return SigningSecretOut(signing_secret=secret, version=version)


@operations.post(PATH + "/test", Permission.ACCOUNTS_WRITE)
def try_own_system(api: Api, by: By) -> DeliveryOut:
    calls_company(api, by)
    problem = own_system.try_out(api.own_system, by)
    return DeliveryOut(delivered=problem is None, problem=problem)


def _tagged(found: OwnSystem, response: Response) -> OwnSystemOut:
    shown = OwnSystemOut.of(found)
    tag(response, shown.version)
    return shown
