"""Packages: written and published by the master admin, deployed by companies."""

from typing import Annotated, Literal

from fastapi import Query, Response

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import (
    AskedPage,
    Expected,
    IdempotencyKey,
    Identifier,
    Number,
    PageOut,
    Schema,
    once,
    page_out,
    tag,
)
from functions.admin_api.schemas import RollbackIn
from shared.contracts.settings.package import Package, PackageContent, PackageVersion
from shared.domain.permissions import Permission
from shared.services import packages

operations = Operations()


class OfferedPackages(Schema):
    """What a company may deploy now."""

    items: list[PackageVersion]


@operations.get("/fleet/packages", Permission.FLEET_PACKAGES)
def list_packages(
    api: Api,
    turn: AskedPage,
    capability: Literal["chat", "call", "both"] | None = None,
    search: Annotated[str, Query(max_length=120)] = "",
) -> PageOut[Package]:
    return page_out(packages.all_packages(api.packages, turn, capability, search), lambda package: package)


@operations.post("/fleet/packages", Permission.FLEET_PACKAGES, status_code=201)
def create_package(api: Api, by: By, body: PackageContent, response: Response, key: IdempotencyKey = None) -> Package:
    made = once(api, by, key, "create_package", body, lambda: packages.create_package(api.packages, by, body), Package)
    tag(response, made.version)
    return made


@operations.get("/fleet/packages/{package_id}", Permission.FLEET_PACKAGES)
def get_package(api: Api, package_id: Identifier, response: Response) -> Package:
    found = packages.package(api.packages, package_id)
    tag(response, found.version)
    return found


@operations.put("/fleet/packages/{package_id}", Permission.FLEET_PACKAGES)
def edit_package(
    api: Api, by: By, package_id: Identifier, body: PackageContent, expected: Expected, response: Response
) -> Package:
    changed = packages.edit_package(api.packages, by, package_id, expected, body)
    tag(response, changed.version)
    return changed


@operations.post("/fleet/packages/{package_id}/publish", Permission.FLEET_PACKAGES)
def publish_package(api: Api, by: By, package_id: Identifier, expected: Expected, response: Response) -> Package:
    changed = packages.publish_package(api.packages, by, package_id, expected)
    tag(response, changed.version)
    return changed


@operations.post("/fleet/packages/{package_id}/rollback", Permission.FLEET_PACKAGES)
def roll_back_package(
    api: Api, by: By, package_id: Identifier, body: RollbackIn, expected: Expected, response: Response
) -> Package:
    changed = packages.roll_back_package(api.packages, by, package_id, expected, body.number)
    tag(response, changed.version)
    return changed


@operations.post("/fleet/packages/{package_id}/withdraw", Permission.FLEET_PACKAGES)
def withdraw_package(api: Api, by: By, package_id: Identifier, expected: Expected, response: Response) -> Package:
    changed = packages.withdraw_package(api.packages, by, package_id, expected)
    tag(response, changed.version)
    return changed


@operations.get("/fleet/packages/{package_id}/versions", Permission.FLEET_PACKAGES)
def list_package_versions(api: Api, package_id: Identifier, turn: AskedPage) -> PageOut[PackageVersion]:
    return page_out(packages.package_versions(api.packages, package_id, turn), lambda version: version)


@operations.get("/fleet/packages/{package_id}/versions/{number}", Permission.FLEET_PACKAGES)
def get_package_version(api: Api, package_id: Identifier, number: Number) -> PackageVersion:
    return packages.package_version(api.packages, package_id, number)


@operations.get("/packages", Permission.PACKAGES_READ)
def list_offered_packages(
    api: Api,
    by: By,
    capability: Literal["chat", "call", "both"] | None = None,
    category: Annotated[str | None, Query(max_length=60)] = None,
    search: Annotated[str, Query(max_length=120)] = "",
) -> OfferedPackages:
    found = packages.offered_packages(api.packages, by.company, capability=capability, category=category, search=search)
    return OfferedPackages(items=list(found))
