"""Tables from `infra.tables`, buckets and queues: encrypted, private, and kept where the stage says so."""

from dataclasses import dataclass

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.stage import Stage
from infra.tables import TableSpec


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table with what grants need to know of it."""

    construct: dynamodb.TableV2
    spec: TableSpec
    key: kms.IKey


@dataclass(frozen=True, slots=True)
class StoredObjects:
    """A bucket with what grants need to know of it. `arn` is spelled out, so that reviewers can read policies."""

    construct: s3.Bucket
    arn: str
    key: kms.IKey


_STRING = dynamodb.AttributeType.STRING
RECEIVES = 5
"""How often a message is tried before it goes to the dead letters."""


def removal(stage: Stage) -> RemovalPolicy:
    """What becomes of data when its stack goes."""
    return RemovalPolicy.RETAIN if stage.retention.keep_data else RemovalPolicy.DESTROY


def table(scope: Construct, spec: TableSpec, stage: Stage, key: kms.IKey) -> StoredTable:
    """The table of a specification."""
    made = dynamodb.TableV2(
        scope,
        f"{spec.name.capitalize()}Table",
        table_name=f"{stage.prefix}-{spec.name}",
        partition_key=dynamodb.Attribute(name="PK", type=_STRING),
        sort_key=dynamodb.Attribute(name="SK", type=_STRING),
        billing=dynamodb.Billing.on_demand(),
        encryption=dynamodb.TableEncryptionV2.customer_managed_key(key),
        global_secondary_indexes=[
            dynamodb.GlobalSecondaryIndexPropsV2(
                index_name=index.name,
                partition_key=dynamodb.Attribute(name=index.partition_key, type=_STRING),
                sort_key=dynamodb.Attribute(name=index.sort_key, type=_STRING),
            )
            for index in spec.indexes
        ],
        time_to_live_attribute=spec.ttl_attribute,
        dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if spec.stream else None,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=spec.point_in_time_recovery
        ),
        deletion_protection=stage.retention.keep_data and spec.point_in_time_recovery,
        removal_policy=removal(stage),
    )
    return StoredTable(made, spec, key)


def log_bucket(scope: Construct, stage: Stage) -> s3.Bucket:
    """Where balancer, buckets and distribution write who asked for what; AWS does so with S3's own key only."""
    return s3.Bucket(
        scope,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=Duration.days(stage.retention.access_log_days),
                abort_incomplete_multipart_upload_after=Duration.days(1),
            )
        ],
        removal_policy=removal(stage),
    )


def call_bucket(scope: Construct, stage: Stage, key: kms.IKey, logs: s3.IBucket) -> StoredObjects:
    """Recordings, their pieces while a call goes on, event logs and rendered sentences."""
    days, name = stage.retention, f"{stage.prefix}-recordings-{Aws.ACCOUNT_ID}"
    made = s3.Bucket(
        scope,
        "Calls",
        bucket_name=name,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        server_access_logs_bucket=logs,
        server_access_logs_prefix="calls/",
        lifecycle_rules=[
            s3.LifecycleRule(prefix="segments/", expiration=Duration.days(days.segment_days)),
            s3.LifecycleRule(prefix="recordings/", expiration=Duration.days(days.recording_days)),
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1)),
        ],
        removal_policy=removal(stage),
    )
    return StoredObjects(made, f"arn:{Aws.PARTITION}:s3:::{name}", key)


class WorkQueue(Construct):
    """A queue and its dead letters. `seconds` is the time its consumer may take for a message."""

    def __init__(
        self, scope: Construct, name: str, stage: Stage, key: kms.IKey, *, seconds: int, keep: Duration
    ) -> None:
        super().__init__(scope, "".join(part.capitalize() for part in name.split("-")))
        self.name = name
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{stage.prefix}-{name}-dead",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=f"{stage.prefix}-{name}",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(seconds),
            retention_period=keep,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=RECEIVES),
        )
