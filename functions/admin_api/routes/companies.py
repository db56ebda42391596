"""Companies: run by the master admin, seen by their own members."""

from typing import Annotated

from fastapi import Query, Response
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
from shared.contracts.settings.company import CallLimits, Company, Features
from shared.domain.permissions import Permission
from shared.services import companies

operations = Operations()


class CompanyIn(Schema):
    """What a master admin says about a company."""

    name: Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]
    limits: CallLimits = CallLimits()


class EditedCompanyIn(Schema):
    """All that can be edited; nothing falls back to a default unsaid."""

    name: Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]
    limits: CallLimits


class OwnCompanyOut(Schema):
    """What members see of their company; only the master admin opens calls to it."""

    company_id: str
    name: str
    call_enabled: bool


@operations.get("/fleet/companies", Permission.FLEET_COMPANIES)
def list_companies(api: Api, turn: AskedPage, search: Annotated[str, Query(max_length=120)] = "") -> PageOut[Company]:
    return page_out(companies.all_companies(api.companies, turn, search), lambda company: company)


@operations.post("/fleet/companies", Permission.FLEET_COMPANIES, status_code=201)
def create_company(api: Api, by: By, body: CompanyIn, response: Response, key: IdempotencyKey = None) -> Company:
    made = once(
        api,
        by,
        key,
        "create_company",
        body,
        lambda: companies.create_company(api.companies, by, body.name.strip(), body.limits),
        Company,
    )
    tag(response, made.version)
    return made


@operations.get("/fleet/companies/{company_id}", Permission.FLEET_COMPANIES)
def get_company(api: Api, company_id: Identifier, response: Response) -> Company:
    found = companies.company(api.companies.companies, company_id)
    tag(response, found.version)
    return found


@operations.put("/fleet/companies/{company_id}", Permission.FLEET_COMPANIES)
def edit_company(
    api: Api, by: By, company_id: Identifier, body: EditedCompanyIn, expected: Expected, response: Response
) -> Company:
    name = body.name.strip()
    changed = companies.edit_company(api.companies, by, company_id, expected, name=name, limits=body.limits)
    tag(response, changed.version)
    return changed


@operations.put("/fleet/companies/{company_id}/features", Permission.FLEET_COMPANIES)
def set_features(
    api: Api, by: By, company_id: Identifier, body: Features, expected: Expected, response: Response
) -> Company:
    changed = companies.switch_calls(api.companies, by, company_id, expected, enabled=body.callEnabled)
    tag(response, changed.version)
    return changed


@operations.get("/company", Permission.COMPANY_READ)
def own_company(api: Api, by: By) -> OwnCompanyOut:
    found = companies.company(api.companies.companies, by.company)
    return OwnCompanyOut(company_id=found.company_id, name=found.name, call_enabled=found.settings.features.callEnabled)
