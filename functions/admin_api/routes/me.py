"""Who is signed in, and what they may do."""

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import Schema
from shared.contracts.records.user import Role
from shared.domain.permissions import Permission, permissions_of

operations = Operations()


class MeOut(Schema):
    """The person, their company (none for a master admin) and what the interface may offer them."""

    user_id: str
    email: str
    name: str
    role: Role
    company_id: str | None
    company_name: str | None
    call_enabled: bool
    permissions: list[Permission]


@operations.get("/me", Permission.SIGNED_IN)
def who_am_i(api: Api, by: By) -> MeOut:
    company = None if by.company_id is None else api.companies.companies.get(by.company_id)
    return MeOut(
        user_id=by.user_id,
        email=by.email,
        name=by.name,
        role=by.role,
        company_id=by.company_id,
        company_name=None if company is None else company.name,
        call_enabled=company is not None and company.settings.features.callEnabled,
        permissions=list(permissions_of(by.role)),
    )
