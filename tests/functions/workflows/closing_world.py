"""A call that has ended on emulated AWS, and workers that die or are overtaken between any two of their calls.

The work is done by the functions' own handlers. Every request to AWS, to the text model and to the company's system is
a moment; at a moment a worker may be killed (nothing after it happens) or stand still while another one runs.
"""

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
from botocore.config import Config
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from functions.workflows import task
from infra.tables import TABLES, create_table_arguments
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.calls import DynamoCalls, DynamoRateLimits
from shared.adapters.aws.dynamo.documents import to_item
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.step_ledger import DynamoStepLedger, DynamoWebhookEndpoints
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.dynamo.transcript_index import DynamoTranscriptIndex
from shared.adapters.aws.dynamo.usage_counters import DynamoUsageCounters
from shared.adapters.aws.dynamo.webhook_events import DynamoWebhookEvents
from shared.adapters.aws.s3 import S3Blobs
from shared.adapters.aws.search_documents import S3SearchDocuments
from shared.adapters.aws.secrets import KmsSecrets
from shared.adapters.simulated_summaries import SimulatedSummaries
from shared.adapters.webhook_sender import HttpxWebhookSender
from shared.contracts.records.after_call import Step
from shared.contracts.records.call import (
    CallRecord,
    CallStatus,
    EndedBy,
    EndReason,
    FrozenConfiguration,
    Role,
    TranscriptSegment,
    UsageEntry,
    UsageKind,
)
from shared.contracts.settings.call_settings import (
    CallSettings,
    RecordingSettings,
    TranscriptionSettings,
    VoiceSettings,
)
from shared.contracts.settings.webhook_endpoint import SECRET_ACCOUNT, SECRET_FIELD, WebhookEndpoint
from shared.domain.catalogue import MODELS
from shared.domain.pricing import Tokens
from shared.domain.recording_layout import piece_key
from shared.ports.summaries import SummaryAnswer
from shared.services.call_closing import ClosingPorts
from shared.services.caller_messages import MessagePorts
from shared.services.webhook_log import LogPorts
from tests.functions.workflows.quick_aws import QuickDynamo, QuickS3, without_requests
from tests.services.carrier_world import Meta

REGION, BUCKET, COMPANY, CHATBOT = "us-east-1", "calls", "acme", "bot"
START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = "https://hooks.acme.example/calls"
SAID = (
    (Role.ASSISTANT, "Hello! How can I help?", True),
    (Role.USER, "I want to know when my order arrives, thank you.", True),
    (Role.ASSISTANT, "It arrives tomorrow. We will send you a message.", True),
    (Role.USER, "Great, thanks", False),
)


class Killed(BaseException):
    """The worker is dead. Nothing of ours may catch it."""


@dataclass
class Moments:
    """Counts the moments of the worker that runs, and does at one of them what is planned."""

    count: int = 0
    plans: dict[int, Callable[[], object]] = field(default_factory=dict)

    def pass_one(self, **_: Any) -> None:
        """A request is about to be made."""
        planned = self.plans.pop(self.count, None)
        self.count += 1
        if planned is not None:
            planned()


def die() -> None:
    """What is planned for a worker that is to die."""
    raise Killed


@dataclass
class Company:
    """The company's own system; knows a message by its id, as the documentation asks of it."""

    posts: list[httpx.Request] = field(default_factory=list)
    status: int = 204

    def take(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.posts.append(request)
        return httpx.Response(self.status)

    @property
    def messages(self) -> dict[str, dict[str, Any]]:
        """By id, each once."""
        return {str(post.headers["webhook-id"]): json.loads(post.content) for post in self.posts}


@dataclass
class Model:
    """The text model; `varies`: it never writes the same twice."""

    moments: Moments
    asked: int = 0
    varies: bool = False

    def summarise(self, model_id: str, lines: Sequence[TranscriptSegment]) -> SummaryAnswer:
        """As the simulated model, and it costs something."""
        self.moments.pass_one()
        self.asked += 1
        answer = SimulatedSummaries().summarise(model_id, lines)
        if not self.varies:
            return answer
        written = answer.summary.model_copy(update={"outcome": f"Version {self.asked}"})
        return SummaryAnswer(written, Tokens(text_in=1000 * self.asked, text_out=100))


class World:
    """Build it with AWS emulated; `fresh` puts an ended call into it and forgets everything before."""

    def __init__(self) -> None:
        self.company, self.moments, self.meta = Company(), Moments(), Meta()
        self.dynamo: Any
        self.s3: Any
        self.kms: Any
        key_id = self._connect()
        self.model = Model(self.moments)
        self._numbers = iter(range(1, 10**9))
        core, self.table = Table(self.dynamo, "core"), Table(self.dynamo, "calls")
        secrets = KmsSecrets(self.kms, core, key_id)
        secrets.put(COMPANY, SECRET_ACCOUNT, SECRET_FIELD, SECRET, START)
        secrets.get(COMPANY, SECRET_ACCOUNT, SECRET_FIELD)  # decrypted once in a process's life
        endpoints = DynamoWebhookEndpoints(core)
        endpoints.save(WebhookEndpoint(company_id=COMPANY, url=HOOK))
        self.calls = DynamoCalls(self.table, Table(self.dynamo, "live"))
        self.ports = ClosingPorts(
            ledger=DynamoStepLedger(self.table),
            calls=self.calls,
            blobs=S3Blobs(self.s3, BUCKET),
            writers={"simulated": self.model, "openai": self.model},
            search=S3SearchDocuments(self.s3, BUCKET),
            words=DynamoTranscriptIndex(self.table),
            counters=DynamoUsageCounters(self.table),
            endpoints=endpoints,
            secrets=secrets,
            sender=HttpxWebhookSender(
                httpx.Client(transport=httpx.MockTransport(self._post)), resolve=lambda host, port: ["93.184.215.14"]
            ),
            messages=MessagePorts(
                DynamoIntegrationAccounts(core),
                secrets,
                self.meta,
                LogPorts(
                    DynamoWebhookEvents(self.table),
                    DynamoRateLimits(Table(self.dynamo, "live")),
                    lambda: START + timedelta(minutes=5),
                    lambda: f"event-{next(self._numbers)}",
                ),
            ),
            now=lambda: START + timedelta(minutes=5),
        )
        self.call_id = ""

    def _connect(self) -> str:
        """Make the clients and what they need to be there; returns the key of secrets."""
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        quick = Config(signature_version="v4", parameter_validation=False)
        self.dynamo, self.kms = session.client("dynamodb", config=quick), session.client("kms")
        self.s3 = session.client("s3", config=Config(signature_version="s3v4", parameter_validation=False))
        for spec in TABLES:
            self.dynamo.create_table(**create_table_arguments(spec))
        self.s3.create_bucket(Bucket=BUCKET)
        key_id = str(self.kms.create_key()["KeyMetadata"]["KeyId"])
        for client in (self.dynamo, self.s3, self.kms):
            client.meta.events.register("before-call", self.moments.pass_one)
        return key_id

    def _post(self, request: httpx.Request) -> httpx.Response:
        self.moments.pass_one()
        return self.company.take(request)

    @property
    def _stores(self) -> tuple[Any, Any]:
        """What the emulator holds of calls and of objects."""
        table = dynamodb_backends["123456789012"][REGION].tables["calls"]
        return table.items, s3_backends["123456789012"]["aws"].buckets[BUCKET].keys

    def _forget(self) -> None:
        for store in self._stores:
            store.clear()

    def remember(self) -> Callable[[], None]:
        """Returns what brings everything back to how it is now. The emulator never changes an item in its place, but it
        may change the table for another one."""
        items, _ = self._stores
        kept_items = {partition: dict(found) for partition, found in items.items()}
        kept_objects, posts, asked = self.objects(), list(self.company.posts), self.model.asked

        def restore() -> None:
            items, objects = self._stores
            items.clear()
            for partition, found in kept_items.items():
                items[partition] = dict(found)
            objects.clear()
            for name, body in kept_objects.items():
                self.s3.put_object(Bucket=BUCKET, Key=name, Body=body)
            self.company.posts[:], self.model.asked = posts, asked

        return restore

    def objects(self) -> dict[str, bytes]:
        """What is in the bucket."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {entry["Key"]: self.s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}

    def fresh(self, **settings: Any) -> str:
        """An ended call with words, sound and usage; returns its id."""
        self._forget()
        self.company.posts.clear()
        self.model.asked, self.moments.plans = 0, {}
        self.call_id = call_id = f"call-{next(self._numbers):07d}"
        record = ended_call(call_id, **settings)
        put = {
            "Put": {
                "TableName": "calls",
                "Item": to_item(keys.call(COMPANY, call_id), record, 1, keys.call_extra(record)),
            }
        }
        puts: list[Any] = [put]
        for number, (role, text, final) in enumerate(SAID):
            line = TranscriptSegment(
                segment_id=f"s{number}",
                role=role,
                text=text,
                start_ms=number * 1000,
                end_ms=number * 1000 + 900,
                final=final,
            )
            key = keys.segment(COMPANY, call_id, line.segment_id)
            puts.append({"Put": {"TableName": "calls", "Item": to_item(key, line, 1)}})
        for number in range(2):
            entry = UsageEntry(
                usage_id=f"u{number}",
                kind=UsageKind.REPLY,
                model_id="m",
                price_version="1",
                cost_usd=Decimal("0.0125"),
            )
            key = keys.usage(COMPANY, call_id, entry.usage_id)
            puts.append({"Put": {"TableName": "calls", "Item": to_item(key, entry, 1)}})
        self.dynamo.transact_write_items(TransactItems=puts)
        for number in range(2):
            key_name = piece_key(COMPANY, call_id, number * 240, 1)
            self.s3.put_object(Bucket=BUCKET, Key=key_name, Body=bytes([number + 1]) * 960)
        return call_id

    def work(self, step: Step, **more: Any) -> str:
        """Invoke a step's function as the workflow does; returns its outcome."""
        handler = importlib.import_module(f"functions.workflows.{step.value}").handler
        event = {"company_id": COMPANY, "call_id": self.call_id, **more}
        return str(handler(event, SimpleNamespace(function_name=step.value))["outcome"])

    def attempt(self, step: Step, plans: Mapping[int, Callable[[], object]]) -> int:
        """One worker with what is planned for it, whatever becomes of it; returns how many moments it lived."""
        outer = (self.moments.count, self.moments.plans)
        self.moments.count, self.moments.plans = 0, dict(plans)
        try:
            self.work(step)
        except (Killed, task.StepFailed):
            pass
        finally:
            lived = self.moments.count
            self.moments.count, self.moments.plans = outer
        return lived

    def finish(self) -> None:
        """As the workflow does in the end: every step in order, until it has succeeded."""
        for step in Step:
            self.work(step)

    def record(self) -> CallRecord:
        """The call as it is stored."""
        found = self.calls.get(COMPANY, self.call_id)
        assert found is not None
        return found

    def state(self) -> dict[str, Any]:
        """Everything that can be seen of the call afterwards, with how often each item was written."""
        items = self.dynamo.scan(TableName="calls", ConsistentRead=True)["Items"]
        stored = {
            item["SK"]["S"]: (item.get("rev"), json.loads(item.get("data", {}).get("S", "null")), item.get("GSI2PK"))
            for item in items
            if item["PK"]["S"] == keys.call(COMPANY, self.call_id).pk
        }
        objects = {name: body.decode("latin-1") for name, body in self.objects().items()}
        whole = json.dumps([stored, objects, self.company.messages], sort_keys=True)
        return dict(zip(("stored", "objects", "told"), json.loads(whole.replace(self.call_id, "CALL")), strict=True))


class QuickWorld(World):
    """The same without an emulator, fifty times as fast; only `remember` is not there."""

    def _connect(self) -> str:
        self.dynamo, self.s3 = QuickDynamo(self.moments.pass_one), QuickS3(self.moments.pass_one)
        self.kms = without_requests()
        return "key"

    def _forget(self) -> None:
        self.dynamo.tables["calls"] = {}
        self.s3.objects.clear()

    def objects(self) -> dict[str, bytes]:
        """What is in the bucket."""
        return dict(self.s3.objects)


def ended_call(call_id: str, *, summary: bool = True, provider: str = "simulated") -> CallRecord:
    """A call that ended a minute after it began."""
    settings = CallSettings(
        ai_model_id="m",
        voice=VoiceSettings(voice_id="v"),
        recording=RecordingSettings(enabled=True),
        transcription=TranscriptionSettings(post_call_summary=summary),
    )
    model = next(found for found in MODELS if found.provider == provider)
    return CallRecord(
        company_id=COMPANY,
        call_id=call_id,
        chatbot_id=CHATBOT,
        session_id="session",
        status=CallStatus.COMPLETED,
        configuration=FrozenConfiguration(settings=settings, settings_version=1, model=model),
        created_at=START,
        started_at=START,
        ended_at=START + timedelta(seconds=60),
        duration_ms=20,
        end_reason=EndReason.USER_ENDED,
        ended_by=EndedBy.CALLER,
        recording_state="recording",
    )
