"""Who may do what in the administration. The company of a request comes from the signed claims and nowhere else.

Every operation of the administration declares one permission; this table says which roles have it. What a role may see
of a permitted thing (a support agent only calls they took part in) is decided by the service.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.records.user import Role


class Permission(StrEnum):
    """What an operation is about. `fleet` ones reach over all companies."""

    SIGNED_IN = "me"
    FLEET_COMPANIES = "fleet.companies"
    FLEET_PACKAGES = "fleet.packages"
    FLEET_MODELS = "fleet.ai_models"
    FLEET_CALLS = "fleet.calls"
    FLEET_AUDIT = "fleet.audit"
    FLEET_ACCOUNTS = "fleet.integration_accounts"
    COMPANY_READ = "company.read"
    PACKAGES_READ = "packages.read"
    MODELS_READ = "ai_models.read"
    CHATBOTS_READ = "chatbots.read"
    CHATBOTS_WRITE = "chatbots.write"
    CALL_SETTINGS_READ = "call_settings.read"
    CALL_SETTINGS_WRITE = "call_settings.write"
    WIDGET_READ = "widget.read"
    WIDGET_WRITE = "widget.write"
    CALLS_READ = "calls.read"
    TEAM_READ = "team.read"
    TEAM_WRITE = "team.write"
    AUDIT_READ = "audit.read"
    ACCOUNTS_READ = "integration_accounts.read"
    ACCOUNTS_WRITE = "integration_accounts.write"
    USAGE_READ = "usage.read"


_MASTER = frozenset({Role.MASTER_ADMIN})
_COMPANY = frozenset({Role.COMPANY_ADMIN})
_MEMBERS = frozenset({Role.COMPANY_ADMIN, Role.SUPPORT_AGENT})

GRANTS: dict[Permission, frozenset[Role]] = {
    Permission.SIGNED_IN: frozenset(Role),
    Permission.FLEET_COMPANIES: _MASTER,
    Permission.FLEET_PACKAGES: _MASTER,
    Permission.FLEET_MODELS: _MASTER,
    Permission.FLEET_CALLS: _MASTER,
    Permission.FLEET_AUDIT: _MASTER,
    Permission.FLEET_ACCOUNTS: _MASTER,
    Permission.COMPANY_READ: _MEMBERS,
    Permission.PACKAGES_READ: _COMPANY,
    Permission.MODELS_READ: _COMPANY,
    Permission.CHATBOTS_READ: _COMPANY,
    Permission.CHATBOTS_WRITE: _COMPANY,
    Permission.CALL_SETTINGS_READ: _COMPANY,
    Permission.CALL_SETTINGS_WRITE: _COMPANY,
    Permission.WIDGET_READ: _COMPANY,
    Permission.WIDGET_WRITE: _COMPANY,
    Permission.CALLS_READ: _MEMBERS,
    Permission.TEAM_READ: _COMPANY,
    Permission.TEAM_WRITE: _COMPANY,
    Permission.AUDIT_READ: _COMPANY,
    Permission.ACCOUNTS_READ: _MEMBERS,
    Permission.ACCOUNTS_WRITE: _COMPANY,
    Permission.USAGE_READ: _COMPANY,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the signed claims say. Members of companies have a company, master admins have none."""

    user_id: str
    role: Role
    company_id: str | None
    email: str = ""
    name: str = ""

    @property
    def who(self) -> str:
        """As it is written into the ledger."""
        return f"{self.role}#{self.user_id}"

    @property
    def company(self) -> str:
        """The company of a member; only operations that members alone may use ask for it."""
        if self.company_id is None:
            raise ValueError("a master admin acts in no company")
        return self.company_id


def may(role: Role, permission: Permission) -> bool:
    """Whether this role has this permission."""
    return role in GRANTS[permission]


def permissions_of(role: Role) -> tuple[Permission, ...]:
    """Everything a role may do, for interfaces that hide what cannot be used."""
    return tuple(permission for permission in Permission if may(role, permission))


def well_formed(role: Role, company_id: str | None) -> bool:
    """Whether a role and a company belong together."""
    return (company_id is None) == (role is Role.MASTER_ADMIN)
