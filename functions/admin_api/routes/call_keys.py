"""The key by which the company's own system opens calls."""

from datetime import datetime

from fastapi import Response

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import Expected, Schema, calls_company, tag
from shared.domain.permissions import Permission
from shared.services import call_keys

operations = Operations()
PATH = "/call-key"


class CallKeyOut(Schema):
    """What is shown of the key; `masked` null: there is none, or it was revoked."""

    masked: str | None
    made_at: datetime | None
    version: int


class NewCallKeyOut(Schema):
    """The key, shown this once."""

    call_key: str
    version: int


@operations.get(PATH, Permission.ACCOUNTS_READ)
def get_call_key(api: Api, by: By, response: Response) -> CallKeyOut:
    key = api.call_keys.keys.get(calls_company(api, by))
    version = 0 if key is None else key.version
    tag(response, version)
    if key is None or not key.active:
        return CallKeyOut(masked=None, made_at=None, version=version)
    return CallKeyOut(masked=key.masked, made_at=key.made_at, version=version)


@operations.post(PATH, Permission.ACCOUNTS_WRITE)
def renew_call_key(api: Api, by: By, expected: Expected, response: Response) -> NewCallKeyOut:
    calls_company(api, by)
    made, key = call_keys.renew(api.call_keys, by, expected)
    tag(response, made.version)
    response.headers["Cache-Control"] = "no-store"
    return NewCallKeyOut(call_key=key, version=made.version)


@operations.delete(PATH, Permission.ACCOUNTS_WRITE, status_code=204)
def revoke_call_key(api: Api, by: By, expected: Expected) -> None:
    calls_company(api, by)
    call_keys.revoke(api.call_keys, by, expected)
