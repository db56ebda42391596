"""Packages with drafts, publications and what companies are offered (table `core`)."""

from collections.abc import Callable

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import from_item
from shared.adapters.aws.dynamo.paging import every, page
from shared.adapters.aws.dynamo.table import LAST, Span, Table, versioned
from shared.contracts.page import Page, Turn
from shared.contracts.settings.package import Package, PackageVersion


class DynamoFleetPackages:
    """See shared.ports.repositories."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, package_id: str) -> Package | None:
        """A package with its draft."""
        return self._table.record(keys.package(package_id), Package)

    def page(self, turn: Turn, keep: Callable[[Package], bool]) -> Page[Package]:
        """All packages that are wanted."""
        return page(self._table, [Span("PKG")], turn, lambda item: versioned(item, Package), keep)

    def published(self, package_id: str, number: int) -> PackageVersion | None:
        """One publication."""
        return self._table.get(keys.package_version(package_id, number), PackageVersion)

    def publications(self, package_id: str, turn: Turn) -> Page[PackageVersion]:
        """Every publication, newest first."""
        spans = [Span(f"PKG#{package_id}", low="V#", high="V#" + LAST, newest_first=True)]
        return page(self._table, spans, turn, lambda item: from_item(item, PackageVersion))


class DynamoOfferedPackages:
    """See shared.ports.repositories."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self) -> list[PackageVersion]:
        """What companies may deploy now (tens of packages)."""
        return [from_item(item, PackageVersion) for item in every(self._table, Span("OFFER"))]

    def get(self, package_id: str) -> PackageVersion | None:
        """The published version of a package, None if it is not offered."""
        return self._table.get(keys.offered_package(package_id), PackageVersion)
