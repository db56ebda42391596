"""Whose token is believed: signature, issuer, audience, use, expiry, and the claims that say who somebody is."""

import base64
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.adapters.aws.cognito_tokens import MAX_KEYS_BYTES, CognitoTokens, Keys
from shared.contracts.errors import NotAuthenticated, Unavailable
from shared.contracts.records.user import Role, User
from shared.domain.permissions import Actor
from tests.functions.admin.console import (
    ADMIN,
    AGENT,
    CLIENT,
    ISSUER,
    MASTER,
    Console,
    Person,
    member_key,
    published,
    refusal,
    signing_key,
    token,
)
from tests.services.world import START, World


class Issuer:
    """Publishes keys, counts who asks, and can be away. Its clock is turned by hand."""

    def __init__(self) -> None:
        self.keys = ["first"]
        self.asked = 0
        self.away = False
        self.now = 1000.0

    def fetch(self, url: str) -> bytes:
        """The published keys."""
        self.asked += 1
        if self.away:
            raise OSError("away")
        return published(*self.keys)


@dataclass
class Clock:
    """Turned by hand."""

    now: datetime = START


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def issuer() -> Issuer:
    """Publishes the first key."""
    return Issuer()


@pytest.fixture
def tokens(issuer: Issuer, clock: Clock) -> CognitoTokens:
    """The verifier under test."""
    keys = Keys("https://keys.example", lambda: issuer.now, issuer.fetch)
    return CognitoTokens(keys, ISSUER, CLIENT, lambda: clock.now)


def test_a_good_token_says_who_somebody_is(tokens: CognitoTokens, clock: Clock) -> None:
    assert tokens.actor(token(ADMIN.claims(clock))) == Actor(
        "admin-a", Role.COMPANY_ADMIN, "company-a", "admin-a@shop.example", "Admin-A"
    )
    assert tokens.actor(token(MASTER.claims(clock))).company_id is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other"},
        {"iss": None},
        {"aud": "another-app"},
        {"aud": ["another-app"]},
        {"aud": None},
        {"token_use": "access"},
        {"token_use": None},
        {"exp": None},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"iat": None},
        {"nbf": 9_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 65},
        {"cognito:groups": None},
        {"cognito:groups": []},
        {"cognito:groups": ["strangers"]},
        {"cognito:groups": "company_admin"},
        {"cognito:groups": ["company_admin", "support_agent"]},
        {"cognito:groups": ["company_admin", "chatapp.master_admin"]},
        {"cognito:groups": ["chatapp.master_admin"]},
        {"custom:company_id": None},
        {"custom:company_id": ""},
        {"custom:company_id": 7},
        {"custom:company_id": ["company-a"]},
    ],
    ids=str,
)
def test_a_signed_token_with_wrong_claims_is_nobodys(
    tokens: CognitoTokens, clock: Clock, changes: dict[str, Any]
) -> None:
    with pytest.raises(NotAuthenticated):
        tokens.actor(token(ADMIN.claims(clock, **changes)))


def test_a_token_expires(tokens: CognitoTokens, clock: Clock) -> None:
    signed = token(ADMIN.claims(clock))
    clock.now += timedelta(seconds=3600 + 29)
    assert tokens.actor(signed)
    clock.now += timedelta(seconds=1)
    with pytest.raises(NotAuthenticated):
        tokens.actor(signed)


def test_only_the_issuers_rs256_signature_counts(tokens: CognitoTokens, clock: Clock) -> None:
    claims = ADMIN.claims(clock)
    good = token(claims)
    head, payload, signature = good.split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "other"}).encode()).decode().rstrip("=")
    public = signing_key().as_pem(private=False)
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"first"}').decode().rstrip("=")
    shared = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').decode().rstrip("=")
    digest = hmac.digest(public, f"{shared}.{payload}".encode(), "sha256")
    confused = f"{shared}.{payload}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
    undecided = RSAKey.import_key(signing_key().as_pem(private=True))
    wrong = [
        f"{head}.{forged}.{signature}",
        f"{head}.{payload}.",
        f"{none}.{payload}.",
        f"{none}.{payload}.{signature}",
        confused,
        jwt.encode({"alg": "PS256", "kid": "first"}, claims, undecided, algorithms=["PS256"]),
        jwt.encode({"alg": "RS256", "kid": "first"}, claims, signing_key("second")),
        jwt.encode({"alg": "RS256"}, claims, signing_key("third")),
        token(claims, "second"),
        "",
        "x",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        good + "é",
        "." * 8000,
        "x" * 9000,
        f"{base64.urlsafe_b64encode(b'[]').decode()}.{payload}.{signature}",
        f"{base64.urlsafe_b64encode(b'{').decode()}.{payload}.{signature}",
    ]
    for text in wrong:
        with pytest.raises(NotAuthenticated):
            tokens.actor(text)
    assert tokens.actor(good)


def test_a_key_that_names_no_algorithm_is_used_for_rs256_only(clock: Clock) -> None:
    key = {name: value for name, value in json.loads(published())["keys"][0].items() if name != "alg"}
    keys = Keys("https://keys.example", lambda: 0.0, lambda _: json.dumps({"keys": [key]}).encode())
    tokens = CognitoTokens(keys, ISSUER, CLIENT, lambda: clock.now)
    claims = ADMIN.claims(clock)
    undecided = RSAKey.import_key(signing_key().as_pem(private=True))
    for algorithm in ("PS256", "RS384", "RS512"):
        header = {"alg": algorithm, "kid": "first"}
        with pytest.raises(NotAuthenticated):
            tokens.actor(jwt.encode(header, claims, undecided, algorithms=[algorithm]))
    assert tokens.actor(token(claims))


def test_keys_are_fetched_once_an_hour_and_at_once_for_a_new_one(
    tokens: CognitoTokens, issuer: Issuer, clock: Clock
) -> None:
    claims = ADMIN.claims(clock)
    for _ in range(5):
        tokens.actor(token(claims))
    assert issuer.asked == 1
    issuer.now += 11
    issuer.keys = ["first", "second"]
    assert tokens.actor(token(claims, "second"))
    assert issuer.asked == 2
    issuer.now += 3600
    issuer.keys = ["second"]
    with pytest.raises(NotAuthenticated):
        tokens.actor(token(claims))
    assert issuer.asked == 3


def test_tokens_with_made_up_keys_do_not_make_us_ask_all_the_time(
    tokens: CognitoTokens, issuer: Issuer, clock: Clock
) -> None:
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            tokens.actor(token(ADMIN.claims(clock), "second", kid=f"made-up-{number}"))
    assert issuer.asked == 1


def test_a_token_is_not_called_wrong_while_nobody_can_tell(tokens: CognitoTokens, issuer: Issuer, clock: Clock) -> None:
    issuer.away = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            tokens.actor(token(ADMIN.claims(clock)))
    assert issuer.asked == 1
    issuer.away, issuer.now = False, issuer.now + 11
    assert tokens.actor(token(ADMIN.claims(clock)))


def test_known_keys_stay_good_while_the_issuer_is_away(tokens: CognitoTokens, issuer: Issuer, clock: Clock) -> None:
    assert tokens.actor(token(ADMIN.claims(clock)))
    issuer.away, issuer.now = True, issuer.now + 4000
    assert tokens.actor(token(ADMIN.claims(clock)))
    issuer.away, issuer.now = False, issuer.now + 11
    assert tokens.actor(token(ADMIN.claims(clock)))
    assert issuer.asked == 3


@pytest.fixture
def served() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A real server of keys on loopback."""
    content = {"body": published()}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content["body"])

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class calls it so
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json", content
        server.shutdown()
        thread.join()


def test_keys_come_over_http(served: tuple[str, dict[str, bytes]], clock: Clock) -> None:
    url, content = served
    seconds = [0.0]
    tokens = CognitoTokens(Keys(url, lambda: seconds[0]), ISSUER, CLIENT, lambda: clock.now)
    for rubbish in (b"", b"[]", b'{"keys": 7}', b'{"keys": [{"kty": "RSA"}]}', b" " * (MAX_KEYS_BYTES + 1)):
        content["body"] = rubbish
        with pytest.raises(Unavailable):
            tokens.actor(token(ADMIN.claims(clock)))
        seconds[0] += 11
    content["body"] = published()
    assert tokens.actor(token(ADMIN.claims(clock))).user_id == "admin-a"


@pytest.mark.parametrize("url", ["http://keys.example/jwks.json", "file:///etc/passwd", "ftp://x"])
def test_keys_never_come_over_an_open_line(url: str, clock: Clock) -> None:
    tokens = CognitoTokens(Keys(url, lambda: 0.0), ISSUER, CLIENT, lambda: clock.now)
    with pytest.raises(Unavailable):
        tokens.actor(token(ADMIN.claims(clock)))


def test_a_refused_visitor_learns_nothing(console: Console) -> None:
    answers = {
        (response.status_code, response.text, response.headers["www-authenticate"])
        for response in (
            console.get(None, "/me"),
            console.ask(None, "GET", "/me", headers={"authorization": "Basic abc"}),
            console.ask(None, "GET", "/me", headers={"authorization": "Bearer x"}),
            console.ask(None, "GET", "/me", headers={"authorization": "Bearer " + "x" * 20_000}),
        )
    }
    assert len(answers) == 1 and next(iter(answers))[0] == 401
    assert refusal(console.get(None, "/me")) == (401, "not_authenticated")


def test_a_member_who_was_switched_off_is_out_at_once_whatever_the_token_says(console: Console) -> None:
    assert console.get(AGENT, "/me").status_code == 200
    assert console.ask(ADMIN, "PUT", "/team/agent-a/access", {"active": False}, version=1).status_code == 200
    assert refusal(console.get(AGENT, "/me")) == (401, "not_authenticated")
    assert console.ask(ADMIN, "PUT", "/team/agent-a/access", {"active": True}, version=2).status_code == 200
    assert console.get(AGENT, "/me").status_code == 200


def test_a_new_role_voids_the_old_tokens(console: Console) -> None:
    assert console.ask(ADMIN, "PUT", "/team/agent-a/role", {"role": "company_admin"}, version=1).status_code == 200
    assert refusal(console.get(AGENT, "/me")) == (401, "not_authenticated")


def test_me_says_what_the_interface_may_offer(console: Console) -> None:
    me = console.get(AGENT, "/me").json()
    assert me["role"] == "support_agent" and me["companyName"] == "Company A" and me["callEnabled"] is True
    assert me["permissions"] == ["me", "company.read", "calls.read", "integration_accounts.read"]
    master = console.get(MASTER, "/me").json()
    assert master["companyId"] is None and "fleet.companies" in master["permissions"]
    assert "chatbots.read" not in master["permissions"]


def test_a_company_named_in_the_request_changes_nothing(console: Console) -> None:
    for path in ("/company?companyId=company-b", "/company?company_id=company-b"):
        assert console.get(ADMIN, path).json()["companyId"] == "company-a"
    header = {"x-company-id": "company-b", "x-amzn-oidc-identity": "master"}
    assert console.ask(ADMIN, "GET", "/company", headers=header).json()["companyId"] == "company-a"


def test_a_signed_token_of_somebody_who_is_no_member_opens_nothing(console: Console, world: World) -> None:
    moved = Person(AGENT.role, "company-b", AGENT.user_id)
    assert refusal(console.get(moved, "/me")) == (401, "not_authenticated")
    world.client.delete_item(TableName="core", Key=member_key(AGENT).attributes)
    assert refusal(console.get(AGENT, "/me")) == (401, "not_authenticated")


def test_a_master_admin_needs_no_record_but_one_can_keep_them_out(console: Console, world: World) -> None:
    assert console.get(MASTER, "/me").status_code == 200
    record = User(user_id="master", email="master@shop.example", role=Role.MASTER_ADMIN, active=False)
    world.core.put(member_key(MASTER), record)
    assert refusal(console.get(MASTER, "/me")) == (401, "not_authenticated")
