"""The members of a company."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Response
from pydantic import Field

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import (
    AskedPage,
    Expected,
    IdempotencyKey,
    Identifier,
    PageOut,
    Schema,
    once,
    page_out,
    tag,
)
from shared.contracts.records.user import Role, User
from shared.domain.permissions import Permission
from shared.services import companies, team

operations = Operations()
MemberRole = Literal[Role.COMPANY_ADMIN, Role.SUPPORT_AGENT]


class InvitationIn(Schema):
    """Whom to invite."""

    email: Annotated[str, Field(max_length=254, pattern=r"^[^\s@<>\"',;]{1,64}@[^\s@<>\"',;]+\.[^\s@<>\"',;.]{2,}$")]
    name: Annotated[str, Field(max_length=120)] = ""
    role: MemberRole


class RoleIn(Schema):
    """The new role."""

    role: MemberRole


class AccessIn(Schema):
    """Whether the member may sign in."""

    active: bool


class MemberOut(Schema):
    """A member."""

    user_id: str
    email: str
    name: str
    role: Role
    active: bool
    invited_at: datetime | None
    version: int

    @classmethod
    def of(cls, user: User) -> Self:
        """From the stored record."""
        return cls(**user.model_dump(exclude={"company_id"}))


@operations.get("/team", Permission.TEAM_READ)
def list_members(api: Api, by: By, turn: AskedPage) -> PageOut[MemberOut]:
    return page_out(team.members(api.team, by.company, turn), MemberOut.of)


@operations.post("/team", Permission.TEAM_WRITE, status_code=201)
def invite_member(api: Api, by: By, body: InvitationIn, response: Response, key: IdempotencyKey = None) -> MemberOut:
    return _invite(api, by, by.company, body, response, key)


@operations.put("/team/{user_id}/role", Permission.TEAM_WRITE)
def change_member_role(
    api: Api, by: By, user_id: Identifier, body: RoleIn, expected: Expected, response: Response
) -> MemberOut:
    changed = team.change_role(api.team, by, user_id, expected, body.role)
    tag(response, changed.version)
    return MemberOut.of(changed)


@operations.put("/team/{user_id}/access", Permission.TEAM_WRITE)
def switch_member(
    api: Api, by: By, user_id: Identifier, body: AccessIn, expected: Expected, response: Response
) -> MemberOut:
    changed = team.switch_member(api.team, by, user_id, expected, active=body.active)
    tag(response, changed.version)
    return MemberOut.of(changed)


@operations.get("/fleet/companies/{company_id}/team", Permission.FLEET_COMPANIES)
def list_company_members(api: Api, company_id: Identifier, turn: AskedPage) -> PageOut[MemberOut]:
    companies.company(api.companies.companies, company_id)
    return page_out(team.members(api.team, company_id, turn), MemberOut.of)


@operations.post("/fleet/companies/{company_id}/team", Permission.FLEET_COMPANIES, status_code=201)
def invite_company_member(
    api: Api, by: By, company_id: Identifier, body: InvitationIn, response: Response, key: IdempotencyKey = None
) -> MemberOut:
    companies.company(api.companies.companies, company_id)
    return _invite(api, by, company_id, body, response, key)


def _invite(api: Api, by: By, company_id: str, body: InvitationIn, response: Response, key: str | None) -> MemberOut:
    def make() -> MemberOut:
        invited = team.invite_member(api.team, by, company_id, email=body.email, name=body.name.strip(), role=body.role)
        return MemberOut.of(invited)

    made = once(api, by, key, f"invite_member|{company_id}", body, make, MemberOut)
    tag(response, made.version)
    return made
