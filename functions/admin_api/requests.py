"""Parts that many requests share: pages, versions, and keys that make repeating safe."""

import hashlib
import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.admin_api.access import AdminApi
from shared.contracts.errors import InvalidRequest
from shared.contracts.page import Page, Turn
from shared.domain.permissions import Actor
from shared.services import companies

IF_MATCH = re.compile(r'(?:W/)?("?)([0-9]{1,9})\1')

Identifier = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]
Number = Annotated[int, Path(ge=1, le=999_999)]


class Schema(BaseModel):
    """Names are camelCase on the wire; what is not known is refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class PageOut[T](Schema):
    """A page of a list; `nextCursor` leads to the next one."""

    items: list[T]
    next_cursor: str | None = None


def page_out[T, M](page: Page[T], present: Callable[[T], M]) -> PageOut[M]:
    """A page as it is sent."""
    return PageOut(items=[present(item) for item in page.items], next_cursor=page.cursor)


def _turn(
    limit: Annotated[int, Query(ge=1, le=100)] = 50, cursor: Annotated[str | None, Query(max_length=2048)] = None
) -> Turn:
    return Turn(limit, cursor)


def _expected(if_match: Annotated[str | None, Header(max_length=40)] = None) -> int:
    """The version a change is based on (RFC 9110, 13.1.1); a change without one would overwrite blindly."""
    found = IF_MATCH.fullmatch((if_match or "").strip())
    if found is None:
        raise InvalidRequest(
            "Say with If-Match which version your change is based on.", {"If-Match": "The ETag of what you read."}
        )
    return int(found[2])


AskedPage = Annotated[Turn, Depends(_turn)]
Expected = Annotated[int, Depends(_expected)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]{1,128}$")]


def tag(response: Response, version: int) -> None:
    """Say which version this is."""
    response.headers["ETag"] = f'"{version}"'


def calls_company(api: AdminApi, by: Actor) -> str:
    """The member's company, if calls were opened to it; else everything about calls is refused. Raises NotPermitted."""
    return companies.require_calls(api.companies.companies, by.company).company_id


def once[M: BaseModel](
    api: AdminApi, by: Actor, key: str | None, operation: str, body: BaseModel, make: Callable[[], M], kind: type[M]
) -> M:
    """Make something; the same key with the same body gets the same answer for a day and makes nothing again."""
    if key is None:
        return make()
    scope = f"{by.user_id}|{operation}"
    fingerprint = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    kept = api.answers.begin(scope, key, fingerprint, api.desk.now())
    if kept is not None:
        return kind.model_validate_json(kept)
    try:
        made = make()
    except Exception:
        api.answers.abandon(scope, key)
        raise
    api.answers.finish(scope, key, fingerprint, made.model_dump_json(), api.desk.now())
    return made
