"""The only way administration writes: records and the entry of the audit, together or not at all.

An editable record says by its `version` what it is based on: 0 creates it, any other number replaces exactly that
version. What is stored carries the next number.
"""

from dataclasses import dataclass
from typing import Protocol

from shared.contracts.records.audit import AuditEntry
from shared.contracts.records.outbound_call import OutboundPolicy
from shared.contracts.records.publication import Publication
from shared.contracts.records.secret import StoredSecret
from shared.contracts.records.user import User
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_key import CallKey
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.company import Chatbot, Company
from shared.contracts.settings.integration import AccountLink, IntegrationAccount
from shared.contracts.settings.package import Package, PackageVersion
from shared.contracts.settings.webhook_endpoint import WebhookEndpoint
from shared.contracts.settings.widget_config import WidgetConfig

Editable = Company | Chatbot | User | Package | AiModel


@dataclass(frozen=True, slots=True)
class Save:
    """Create or replace a record."""

    record: Editable


@dataclass(frozen=True, slots=True)
class SaveWidget:
    """Replace the version before the publication's of a widget's configuration; each version is kept."""

    company_id: str
    chatbot_id: str
    config: WidgetConfig
    publication: Publication


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """Add the next version of a chatbot's call settings; save the chatbot that names it in the same commit."""

    chatbot: Chatbot
    settings: CallSettings
    publication: Publication


@dataclass(frozen=True, slots=True)
class PublishPackage:
    """Add a version of a package and offer it; save the package in the same commit."""

    version: PackageVersion


@dataclass(frozen=True, slots=True)
class Offer:
    """Offer companies a version that was published before; None takes the package out of the shop."""

    package_id: str
    version: PackageVersion | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Take a name that only one may have, or fail with `refusal`."""

    kind: str
    scope: str
    value: str
    refusal: str


@dataclass(frozen=True, slots=True)
class Release:
    """Give a name back."""

    kind: str
    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class ChangeAccount:
    """Create (`before` None), replace or delete (`after` None) a carrier account, with its name and its number.

    What is replaced must be exactly as it was read. `secrets` are stored with it.
    """

    before: IntegrationAccount | None
    after: IntegrationAccount | None
    secrets: tuple[StoredSecret, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkAccount:
    """Let a chatbot take calls of an account, or (`on` False) stop that."""

    link: AccountLink
    on: bool = True


@dataclass(frozen=True, slots=True)
class SavePolicy:
    """Create or replace where a company's calls may go."""

    company_id: str
    policy: OutboundPolicy


@dataclass(frozen=True, slots=True)
class SaveEndpoint:
    """Create or replace where a company's own system is told of its calls. `secrets` are stored with it."""

    endpoint: WebhookEndpoint
    secrets: tuple[StoredSecret, ...] = ()


@dataclass(frozen=True, slots=True)
class SaveCallKey:
    """Create or replace the key of a company's own system."""

    key: CallKey


Write = (
    Save
    | SaveWidget
    | PublishSettings
    | PublishPackage
    | Offer
    | Claim
    | Release
    | ChangeAccount
    | LinkAccount
    | SavePolicy
    | SaveEndpoint
    | SaveCallKey
)


class Changes(Protocol):
    """Raises VersionConflict with the current version, or Conflict for a name that is taken."""

    def commit(self, entry: AuditEntry, *writes: Write) -> None: ...
