"""A small installation on emulated AWS: two companies, a chatbot each, everything published, and a clock to turn."""

import itertools
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from infra.tables import TABLES, create_table_arguments
from shared.adapters.aws.dynamo.access_log import DynamoAccessLog
from shared.adapters.aws.dynamo.answers import DynamoAnswers
from shared.adapters.aws.dynamo.audit import DynamoAudit
from shared.adapters.aws.dynamo.call_history import DynamoCallHistory, DynamoParticipations
from shared.adapters.aws.dynamo.call_slots import DynamoCallSlots
from shared.adapters.aws.dynamo.calls import DynamoCalls, DynamoRateLimits, DynamoSessions
from shared.adapters.aws.dynamo.changes import DynamoChanges
from shared.adapters.aws.dynamo.packages import DynamoFleetPackages, DynamoOfferedPackages
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies, DynamoFleetCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.dynamo.users import DynamoUsers
from shared.adapters.aws.s3 import S3Blobs
from shared.contracts.settings.call_settings import CallSettings, RecordingSettings, VoiceSettings
from shared.contracts.settings.company import CallLimits, Chatbot, Company, CompanySettings, Features
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.catalogue import MODELS
from shared.services.after_call import AfterCallPorts
from shared.services.sessions import SessionPorts

REGION = "us-east-1"
BUCKET = "calls"
OWN_ORIGIN = "https://calls.example"
SITE = "https://www.shop.example"
START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
TOKEN_BYTES = 32


class Atomic:
    """A client each of whose requests is indivisible, as every single request to DynamoDB is."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        wrapped = getattr(self._client, name)
        if name == "get_paginator" or not callable(wrapped):
            return wrapped

        def locked(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                return wrapped(*arguments, **named)

        return locked


@dataclass
class World:
    """Every repository, and the ports built of them."""

    client: Any
    s3: Any
    now: datetime = START
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.core, self.calls_table = Table(self.client, "core"), Table(self.client, "calls")
        self.live, self.ledger = Table(self.client, "live"), Table(self.client, "ledger")
        self.companies, self.chatbots = DynamoCompanies(self.core), DynamoChatbots(self.core)
        self.models, self.calls = DynamoAiModels(self.core), DynamoCalls(self.calls_table, self.live)
        self.sessions, self.rates = DynamoSessions(self.live), DynamoRateLimits(self.live)
        self.slots = DynamoCallSlots(self.calls_table, self.live)
        self.changes, self.audit = DynamoChanges(self.core, self.ledger), DynamoAudit(self.ledger)
        self.fleet, self.packages = DynamoFleetCompanies(self.core), DynamoFleetPackages(self.core)
        self.offered, self.users = DynamoOfferedPackages(self.core), DynamoUsers(self.core)
        self.history = DynamoCallHistory(self.calls_table)
        self.participations = DynamoParticipations(self.calls_table)
        self.answers = DynamoAnswers(Table(self.client, "idempotency"))
        self.accesses, self.blobs = DynamoAccessLog(self.ledger), S3Blobs(self.s3, BUCKET)

    def new_id(self) -> str:
        """The next id."""
        return f"id-{next(self._ids):06d}"

    def new_token(self) -> str:
        """The next token, as long as real ones."""
        return f"token-{next(self._ids):037d}"

    def pass_time(self, **duration: float) -> None:
        """Turn the clock."""
        self.now += timedelta(**duration)

    def session_ports(self) -> SessionPorts:
        """What starting a call needs."""
        return SessionPorts(
            companies=self.companies,
            chatbots=self.chatbots,
            models=self.models,
            calls=self.calls,
            rates=self.rates,
            slots=self.slots,
            now=lambda: self.now,
            new_id=self.new_id,
            new_token=self.new_token,
            own_origin=OWN_ORIGIN,
        )

    def after_ports(self) -> AfterCallPorts:
        """What callers may do afterwards."""
        return AfterCallPorts(
            self.calls, self.chatbots, self.sessions, self.blobs, self.accesses, lambda: self.now, self.new_id
        )

    def widget(self, chatbot_id: str = "bot-a", company_id: str = "company-a", **parts: dict[str, Any]) -> None:
        """Change parts of a widget's configuration, for example `advanced={"calls_per_hour": 3}`."""
        current = self.chatbots.widget_config(company_id, chatbot_id).model_dump()
        for name, changes in parts.items():
            current[name] |= changes
        self.chatbots.save_widget_config(company_id, chatbot_id, WidgetConfig.model_validate(current))

    def company(self, *, call_enabled: bool = True, concurrent: int = 50, company_id: str = "company-a") -> Company:
        """Store a company."""
        company = Company(
            company_id=company_id,
            name=f"Company {company_id[-1].upper()}",
            settings=CompanySettings(features=Features(callEnabled=call_enabled)),
            limits=CallLimits(concurrent_calls=concurrent),
        )
        self.companies.save(company)
        return company

    def chatbot(self, **changes: Any) -> Chatbot:
        """Store company A's chatbot, changed."""
        current = self.chatbots.get("company-a", "bot-a")
        assert current is not None
        changed = current.model_copy(update=changes)
        self.chatbots.save(changed)
        return changed

    def publish(self, **changes: Any) -> Chatbot:
        """Publish call settings of company A's chatbot."""
        chatbot = self.chatbots.get("company-a", "bot-a")
        assert chatbot is not None
        return self.chatbots.publish(chatbot, settings(**changes))

    def items(self) -> list[dict[str, Any]]:
        """Everything that is stored, of every table."""
        return [item for spec in TABLES for item in self.client.scan(TableName=spec.name)["Items"]]


def settings(**changes: Any) -> CallSettings:
    """Settings of the simulated model."""
    values: dict[str, Any] = {
        "ai_model_id": "simulated",
        "voice": VoiceSettings(voice_id="simulated-anna"),
        "recording": RecordingSettings(enabled=True),
    }
    return CallSettings.model_validate(values | changes)


@cache
def _clients() -> tuple[Any, Any]:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    return session.client("dynamodb"), session.client("s3", config=Config(signature_version="s3v4"))


def build() -> World:
    """Create the tables and both companies. Call it with AWS emulated."""
    client, s3 = _clients()
    for spec in TABLES:
        client.create_table(**create_table_arguments(spec))
    s3.create_bucket(Bucket=BUCKET)
    return populated(World(Atomic(client), s3))


def populated(world: World) -> World:
    """Store both companies in empty tables."""
    for model in MODELS:
        if model.id in ("simulated", "gemini-3.8-live"):
            world.models.save(model)
    for letter in "ab":
        company_id, chatbot_id = f"company-{letter}", f"bot-{letter}"
        world.company(company_id=company_id)
        chatbot = Chatbot(
            company_id=company_id, chatbot_id=chatbot_id, name="Support", agent_name="Robin", enabled_call=True
        )
        world.chatbots.save(chatbot)
        world.chatbots.publish(chatbot, settings())
        world.widget(chatbot_id, company_id, advanced={"allowed_domains": ("*.shop.example",)})
    return world
