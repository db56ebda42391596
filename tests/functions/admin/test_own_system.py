"""The company's own system, and where its outgoing calls may go."""

import pytest

from shared.domain.webhook_signatures import signed_headers
from tests.functions.admin.console import ADMIN, AGENT, OTHER_ADMIN, SIGNING_SECRET, Console, refusal

URL = "https://crm.shop.example/calls"


def test_connected_given_a_secret_tried_out_and_switched_off(console: Console) -> None:
    assert console.get(ADMIN, "/own-system").json() == {"url": None, "active": False, "secret": None, "version": 0}
    connected = console.ask(ADMIN, "PUT", "/own-system", {"url": URL}, version=0)
    assert connected.json() == {"url": URL, "active": True, "secret": None, "version": 1}
    assert connected.headers["etag"] == '"1"'
    assert refusal(console.ask(ADMIN, "POST", "/own-system/test"))[0] == 404

    renewed = console.ask(ADMIN, "POST", "/own-system/secret", version=1)
    assert renewed.json() == {"signingSecret": SIGNING_SECRET, "version": 2}
    assert renewed.headers["cache-control"] == "no-store"
    shown = console.get(AGENT, "/own-system")
    assert shown.json()["secret"]["masked"].endswith(SIGNING_SECRET[-4:]) and SIGNING_SECRET not in shown.text

    assert console.ask(ADMIN, "POST", "/own-system/test").json() == {"delivered": True, "problem": None}
    url, headers, body = console.sender.sent.pop()
    stamp = int(console.world.now.timestamp())
    assert url == URL and headers == signed_headers(SIGNING_SECRET, headers["webhook-id"], stamp, body)
    console.sender.problem = "The address answered 500."
    failed = console.ask(ADMIN, "POST", "/own-system/test").json()
    assert failed == {"delivered": False, "problem": "The address answered 500."}

    off = console.ask(ADMIN, "PUT", "/own-system", {"url": URL, "active": False}, version=2)
    assert off.json()["active"] is False
    assert console.get(OTHER_ADMIN, "/own-system").json()["url"] is None


@pytest.mark.parametrize("url", ["http://crm.shop.example/", "https:///calls", "ftp://x", "https://a@b.example", ""])
def test_only_encrypted_addresses_are_taken(console: Console, url: str) -> None:
    refused = console.ask(ADMIN, "PUT", "/own-system", {"url": url}, version=0)
    assert refused.status_code == 400 and refused.json()["error"]["fields"].keys() == {"url"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PUT", "/own-system", {"url": URL}), ("POST", "/own-system/secret", None), ("PUT", "/outbound-policy", {})],
)
def test_a_change_of_what_was_changed_meanwhile_is_refused(
    console: Console, method: str, path: str, body: dict[str, str] | None
) -> None:
    console.ask(ADMIN, "PUT", path.removesuffix("/secret"), {"url": URL} if body is None else body, version=0)
    refused = console.ask(ADMIN, method, path, body, version=0)
    assert refusal(refused) == (409, "version_conflict") and refused.json()["error"]["currentVersion"] == 1


def test_countries_and_numbers_of_outgoing_calls(console: Console) -> None:
    default = console.get(AGENT, "/outbound-policy").json()
    assert default == {"allowedCountries": [], "testCallsPerAdminPerHour": 5, "callsPerDay": 20, "version": 0}
    wanted = {"allowedCountries": ["US", "DE", "US"], "testCallsPerAdminPerHour": 7, "callsPerDay": 100}
    saved = console.ask(ADMIN, "PUT", "/outbound-policy", wanted, version=0)
    assert saved.json() == {**wanted, "allowedCountries": ["DE", "US"], "version": 1}
    assert console.get(ADMIN, "/outbound-policy").json() == saved.json()
    entry = console.get(ADMIN, "/audit").json()["items"][0]
    assert entry["action"] == "outbound_policy.saved"
    for wrong in ({"allowedCountries": ["ZZ"]}, {"allowedCountries": ["usa"]}, {"callsPerDay": -1}):
        assert console.ask(ADMIN, "PUT", "/outbound-policy", wrong, version=1).status_code == 400
