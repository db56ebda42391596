"""The administration in this process, with people whose tokens are really signed."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol, cast

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from functions.admin_api.access import AdminApi
from functions.admin_api.app import create_app
from shared.adapters.aws.blob_prompt_store import BlobPromptStore
from shared.adapters.aws.cognito_tokens import CognitoTokens, Keys
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.call_keys import DynamoCallKeys
from shared.adapters.aws.dynamo.documents import Key
from shared.adapters.aws.dynamo.step_ledger import DynamoWebhookEndpoints
from shared.adapters.aws.dynamo.transcript_index import DynamoTranscriptIndex
from shared.adapters.aws.dynamo.usage_counters import DynamoUsageCounters
from shared.contracts.errors import Conflict
from shared.contracts.records.user import Role, User
from shared.contracts.settings.call_settings import VoiceSettings
from shared.ports.after_call import NotDelivered
from shared.ports.speech import SpeechFailed
from shared.services.ai_models import ModelPorts
from shared.services.auditing import Desk
from shared.services.call_history import HistoryPorts
from shared.services.call_keys import CallKeyPorts
from shared.services.call_settings import CallSettingsPorts
from shared.services.chatbots import ChatbotPorts
from shared.services.companies import CompanyPorts
from shared.services.own_system import OwnSystemPorts
from shared.services.packages import PackagePorts
from shared.services.speaking import SpeakingPorts
from shared.services.team import TeamPorts
from shared.services.usage import UsagePorts
from tests.services.carrier_world import CarrierWorld
from tests.services.world import World

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT = "dashboard"
SIGNING_SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


@cache
def signing_key(name: str = "first") -> RSAKey:
    """A key pair; made once, since that takes long."""
    return RSAKey.generate_key(2048, {"kid": name, "alg": "RS256", "use": "sig"})


def published(*names: str) -> bytes:
    """What the issuer publishes."""
    keys: Mapping[str, Any] = KeySet([signing_key(name) for name in names or ("first",)]).as_dict(private=False)
    return json.dumps(keys).encode()


@cache
def application() -> FastAPI:
    """Made once, since that takes long; each console says what it acts upon."""
    return create_app(cast(AdminApi, None))


@dataclass
class FakeDirectory:
    """Accounts in memory, with what was done to them."""

    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    done: list[tuple[object, ...]] = field(default_factory=list)
    broken: bool = False

    def invite(self, email: str, name: str, company_id: str) -> str:
        """See shared.ports.identity."""
        self.done.append(("invite", email, company_id))
        user_id, owner = self.accounts.setdefault(email, (f"sub-{len(self.accounts) + 1}", company_id))
        if owner != company_id:
            raise Conflict("This email address already has an account.")
        return user_id

    def set_role(self, user_id: str, role: Role) -> None:
        """See shared.ports.identity."""
        if self.broken:
            raise OSError("the directory is away")
        self.done.append(("role", user_id, role))

    def set_active(self, user_id: str, *, active: bool) -> None:
        """See shared.ports.identity."""
        self.done.append(("active", user_id, active))


@dataclass
class FakeRendering:
    """The chatbots whose sentences are to be rendered."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def render(self, company_id: str, chatbot_id: str) -> None:
        """See shared.ports.render_queue."""
        self.asked.append((company_id, chatbot_id))


@dataclass
class FakeSpeech:
    """Speaks a text as two bytes for each character."""

    spoken: list[str] = field(default_factory=list)
    broken: bool = False

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        """See shared.ports.speech."""
        if self.broken:
            raise SpeechFailed("no")
        self.spoken.append(text)
        return b"\1\0" * len(text)


@dataclass
class FakeSender:
    """Messages to companies' own systems: address, headers, body."""

    sent: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    problem: str = ""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """See shared.ports.after_call."""
        if self.problem:
            raise NotDelivered(self.problem)
        self.sent.append((url, headers, body))


class Clock(Protocol):
    """Knows what time it is."""

    now: datetime


@dataclass(frozen=True)
class Person:
    """Somebody who signs in."""

    role: Role
    company_id: str | None
    user_id: str

    def claims(self, clock: Clock, **changes: Any) -> dict[str, Any]:
        """What Cognito puts into an ID token; None removes a claim."""
        at = int(clock.now.timestamp())
        claims: dict[str, Any] = {
            "sub": self.user_id,
            "iss": ISSUER,
            "aud": CLIENT,
            "token_use": "id",
            "iat": at,
            "auth_time": at,
            "exp": at + 3600,
            "email": f"{self.user_id}@shop.example",
            "name": self.user_id.title(),
            "cognito:groups": [str(self.role)],
            "custom:company_id": self.company_id,
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}


MASTER = Person(Role.MASTER_ADMIN, None, "master")
ADMIN = Person(Role.COMPANY_ADMIN, "company-a", "admin-a")
AGENT = Person(Role.SUPPORT_AGENT, "company-a", "agent-a")
OTHER_ADMIN = Person(Role.COMPANY_ADMIN, "company-b", "admin-b")
OTHER_AGENT = Person(Role.SUPPORT_AGENT, "company-b", "agent-b")
PEOPLE = (MASTER, ADMIN, AGENT, OTHER_ADMIN, OTHER_AGENT)


def token(claims: Mapping[str, Any], key: str = "first", **header: Any) -> str:
    """A signed token."""
    return jwt.encode({"alg": "RS256", "kid": key} | header, dict(claims), signing_key(key))


@dataclass
class Console:
    """Speaks as one person or another."""

    world: World
    directory: FakeDirectory = field(default_factory=FakeDirectory)
    rendering: FakeRendering = field(default_factory=FakeRendering)
    speech: FakeSpeech = field(default_factory=FakeSpeech)
    sender: FakeSender = field(default_factory=FakeSender)
    carriers: CarrierWorld = field(init=False)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.carriers = CarrierWorld(self.world)
        self.app = application()
        self.app.state.api = self.api()
        self.client = TestClient(self.app, base_url="https://calls.example", raise_server_exceptions=False)
        self.client.__enter__()

    def api(self) -> AdminApi:
        """What the routes act upon."""
        world = self.world
        desk = Desk(world.changes, lambda: world.now, world.new_id)
        keys = Keys("https://keys.example", time.monotonic, lambda _: published())
        return AdminApi(
            tokens=CognitoTokens(keys, ISSUER, CLIENT, lambda: world.now),
            users=world.users,
            companies=CompanyPorts(world.companies, world.fleet, desk),
            packages=PackagePorts(world.packages, world.offered, world.models, world.companies, desk),
            models=ModelPorts(world.models, desk),
            chatbots=ChatbotPorts(world.chatbots, world.companies, world.offered, world.packages, desk, self.rendering),
            settings=CallSettingsPorts(
                world.chatbots,
                world.companies,
                world.models,
                world.packages,
                self.carriers.accounts,
                desk,
                self.rendering,
                self.carriers.events,
            ),
            history=self.history(),
            team=TeamPorts(world.users, self.directory, desk),
            audit=world.audit,
            answers=world.answers,
            desk=desk,
            accounts=self.carriers.account_ports(),
            outbound=self.carriers.outbound,
            own_system=OwnSystemPorts(
                DynamoWebhookEndpoints(world.core), self.carriers.secrets, self.sender, desk, lambda: SIGNING_SECRET
            ),
            call_keys=CallKeyPorts(DynamoCallKeys(world.core), desk, world.new_token),
            speaking=SpeakingPorts(
                world.chatbots,
                world.models,
                {"simulated": self.speech},
                BlobPromptStore(world.blobs),
                world.rates,
                lambda: world.now,
            ),
            usage=UsagePorts(DynamoUsageCounters(world.calls_table), world.history, world.chatbots, lambda: world.now),
        )

    def history(self) -> HistoryPorts:
        """What call history is read from."""
        world = self.world
        return HistoryPorts(
            world.calls,
            world.history,
            world.participations,
            world.blobs,
            world.accesses,
            DynamoTranscriptIndex(world.calls_table),
            lambda: world.now,
            world.new_id,
        )

    def ask(
        self,
        person: Person | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: int | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One request below /api/admin."""
        sent = dict(headers or {})
        if person is not None:
            sent["authorization"] = f"Bearer {token(person.claims(self.world))}"
        if version is not None:
            sent["if-match"] = f'"{version}"'
        more: dict[str, Any] = {} if body is None else {"json": body}
        return self.client.request(method, "/api/admin" + path, headers=sent, **more)

    def get(self, person: Person | None, path: str) -> Response:
        """Read something."""
        return self.ask(person, "GET", path)

    def close(self) -> None:
        """Let the client go."""
        self.client.__exit__()


def enlist(world: World) -> None:
    """Write a record for everybody but the master admin."""
    for person in PEOPLE:
        if person.company_id is not None:
            world.core.put(
                member_key(person),
                User(
                    user_id=person.user_id,
                    company_id=person.company_id,
                    email=f"{person.user_id}@shop.example",
                    role=person.role,
                ),
            )


def member_key(person: Person) -> Key:
    """Where a person's record lies."""
    return keys.user(person.company_id, person.user_id)


def refusal(response: Response) -> tuple[int, str]:
    """Status and code of a refusal, which has the one documented form."""
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) <= {"code", "message", "fields", "currentVersion"}, body
    assert body["error"]["message"]
    return response.status_code, body["error"]["code"]
