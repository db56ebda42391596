"""The members of a company: invited, given a role, switched off.

A token says who somebody was when they signed in; the member's record can only take away from that, at once. Company
and role of a request come from the token and must both be the record's: whoever could forge one of them gains nothing.
"""

from dataclasses import dataclass

from shared.contracts.errors import Conflict, InvalidRequest, NotAuthenticated, NotFound, NotPermitted, VersionConflict
from shared.contracts.page import Page, Turn
from shared.contracts.records.user import Role, User
from shared.domain.permissions import Actor
from shared.ports.changes import Claim, Save
from shared.ports.identity import Directory, Tokens
from shared.ports.repositories import Users
from shared.services.auditing import Deed, Desk, next_version, require_version

SIGN_IN = "Please sign in."
TAKEN = "This email address already has an account."
NOT_YOURSELF = "You cannot change your own role or access."
MEMBER_ROLES = (Role.COMPANY_ADMIN, Role.SUPPORT_AGENT)


@dataclass(frozen=True, slots=True)
class TeamPorts:
    """What these use cases need."""

    users: Users
    directory: Directory
    desk: Desk


def signed_in(tokens: Tokens, users: Users, token: str) -> Actor:
    """Who asks. Raises NotAuthenticated, also for whoever is no member of the token's company, was switched off, or has
    another role by now. Master admins need no record; one that is switched off keeps them out."""
    actor = tokens.actor(token)
    member = users.get(actor.company_id, actor.user_id)
    unknown = member is None and actor.role is not Role.MASTER_ADMIN
    if unknown or (member is not None and (not member.active or member.role is not actor.role)):
        raise NotAuthenticated("Your access has changed. Please sign in again.")
    return actor


def members(ports: TeamPorts, company_id: str, turn: Turn) -> Page[User]:
    """A company's members, also those who were switched off."""
    return ports.users.page(company_id, turn)


def invite_member(ports: TeamPorts, by: Actor, company_id: str, *, email: str, name: str, role: Role) -> User:
    """Make an account and a member; only a member's account gets a role.

    Raises InvalidRequest, and Conflict if the address has an account.
    """
    if role not in MEMBER_ROLES:
        raise InvalidRequest("Choose a role of a company.", {"role": "This is no role of a company."})
    email = email.strip().lower()
    user_id = ports.directory.invite(email, name, company_id)
    made = User(user_id=user_id, company_id=company_id, email=email, name=name, role=role, invited_at=ports.desk.now())
    deed = Deed(by, "member.invited", user_id, company_id, None, made)
    try:
        ports.desk.write(deed, Claim("email", "all", email, TAKEN), Save(made))
    except VersionConflict:
        raise Conflict(TAKEN) from None
    ports.directory.set_role(user_id, role)
    return next_version(made)


def change_role(ports: TeamPorts, by: Actor, user_id: str, expected: int, role: Role) -> User:
    """Give a member another role; their tokens are void at once. Raises NotFound, NotPermitted, VersionConflict."""
    if role not in MEMBER_ROLES:
        raise InvalidRequest("Choose a role of a company.", {"role": "This is no role of a company."})
    before = _member(ports, by, user_id)
    require_version(before.version, expected)
    after = before.model_copy(update={"role": role})
    ports.desk.write(Deed(by, "member.role_changed", user_id, by.company, before, after), Save(after))
    ports.directory.set_role(user_id, role)
    return next_version(after)


def switch_member(ports: TeamPorts, by: Actor, user_id: str, expected: int, *, active: bool) -> User:
    """Keep a member out, or let them in again. Raises NotFound, NotPermitted, VersionConflict."""
    before = _member(ports, by, user_id)
    require_version(before.version, expected)
    after = before.model_copy(update={"active": active})
    action = "member.switched_on" if active else "member.switched_off"
    ports.desk.write(Deed(by, action, user_id, by.company, before, after), Save(after))
    ports.directory.set_active(user_id, active=active)
    return next_version(after)


def _member(ports: TeamPorts, by: Actor, user_id: str) -> User:
    found = ports.users.get(by.company, user_id)
    if found is None:
        raise NotFound("There is no such member.")
    if user_id == by.user_id:
        raise NotPermitted(NOT_YOURSELF)
    return found
