"""Companies, as the master admin runs them, and the feature flag that opens calls to one."""

from dataclasses import dataclass

from shared.contracts.errors import NotFound, NotPermitted
from shared.contracts.page import Page, Turn
from shared.contracts.settings.company import CallLimits, Company, CompanySettings, Features
from shared.domain.permissions import Actor
from shared.ports.changes import Save
from shared.ports.repositories import Companies, FleetCompanies
from shared.services.auditing import Deed, Desk, next_version, require_version

NOT_AVAILABLE = "Call feature not available. Contact support."


@dataclass(frozen=True, slots=True)
class CompanyPorts:
    """What these use cases need."""

    companies: Companies
    fleet: FleetCompanies
    desk: Desk


def all_companies(ports: CompanyPorts, turn: Turn, search: str = "") -> Page[Company]:
    """Every company whose name contains the search, by name; for the master admin."""
    return ports.fleet.page(turn, lambda found: search.lower() in found.name.lower())


def company(companies: Companies, company_id: str) -> Company:
    """One company. Raises NotFound."""
    found = companies.get(company_id)
    if found is None:
        raise NotFound("There is no such company.")
    return found


def require_calls(companies: Companies, company_id: str) -> Company:
    """The company, if calls were opened to it. Raises NotPermitted."""
    found = company(companies, company_id)
    if not found.settings.features.callEnabled:
        raise NotPermitted(NOT_AVAILABLE)
    return found


def create_company(ports: CompanyPorts, by: Actor, name: str, limits: CallLimits) -> Company:
    """A new company; calls are closed to it until they are opened."""
    made = Company(company_id=ports.desk.new_id(), name=name, limits=limits)
    ports.desk.write(Deed(by, "company.created", made.company_id, made.company_id, None, made), Save(made))
    return next_version(made)


def edit_company(
    ports: CompanyPorts, by: Actor, company_id: str, expected: int, *, name: str, limits: CallLimits
) -> Company:
    """Rename a company or change its limits. Raises NotFound, VersionConflict."""
    return _changed(ports, by, company_id, expected, "company.edited", {"name": name, "limits": limits})


def switch_calls(ports: CompanyPorts, by: Actor, company_id: str, expected: int, *, enabled: bool) -> Company:
    """Open or close calls to a company; running calls go on, new ones are refused. Raises NotFound, VersionConflict."""
    settings = CompanySettings(features=Features(callEnabled=enabled))
    return _changed(ports, by, company_id, expected, "company.features_changed", {"settings": settings})


def _changed(
    ports: CompanyPorts, by: Actor, company_id: str, expected: int, action: str, changes: dict[str, object]
) -> Company:
    before = company(ports.companies, company_id)
    require_version(before.version, expected)
    after = before.model_copy(update=changes)
    ports.desk.write(Deed(by, action, company_id, company_id, before, after), Save(after))
    return next_version(after)
