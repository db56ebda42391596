"""A company's own system, told of every call by a signed message: where it is, its secret, and trying it out."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.contracts.errors import InvalidRequest, NotFound
from shared.contracts.records.secret import SecretHint
from shared.contracts.settings.webhook_endpoint import SECRET_ACCOUNT, SECRET_FIELD, WebhookEndpoint
from shared.domain.permissions import Actor
from shared.domain.webhook_signatures import signed_headers
from shared.ports.after_call import NotDelivered, WebhookEndpoints, WebhookSender
from shared.ports.changes import SaveEndpoint
from shared.ports.secrets import Secrets
from shared.services.auditing import Deed, Desk, require_version

NO_ENDPOINT = "Your own system is not connected yet."
NOT_HTTPS = "Enter an address that begins with https://."
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class OwnSystemPorts:
    """What these use cases need. `new_secret` makes `whsec_` secrets; `local` allows plain HTTP on this machine."""

    endpoints: WebhookEndpoints
    secrets: Secrets
    sender: WebhookSender
    desk: Desk
    new_secret: Callable[[], str]
    local: bool = False


@dataclass(frozen=True, slots=True)
class OwnSystem:
    """What may be shown of it; `endpoint` None: nothing was set up yet."""

    endpoint: WebhookEndpoint | None
    secret: SecretHint | None


def own_system(ports: OwnSystemPorts, company_id: str) -> OwnSystem:
    """A company's."""
    hint = ports.secrets.hints(company_id, SECRET_ACCOUNT).get(SECRET_FIELD)
    return OwnSystem(ports.endpoints.get(company_id), hint)


def connect(ports: OwnSystemPorts, by: Actor, expected: int, url: str, *, active: bool) -> OwnSystem:
    """Say where it is.

    Raises InvalidRequest, VersionConflict.
    """
    parts = urlsplit(url)
    plain = ports.local and parts.scheme == "http" and parts.hostname in LOCAL_HOSTS
    if not (parts.scheme == "https" or plain) or not parts.hostname:
        raise InvalidRequest(NOT_HTTPS, {"url": NOT_HTTPS})
    before = ports.endpoints.get(by.company)
    require_version(0 if before is None else before.version, expected)
    after = WebhookEndpoint(company_id=by.company, url=url, active=active, version=expected)
    deed = Deed(by, "own_system.connected", by.company, by.company, before, after)
    ports.desk.write(deed, SaveEndpoint(after))
    return own_system(ports, by.company)


def renew_secret(ports: OwnSystemPorts, by: Actor, expected: int) -> tuple[OwnSystem, str]:
    """Make a new signing secret; it is shown this once and the one before stops at once.

    Raises NotFound, VersionConflict.
    """
    endpoint = _endpoint(ports, by.company)
    require_version(endpoint.version, expected)
    secret = ports.new_secret()
    sealed = ports.secrets.seal(by.company, SECRET_ACCOUNT, SECRET_FIELD, secret, ports.desk.now())
    deed = Deed(by, "own_system.secret_renewed", by.company, by.company)
    ports.desk.write(deed, SaveEndpoint(endpoint, (sealed,)))
    return own_system(ports, by.company), secret


def try_out(ports: OwnSystemPorts, by: Actor) -> str | None:
    """Send a signed message of the type `test`; returns why it did not arrive, None if it did. Raises NotFound."""
    endpoint = _endpoint(ports, by.company)
    secret = ports.secrets.get(by.company, SECRET_ACCOUNT, SECRET_FIELD)
    if secret is None:
        raise NotFound("Make a signing secret first.")
    ports.desk.write(Deed(by, "own_system.tested", by.company, by.company))
    now = ports.desk.now()
    message = {"type": "test", "timestamp": now.isoformat(), "data": {}}
    body = json.dumps(message, separators=(",", ":")).encode()
    try:
        ports.sender.send(endpoint.url, signed_headers(secret, ports.desk.new_id(), int(now.timestamp()), body), body)
    except NotDelivered as failed:
        return str(failed)
    return None


def _endpoint(ports: OwnSystemPorts, company_id: str) -> WebhookEndpoint:
    endpoint = ports.endpoints.get(company_id)
    if endpoint is None:
        raise NotFound(NO_ENDPOINT)
    return endpoint
