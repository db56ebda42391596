"""What must not be lost: keys, tables, recordings, queues, and the platform's own secrets."""

import json

from aws_cdk import Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.keys import DataKeys
from infra.constructs.storage import WorkQueue, call_bucket, log_bucket, removal, table
from infra.stage import Stage
from infra.tables import CALLS, CORE, IDEMPOTENCY, LEDGER, LIVE

OFFER_SECONDS = 30
"""An offer nobody takes comes to another process after this; the visitor's phone rings meanwhile."""


class DataStack(Stack):
    """Tables, buckets, queues, keys and secrets of a stage."""

    def __init__(self, scope: Construct, name: str, stage: Stage) -> None:
        super().__init__(
            scope, name, env=Environment(region=stage.region), termination_protection=stage.retention.keep_data
        )
        self.keys = keys = DataKeys(self, "Keys", stage)
        self.core, self.calls, self.live, self.ledger, self.idempotency = (
            table(self, spec, stage, keys.records) for spec in (CORE, CALLS, LIVE, LEDGER, IDEMPOTENCY)
        )
        self.access_logs = log_bucket(self, stage)
        self.sound = call_bucket(self, stage, keys.recordings, self.access_logs)
        worker = 6 * stage.functions.worker_timeout_seconds
        self.call_ended = WorkQueue(self, "call-ended", stage, keys.records, seconds=worker, keep=Duration.days(14))
        self.place_call = WorkQueue(self, "place-call", stage, keys.records, seconds=worker, keep=Duration.hours(1))
        self.render_prompts = WorkQueue(
            self, "render-prompts", stage, keys.records, seconds=worker, keep=Duration.days(1)
        )
        self.offers = WorkQueue(
            self, "whatsapp-offers", stage, keys.records, seconds=OFFER_SECONDS, keep=Duration.minutes(2)
        )
        self.queues = (self.call_ended, self.place_call, self.render_prompts, self.offers)
        self.provider_keys = self._secret(stage, "providers", json.dumps({"openai_api_key": "", "gemini_api_key": ""}))
        self.origin_secret = self._secret(stage, "origin", None)

    def _secret(self, stage: Stage, name: str, template: str | None) -> secretsmanager.Secret:
        generator = secretsmanager.SecretStringGenerator(
            exclude_punctuation=True,
            password_length=48,
            secret_string_template=template,
            generate_string_key=None if template is None else "unused",
        )
        return secretsmanager.Secret(
            self,
            f"{name.capitalize()}Secret",
            secret_name=origin_secret_name(stage) if name == "origin" else f"{stage.prefix}/{name}",
            encryption_key=self.keys.operations if name == "origin" else self.keys.secrets,
            generate_secret_string=generator,
            removal_policy=removal(stage) if template is not None else RemovalPolicy.DESTROY,
        )


def origin_secret_name(stage: Stage) -> str:
    """The secret by which our origins know CloudFront."""
    return f"{stage.prefix}/origin"
